"""One write of several items, all or nothing, that can be sent again without happening again."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import Record, StateRecord
from nightlatch.domain.errors import RivalChangeError, StoreUnavailableError
from nightlatch.services.ports import Randomness

LIMIT = 100
"""So many items are one transaction at most: DynamoDB's limit."""

ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 0.2

PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons of DynamoDB that may be gone a moment later. Its client library does not retry them."""

Sleep = Callable[[float], None]


class Transaction:
    """Gathers writes and commits them.

    Its token makes DynamoDB answer a repeated call as it answered the first: when a reply is lost, botocore's retry
    hears of the success, not of a conflict with itself.
    """

    def __init__(self, *, random: Randomness, attempts: int = ATTEMPTS, sleep: Sleep = time.sleep) -> None:
        self._random = random
        self._attempts = attempts
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
        for attempt in range(1, self._attempts + 1):
            try:
                return self._send(token)
            except TransactWriteError as error:
                if not self._is_passing(error) or attempt == self._attempts:
                    raise self._translated(error) from error
            self._sleep(LONGEST_PAUSE_SECONDS * self._random(1)[0] / 0xFF)
        raise AssertionError("the last attempt returns or raises")

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

    def _is_passing(self, error: TransactWriteError) -> bool:
        codes = {reason.code for reason in error.cancellation_reasons if reason}
        return bool(codes) and codes <= PASSING

    def _translated(self, error: TransactWriteError) -> Exception:
        for record, reason in zip(self._steps, error.cancellation_reasons, strict=False):
            if reason and reason.code in {"ConditionalCheckFailed", "TransactionConflict"}:
                return RivalChangeError(f"{record.pk} {record.sk} was changed by somebody else meanwhile")
        if self._is_passing(error):
            return StoreUnavailableError("DynamoDB is too busy to write")
        return error
