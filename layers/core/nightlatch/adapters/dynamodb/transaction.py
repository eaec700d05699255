"""One write of several items, all or nothing, that can be sent again without happening again."""

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple
from uuid import UUID

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import Record, StateRecord
from nightlatch.domain.errors import RivalChangeError, StoreUnavailableError
from nightlatch.services.ports.ambient import Randomness

LIMIT = 100
"""So many items are one transaction at most: DynamoDB's limit."""

CONFLICT = "TransactionConflict"
TOO_BUSY = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})
PASSING = TOO_BUSY | {CONFLICT}
"""Reasons of DynamoDB that may be gone a moment later. Its client library does not retry them."""

FIRST_PAUSE_SECONDS = 0.2

Sleep = Callable[[float], None]


class Patience(NamedTuple):
    """How often a write is sent to a DynamoDB that is too busy for it, and how long a pause comes to be at most."""

    attempts: int
    longest_pause_seconds: float

    def pause(self, attempt: int, *, random: Randomness) -> float:
        """Say how long to wait after an attempt: longer each time, and up to all of it by chance."""
        longest = min(FIRST_PAUSE_SECONDS * (1 << (attempt - 1)), self.longest_pause_seconds)
        return longest * random(1)[0] / 0xFF


OF_A_CALLER = Patience(attempts=4, longest_pause_seconds=FIRST_PAUSE_SECONDS)
"""Somebody is waiting for an answer. It is also all that is given to another transaction that is in the way."""

OF_A_WORKER = Patience(attempts=10, longest_pause_seconds=4)
"""Twelve seconds on average, out of a worker's sixty: a thousand ends at once are more than a partition takes."""

NONE = Patience(attempts=1, longest_pause_seconds=0)


class Transaction:
    """Gathers writes and commits them.

    Its token makes DynamoDB answer a repeated call as it answered the first: when a reply is lost, botocore's retry
    hears of the success, not of a conflict with itself.
    """

    def __init__(self, *, random: Randomness, patience: Patience = OF_A_CALLER, sleep: Sleep = time.sleep) -> None:
        self._random = random
        self._patience = patience
        self._sleep = sleep
        self._checks: list[tuple[Record, Condition]] = []
        self._deletes: list[tuple[Record, Condition]] = []
        self._puts: list[tuple[Record, Condition]] = []
        self._updates: list[tuple[Record, Condition | None, Sequence[Action]]] = []

    def check(self, record: Record, condition: Condition) -> None:
        """Require something of an item that is not written."""
        self._checks.append((record, condition))

    def delete(self, record: Record, condition: Condition) -> None:
        """Remove an item."""
        self._deletes.append((record, condition))

    def put(self, record: Record, condition: Condition) -> None:
        """Write a whole item."""
        self._puts.append((record, condition))

    def update(self, record: Record, actions: Sequence[Action], condition: Condition | None = None) -> None:
        """Change single attributes of an item, which need not exist."""
        self._updates.append((record, condition, actions))

    def commit(self) -> None:
        """Write everything, or nothing and raise RivalChangeError.

        Raises ValueError when it is too much for one transaction.
        """
        size = len(self._steps)
        if size > LIMIT:
            raise ValueError(f"{size} items are more than a transaction can write ({LIMIT})")
        token = str(UUID(bytes=self._random(16)))
        for attempt in count(1):
            try:
                return self._send(token)
            except TransactWriteError as error:
                if attempt >= self._attempts_at(error):
                    raise self._translated(error) from error
            self._sleep(self._patience.pause(attempt, random=self._random))
        raise AssertionError("an attempt returns or raises")

    def _attempts_at(self, error: TransactWriteError) -> int:
        codes = _codes(error)
        if not codes or not codes <= PASSING:
            return 1
        return self._patience.attempts if codes <= TOO_BUSY else min(self._patience.attempts, OF_A_CALLER.attempts)

    @property
    def _steps(self) -> list[Record]:
        # In the order in which PynamoDB sends them, and so in which DynamoDB gives its reasons.
        conditional = (*self._checks, *self._deletes, *self._puts)
        return [*(record for record, _ in conditional), *(record for record, _, _ in self._updates)]

    def _send(self, token: str) -> None:
        connection = table_of(StateRecord).connection
        with TransactWrite(connection=connection, client_request_token=token) as write:
            for record, condition in self._checks:
                write.condition_check(type(record), record.pk, record.sk, condition=condition)
            for record, condition in self._deletes:
                write.delete(record, condition=condition)
            for record, condition in self._puts:
                write.save(record, condition=condition)
            for record, condition_or_none, actions in self._updates:
                write.update(record, [*actions], condition=condition_or_none)

    def _translated(self, error: TransactWriteError) -> Exception:
        for record, reason in zip(self._steps, error.cancellation_reasons, strict=False):
            if reason and reason.code in {"ConditionalCheckFailed", "TransactionConflict"}:
                return RivalChangeError(f"{record.pk} {record.sk} was changed by somebody else meanwhile")
        if _codes(error) and _codes(error) <= PASSING:
            return StoreUnavailableError("DynamoDB is too busy to write")
        return error


def _codes(error: TransactWriteError) -> set[str]:
    return {reason.code for reason in error.cancellation_reasons if reason}
