"""Consistent reads by key: one, or many in batches."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.keys import Key
from nightlatch.adapters.dynamodb.records import Record
from nightlatch.domain.errors import StoreUnavailableError

R = TypeVar("R", bound=Record)
T = TypeVar("T")

PAGE = 100
"""What BatchGetItem takes at most, and so what a page of an index holds."""

FIRST_PAUSE_SECONDS = 0.05
ROUNDS = 6


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


def read_many(record: type[R], keys: Iterable[Key], *, sleep: Callable[[float], None] = time.sleep) -> dict[Key, R]:
    """Read the items of these keys; absent ones are left out. Asks again, ever later, for what was not answered."""
    table = table_of(record)
    found: dict[Key, R] = {}
    for page in pages(dict.fromkeys(keys)):
        unread: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in page]
        for attempt in range(ROUNDS):
            answer = table.batch_get_item(unread, consistent_read=True)
            records = map(record.from_raw_data, answer["Responses"].get(table.table_name, []))
            found.update({(item.pk, item.sk): item for item in records})
            unread = answer.get("UnprocessedKeys", {}).get(table.table_name, {}).get("Keys", [])
            if not unread:
                break
            sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        else:
            raise StoreUnavailableError(
                f"{len(unread)} items of {table.table_name} were not answered in {ROUNDS} rounds"
            )
    return found


def pages(things: Iterable[T], size: int = PAGE) -> Iterator[list[T]]:
    """Cut into lists of at most `size`, taking no more than the list that is asked for."""
    rest = iter(things)
    while page := list(islice(rest, size)):
        yield page
