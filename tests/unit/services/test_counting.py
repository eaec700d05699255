"""Counting what waits: no further than it is worth."""

from itertools import count

import pytest

from nightlatch.services.counting import LONGEST_COUNT, MOST_COUNTED, Counted, counted


@pytest.mark.parametrize("number", [0, 1, MOST_COUNTED])
def test_a_few_are_counted(number: int) -> None:
    assert counted(range(number), admits=lambda _: True) == Counted(number)


def test_many_are_not_counted_to_their_end() -> None:
    assert counted(count(), admits=lambda _: True) == Counted(MOST_COUNTED, may_be_more=True)


def test_what_is_rare_is_not_looked_for_for_long() -> None:
    assert counted(count(), admits=lambda one: one == LONGEST_COUNT - 1) == Counted(1, may_be_more=True)
    assert counted(count(), admits=lambda one: one == LONGEST_COUNT) == Counted(0, may_be_more=True)
