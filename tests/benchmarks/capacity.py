"""What DynamoDB charges for what it stores and reads, by the rules of its documentation.

No emulator counts it: moto and MiniStack answer one unit whatever was read.
(The DynamoDB developer guide: "Item sizes and formats", "Read operations".)
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

Item = Mapping[str, Any]

KILOBYTE = 1024
READ_UNIT = 4 * KILOBYTE


def units_of_query(items: Iterable[Item], *, consistent: bool) -> float:
    """Count the units of a query: all that it went through together, in steps of four kilobytes."""
    return _units(sum(map(item_size, items)), consistent=consistent)


def units_of_gets(items: Iterable[Item | None], *, consistent: bool) -> float:
    """Count the units of items that are read by their keys: each for itself, and one also for what is not there."""
    return sum(_units(item_size(item or {}), consistent=consistent) for item in items)


def item_size(item: Item) -> int:
    """Count the bytes of an item: names and values, nothing for the indexes it is in."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _units(size: int, *, consistent: bool) -> float:
    return max(math.ceil(size / READ_UNIT), 1) * (1 if consistent else 0.5)


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + _value_size(inner) for inner in content)
    if kind == "N":
        return math.ceil(len(content.lstrip("-").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(content)
    return len(content.encode()) if isinstance(content, str) else 1
