"""Removal of many items by their keys, outside any transaction: at half its price, and each by itself."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.keys import Key
from nightlatch.adapters.dynamodb.reading import FIRST_PAUSE_SECONDS, ROUNDS, pages
from nightlatch.adapters.dynamodb.records import Record
from nightlatch.domain.errors import StoreUnavailableError

PAGE = 25
"""What BatchWriteItem takes at most."""


def remove_many(record: type[Record], keys: Iterable[Key], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Remove the items of these keys; absent ones are no error. Asks again, ever later, for what was not done."""
    table = table_of(record)
    for page in pages(dict.fromkeys(keys), PAGE):
        left: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in page]
        for attempt in range(ROUNDS):
            answer = table.batch_write_item(delete_items=left)
            undone = answer.get("UnprocessedItems", {}).get(table.table_name, [])
            left = [request["DeleteRequest"]["Key"] for request in undone]
            if not left:
                break
            sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        else:
            raise StoreUnavailableError(f"{len(left)} items of {table.table_name} were not removed in {ROUNDS} rounds")
