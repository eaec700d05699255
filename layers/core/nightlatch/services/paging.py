"""One page of a filtered list, for which only so much is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST_SEARCH = 2_000
"""So many things are looked at for one page; a page may so be shorter than its limit, with a place to go on from."""


@dataclass(frozen=True)
class Found(Generic[T]):
    """Things of a list, in its order. The next page goes on below `below` (None at the end) and passes over `skip`."""

    found: list[T]
    below: str | None
    skip: int = 0


def search(
    candidates: Iterable[T], *, admits: Callable[[T], bool], place: Callable[[T], str], limit: int, skip: int
) -> Found[T]:
    """Take so many of what is admitted. One more is looked for, to know whether there is a next page."""
    found: list[T] = []
    for looked_at, one in enumerate(candidates, start=1):
        if admits(one):
            if skip:
                skip -= 1
            elif len(found) == limit:
                return Found(found, below=place(found[-1]))
            else:
                found.append(one)
        if looked_at == LONGEST_SEARCH:
            return Found(found, below=place(one), skip=skip)
    return Found(found, below=None)
