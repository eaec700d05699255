"""Reads by key, which are consistent: one, or many in batches. And what an index holds, which is not.

Where many are read, DynamoDB's answer is taken as it is: to make PynamoDB's model of each takes longer than the call.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.indexes import Index

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.keys import Key
from nightlatch.adapters.dynamodb.records import Record, epoch_seconds, inflated
from nightlatch.domain.errors import StoreUnavailableError

R = TypeVar("R", bound=Record)
T = TypeVar("T")

PAGE = 100
"""What BatchGetItem takes at most, and so what a page of an index holds."""

KEY = ["pk", "sk"]
READ_OF_MANY = [*KEY, "body", "expires_at"]

FIRST_PAUSE_SECONDS = 0.05
ROUNDS = 6


class Stored(NamedTuple):
    """What is read of an item among many."""

    body: str
    expires_at: float | None

    def is_live(self, now: datetime) -> bool:
        """Whether the item's time is not over yet."""
        return self.expires_at is None or self.expires_at > epoch_seconds(now)


def read_one(record: type[R], key: Key) -> R | None:
    """Read one item."""
    try:
        return record.get(*key, consistent_read=True)
    except record.DoesNotExist:
        return None


def read_live(record: type[R], key: Key, *, now: datetime) -> R | None:
    """Read one item, unless its time is over."""
    found = read_one(record, key)
    return found if found and found.is_live(now) else None


def read_many(
    record: type[Record], keys: Iterable[Key], *, sleep: Callable[[float], None] = time.sleep
) -> dict[Key, Stored]:
    """Read the items of these keys; absent ones are left out. Asks again, ever later, for what was not answered."""
    table = table_of(record)
    found: dict[Key, Stored] = {}
    for page in pages(dict.fromkeys(keys)):
        unread: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in page]
        for attempt in range(ROUNDS):
            answer = table.batch_get_item(unread, consistent_read=True, attributes_to_get=READ_OF_MANY)
            found.update(map(_stored, answer["Responses"].get(table.table_name, [])))
            unread = answer.get("UnprocessedKeys", {}).get(table.table_name, {}).get("Keys", [])
            if not unread:
                break
            sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        else:
            raise StoreUnavailableError(
                f"{len(unread)} items of {table.table_name} were not answered in {ROUNDS} rounds"
            )
    return found


def read_index(
    record: type[Record],
    index: Index[Any],
    value: str,
    within: Condition | None = None,
    *,
    page_size: int | None = None,
) -> Iterator[Key]:
    """List the keys that an index holds for a value, the highest first, reading no further than consumed.

    Without a `page_size`, a page is as much as DynamoDB answers at once.
    """
    query = partial(
        table_of(record).query,
        value,
        within,
        index_name=index.Meta.index_name,
        attributes_to_get=KEY,
        scan_index_forward=False,
        limit=page_size,
    )
    return ((item["pk"]["S"], item["sk"]["S"]) for item in _items(query))


def read_range(record: type[Record], partition: str, within: Condition, *, newest_first: bool) -> Iterator[Stored]:
    """Read the items of a partition in the order of their keys, consistently and no further than consumed."""
    query = partial(
        table_of(record).query,
        partition,
        within,
        attributes_to_get=READ_OF_MANY,
        consistent_read=True,
        scan_index_forward=not newest_first,
        limit=PAGE,
    )
    return (stored for _, stored in map(_stored, _items(query)))


def _items(query: Callable[..., Any]) -> Iterator[Any]:
    """Ask a query on and on, as long as it has more to say and is listened to."""
    start = None
    while True:
        answer = query(exclusive_start_key=start)
        yield from answer["Items"]
        start = answer.get("LastEvaluatedKey")
        if not start:
            return


def _stored(item: Any) -> tuple[Key, Stored]:
    expires_at = item.get("expires_at")
    stored = Stored(inflated(item["body"]["B"]), float(expires_at["N"]) if expires_at else None)
    return (item["pk"]["S"], item["sk"]["S"]), stored


def pages(things: Iterable[T], size: int = PAGE, *, at_first: int | None = None) -> Iterator[list[T]]:
    """Cut into lists of at most `size`, taking no more than the list that is asked for.

    So many `at_first` come in lists of their own: somebody who needs 51, or 101, has then neither more nor fewer read.
    """
    rest, ahead = iter(things), at_first or size
    while page := list(islice(rest, min(ahead, size))):
        yield page
        ahead = ahead - len(page) or size
