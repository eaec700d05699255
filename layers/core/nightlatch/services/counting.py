"""Counting what waits for somebody, no further than it is worth: a number in a menu may not cost what a list does."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

T = TypeVar("T")

MOST_COUNTED = 20
LONGEST_COUNT = 200
"""So many things are looked at for one number."""


class Counted(NamedTuple):
    """How many there are, or at least are."""

    number: int
    may_be_more: bool = False


def counted(candidates: Iterable[T], *, admits: Callable[[T], bool]) -> Counted:
    """Count what is admitted, and stop when that is many or has taken long."""
    number = 0
    for looked_at, one in enumerate(candidates):
        if number == MOST_COUNTED or looked_at == LONGEST_COUNT:
            return Counted(number, may_be_more=True)
        number += admits(one)
    return Counted(number)
