"""What a report counts and finds, from nothing but its entries."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nightlatch.domain.evidence import CONTROLS, Theme, examined, exceptions, figures, per_day, theme_of
from nightlatch.domain.ledger import LedgerEntry
from tests.builders import a_chain

LATE = timedelta(seconds=75)


def entry(event_type: str, **fields: object) -> LedgerEntry:
    return LedgerEntry.model_validate({**dict(a_chain(1)[0]), "event_type": event_type, **fields})


def utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def test_of_no_entries_there_is_nothing_to_count() -> None:
    count = figures([])

    assert (count.entries, count.kinds, count.people, count.ended, count.lateness) == (0, 0, 0, 0, timedelta())
    assert per_day([], day_of=utc_day) == {}
    assert examined([]).holds


def test_the_longest_delay_is_that_of_ends_only() -> None:
    entries = [
        entry("access.granted", details={"lateness_seconds": 900}),
        entry("access.expired", details={"lateness_seconds": 3}),
        entry("access.revoked", details={"lateness_seconds": 75}),
        entry("access.returned", details={"lateness_seconds": "900"}),
    ]

    count = figures(entries)

    assert (count.granted, count.ended, count.lateness) == (1, 3, LATE)


def test_people_are_counted_once_and_apart_from_others() -> None:
    count = figures([entry("access.granted", actor={"id": name, "type": kind}) for name, kind in ACTORS])

    assert (count.people, count.others) == (2, 1)


ACTORS = (("maya", "user"), ("noa", "user"), ("maya", "user"), ("nightlatch", "system"))


def test_days_without_entries_are_counted_too() -> None:
    [known] = a_chain(1)
    later = known.model_copy(update={"timestamp": known.timestamp + timedelta(days=3)})

    counts = per_day([later, known, known], day_of=utc_day)

    assert list(counts.values()) == [2, 0, 0, 1]


def test_a_chain_holds() -> None:
    assert examined(a_chain(5)).holds


def test_a_chain_holds_where_entries_are_left_out() -> None:
    first, _, third, _, fifth = a_chain(5)

    assert examined([first, third, fifth]).holds


def test_an_entry_that_was_changed_is_found() -> None:
    """I1: a byte of an entry is changed."""
    first, second, third = a_chain(3)

    findings = examined([first, second.model_copy(update={"description": "nothing"}), third])

    assert (findings.altered, findings.detached, findings.holds) == ((2,), (), False)


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 0), (1, 0)])
def test_entries_out_of_order_are_found(order: tuple[int, ...]) -> None:
    chain = a_chain(3)

    assert examined([chain[place] for place in order]).detached


def test_an_entry_that_follows_on_another_one_is_found() -> None:
    first, second = a_chain(2)
    other = first.model_copy(update={"hash": "f" * 64})

    assert examined([other, second]).detached == (2,)


def test_every_error_is_an_exception_and_bears_on_some_controls() -> None:
    entries = [entry("access.granted"), *(entry(name, severity="error") for name in ERRORS)]

    found = exceptions(entries)

    assert [each.event_type for each in found] == list(ERRORS)
    assert [theme_of(each.event_type) for each in found] == [Theme.ACCESS, Theme.LOGGING, Theme.MONITORING]
    assert set(CONTROLS) == set(Theme)


ERRORS = ("access.revoke.failed", "audit.integrity.failed", "integration.check.failed")
