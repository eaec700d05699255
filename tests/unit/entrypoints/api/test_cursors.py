"""Cursors: signed, for one list, one filter and one person."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.errors import InvalidInputError
from nightlatch.entrypoints.api.cursors import FEED, FOR_EVER, LONGEST_AGE, Cursors
from tests.builders import FakeClock


def read(cursors: Cursors, cursor: str, *, scope: str = "list", longest_age: timedelta | None = LONGEST_AGE) -> Any:
    return cursors.read(cursor, scope=scope, parameter="cursor", longest_age=longest_age)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cursors(clock: FakeClock) -> Cursors:
    return Cursors(lambda: "a key", clock=clock)


@pytest.mark.parametrize("position", ["req_1", 0, 18231])
def test_a_cursor_leads_back_to_its_position(cursors: Cursors, position: str | int) -> None:
    assert read(cursors, cursors.write(position, scope="list")) == position


def test_a_changed_cursor_is_refused_wherever_it_was_changed(cursors: Cursors) -> None:
    """C2: changed."""
    cursor = cursors.write("req_1", scope="list")

    for place in range(len(cursor) - 1):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(InvalidInputError, match=r"\?cursor"):
            read(cursors, changed)


@pytest.mark.parametrize("cursor", ["", ".", "a.b", "é", "\x00", "WyJyZXFfMSJd", "x" * 1000])
def test_what_is_no_cursor_is_refused(cursors: Cursors, cursor: str) -> None:
    """C2: invented."""
    with pytest.raises(InvalidInputError, match=r"\?cursor"):
        read(cursors, cursor)


def test_a_cursor_of_another_scope_is_refused(cursors: Cursors) -> None:
    """C2: reused elsewhere."""
    with pytest.raises(InvalidInputError, match="another query"):
        read(cursors, cursors.write("req_1", scope="another list"))


def test_a_cursor_of_another_key_is_refused(cursors: Cursors, clock: FakeClock) -> None:
    with pytest.raises(InvalidInputError):
        read(cursors, Cursors(lambda: "another key", clock=clock).write("req_1", scope="list"))


def test_a_cursor_is_good_for_a_day(cursors: Cursors, clock: FakeClock) -> None:
    """C2: expired."""
    cursor = cursors.write("req_1", scope="list")

    clock.advance(timedelta(hours=23, minutes=59))
    assert read(cursors, cursor) == "req_1"
    clock.advance(timedelta(minutes=2))
    with pytest.raises(InvalidInputError, match="too old"):
        read(cursors, cursor)


def test_a_cursor_of_the_feed_never_grows_old(cursors: Cursors, clock: FakeClock) -> None:
    cursor = cursors.write(41, scope=FEED)

    clock.advance(timedelta(days=80))

    assert read(cursors, cursor, scope=FEED, longest_age=FOR_EVER) == 41


def test_the_key_is_fetched_when_it_is_needed(clock: FakeClock) -> None:
    fetched: list[str] = []

    def key() -> str:
        fetched.append("key")
        return "a key"

    cursors = Cursors(key, clock=clock)
    assert not fetched
    cursors.write(1, scope=FEED)
    assert fetched
