"""Tallies on the real store: told once, with every time that was counted, wherever the sweep dies."""

from datetime import timedelta

import pytest

from nightlatch.bootstrap.tallies import tallies
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.tally import Tally, TallyKind
from tests.builders import API, an_event
from tests.integration.aws.deployed import Deployed, surviving
from tests.integration.aws.outbound import Death, Meanwhile

SWEEP = {"sweep": True}
WINDOW = timedelta(minutes=7)
READERS = ("usr_ivo", "usr_ada")
TIMES = 3


def a_read(nightlatch: Deployed, reader: str) -> Tally:
    event = an_event(EventType.AUDIT_READ, at=nightlatch.clock())
    return Tally.of(TallyKind.READS, event, about=reader, origin=API)


def read_the_trail(nightlatch: Deployed) -> None:
    """Count reads of two readers, and let their window close."""
    for reader in READERS * TIMES:
        tallies().count(a_read(nightlatch, reader))
    nightlatch.clock.advance(WINDOW)


def reads_told(nightlatch: Deployed) -> list[object]:
    return [entry.details["reads"] for entry in nightlatch.trail() if entry.event_type == EventType.AUDIT_READ]


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_sweep_that_dies_at_any_call_tells_nothing_twice_and_loses_nothing(
    nightlatch: Deployed, *, after_effect: bool
) -> None:
    for number in range(30):
        read_the_trail(nightlatch)
        plan = nightlatch.outbound.arrange(Death(after_effect=after_effect), at=number)
        with surviving():
            nightlatch.invoke("ledger", SWEEP)
        nightlatch.outbound.plans.clear()
        nightlatch.invoke("ledger", SWEEP)
        assert reads_told(nightlatch) == [TIMES] * len(READERS) * (number + 1)
        if not plan.was_reached:
            break

    assert 6 < number < 29


def test_what_is_counted_meanwhile_is_told_with_the_rest_or_apart(nightlatch: Deployed) -> None:
    for number in range(30):
        late = a_read(nightlatch, READERS[0])
        read_the_trail(nightlatch)
        plan = nightlatch.outbound.arrange(Meanwhile(lambda late=late: tallies().count(late)), at=number)  # type: ignore[misc]  # its own
        nightlatch.invoke("ledger", SWEEP)
        nightlatch.outbound.plans.clear()
        nightlatch.invoke("ledger", SWEEP)
        if not plan.was_reached:
            break

    assert 6 < number < 29
    assert sum(int(str(reads)) for reads in reads_told(nightlatch)) == (number + 1) * len(READERS) * TIMES + number


def test_two_sweeps_at_once_tell_everything_once(nightlatch: Deployed) -> None:
    for number in range(30):
        read_the_trail(nightlatch)
        rival = Meanwhile(lambda: nightlatch.invoke("ledger", SWEEP))
        plan = nightlatch.outbound.arrange(rival, at=number)
        nightlatch.invoke("ledger", SWEEP)
        nightlatch.outbound.plans.clear()
        nightlatch.invoke("ledger", SWEEP)
        if not plan.was_reached:
            break

    assert 6 < number < 29
    assert reads_told(nightlatch) == [TIMES] * len(READERS) * (number + 1)
