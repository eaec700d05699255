"""The check that goes round: all that is kept holds, or it is told from which number on it does not."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat

import pytest
from pydantic import JsonValue

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.ledger import Head, append
from nightlatch.domain.seal import SURELY_KEPT, seal_key
from tests.builders import API, a_pending_event, a_principal
from tests.fakes.evidence import FakeSigner
from tests.unit.services.sealed_trail import DAY, QUARTER, SealedTrail


@pytest.fixture
def trail() -> SealedTrail:
    """Three digests: 1 to 5, 6 to 9, 10 to 13."""
    trail = SealedTrail()
    for count in (5, 3, 3):
        trail.record(count)
        trail.seal()
        trail.clock.advance(QUARTER)
    assert [one.last_seq for one in trail.digests] == [5, 9, 13]
    return trail


def a_round(trail: SealedTrail) -> list[dict[str, JsonValue]]:
    """Check everything, and return what was told to be wrong."""
    trail.check().run(has_time=lambda: True)
    return [event.details for event in trail.told(EventType.INTEGRITY_FAILED)]


def wrong(seq: int, problem: str, where: str = "ledger") -> dict[str, JsonValue]:
    return {"seq": seq, "where": where, "problem": problem}


def test_a_round_over_a_trail_that_holds_is_told(trail: SealedTrail) -> None:
    assert a_round(trail) == []
    [event] = trail.told(EventType.AUDIT_VERIFIED)
    assert event.details == {"first_seq": 1, "last_seq": 13, "digests": 3}


def test_a_round_a_day_is_enough(trail: SealedTrail) -> None:
    a_round(trail)
    trail.clock.advance(QUARTER)
    a_round(trail)
    assert len(trail.told(EventType.AUDIT_VERIFIED)) == 1

    trail.clock.advance(DAY)
    a_round(trail)
    assert len(trail.told(EventType.AUDIT_VERIFIED)) == 2


def test_a_round_goes_on_in_the_next_run_where_time_ran_out(trail: SealedTrail) -> None:
    times = iter([True, False])
    assert trail.check().run(has_time=lambda: next(times)) == 5
    assert trail.told(EventType.AUDIT_VERIFIED) == []

    assert trail.check().run(has_time=lambda: True) == 8
    [event] = trail.told(EventType.AUDIT_VERIFIED)
    assert event.details == {"first_seq": 1, "last_seq": 13, "digests": 3}


def test_a_run_checks_no_more_than_its_share(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.services.self_check.FEWEST_ROWS", 6)
    assert trail.check().run(has_time=lambda: True) == 9


def test_nothing_is_checked_before_the_first_seal() -> None:
    assert SealedTrail().check().run(has_time=lambda: True) == 0


@pytest.mark.parametrize("seq", range(1, 14))
def test_a_changed_entry_is_found_with_its_number(trail: SealedTrail, seq: int) -> None:
    """I2: a flipped byte."""
    trail.store.ledger[seq] = trail.store.ledger[seq].model_copy(update={"description": "nothing happened"})
    assert a_round(trail) == [wrong(seq, "changed")]
    assert trail.told(EventType.AUDIT_VERIFIED) == []


@pytest.mark.parametrize("seq", range(1, 14))
def test_a_removed_entry_is_found_with_its_number(trail: SealedTrail, seq: int) -> None:
    """I2: a dropped row."""
    del trail.store.ledger[seq]
    assert a_round(trail) == [wrong(seq, "missing")]


def test_a_rebuilt_chain_is_found_in_the_span_where_it_leaves_what_was_sealed(trail: SealedTrail) -> None:
    """I2: a chain rebuilt over other content."""
    before = trail.store.ledger[7]
    forged = [a_pending_event(number) for number in range(8, 14)]
    _, entries = append(Head(seq=7, hash=before.hash), forged, at=before.recorded_at, random=bytes)
    trail.store.ledger.update({entry.seq: entry for entry in entries})

    assert a_round(trail) == [wrong(6, "changed"), wrong(10, "changed")]


def test_a_removed_digest_is_found(trail: SealedTrail) -> None:
    del trail.evidence.objects[seal_key(6)]
    assert a_round(trail) == [wrong(6, "missing", seal_key(6))]


def test_the_last_digest_may_be_the_one_that_is_gone(trail: SealedTrail) -> None:
    del trail.evidence.objects[seal_key(10)]
    assert a_round(trail) == [wrong(10, "missing", seal_key(10))]


def test_a_digest_signed_with_another_key_is_found(trail: SealedTrail) -> None:
    """I2: signed with another key."""
    digest = trail.digests[1]
    forged = digest.model_copy(update={"signature": FakeSigner().sign(digest.signed_content)})
    trail.evidence.objects[seal_key(6)] = forged.content
    assert a_round(trail) == [wrong(6, "not_ours", seal_key(6))]


def test_a_digest_that_does_not_join_the_one_before_is_found(trail: SealedTrail) -> None:
    digest = trail.digests[1].model_copy(update={"prev_signature": "another"})
    signed = digest.model_copy(update={"signature": trail.signer.sign(digest.signed_content)})
    trail.evidence.objects[seal_key(6)] = signed.content
    assert wrong(6, "not_ours", seal_key(6)) in a_round(trail)


def test_what_is_wrong_is_told_once_and_again_when_it_was_right_in_between(trail: SealedTrail) -> None:
    entry = trail.store.ledger.pop(7)
    a_round(trail)
    trail.clock.advance(DAY)
    assert a_round(trail) == [wrong(7, "missing")]

    trail.store.ledger[7] = entry
    trail.clock.advance(DAY)
    a_round(trail)
    assert trail.store.seal_state().findings == ()

    del trail.store.ledger[7]
    trail.clock.advance(DAY)
    assert a_round(trail) == [wrong(7, "missing")] * 2


@pytest.mark.parametrize("gone", [3, 5, 7])
def test_the_oldest_may_be_gone_when_they_are_old_enough(trail: SealedTrail, gone: int) -> None:
    trail.clock.advance(timedelta(days=31))
    for seq in range(1, gone + 1):
        del trail.store.ledger[seq]
    assert a_round(trail) == []
    [event] = trail.told(EventType.AUDIT_VERIFIED)
    assert event.details["first_seq"] == gone + 1


def test_old_entries_may_not_be_gone_when_older_ones_are_there(trail: SealedTrail) -> None:
    trail.clock.advance(timedelta(days=31))
    del trail.store.ledger[4]
    assert a_round(trail) == [wrong(4, "missing")]


def test_a_later_round_begins_where_something_is_kept(trail: SealedTrail) -> None:
    trail.clock.advance(timedelta(days=31))
    for seq in range(1, 8):
        del trail.store.ledger[seq]
    a_round(trail)
    assert trail.store.seal_state().check.floor == 6


def choose(trail: SealedTrail, days: int) -> None:
    """Put another retention in force."""
    choices = AuditChoices(retention_days=days, reads=Reads.SENSITIVE, writers=())
    trail.store.commit(trail.store.audit_settings().choose(choices, by=a_principal(), at=trail.clock()), origin=API)


def test_what_a_longer_retention_gives_up_is_not_missing_though_it_is_younger_than_any_retention() -> None:
    """D5: a day less than thirty, in the middle of what one digest is over."""
    trail = SealedTrail()
    choose(trail, 30)
    trail.record(2)
    trail.clock.advance(DAY / 2)
    trail.record(2)
    trail.seal()
    trail.clock.advance(28.8 * DAY)
    choose(trail, 90)

    assert a_round(trail) == []
    [event] = trail.told(EventType.AUDIT_VERIFIED)
    assert event.details["first_seq"] == 4


@pytest.mark.parametrize("gone", [range(0), range(2, 8), range(1, 14)], ids=["nothing", "some", "all"])
def test_what_is_given_up_while_a_round_is_under_way_is_not_missing(trail: SealedTrail, gone: range) -> None:
    """D5: a round had begun with what a shorter retention then gave up."""
    trail.clock.advance(DAY * 60)
    times = iter([True, False])
    trail.check().run(has_time=lambda: next(times))
    choose(trail, 30)
    for number in gone:
        del trail.store.ledger[number]

    assert a_round(trail) == []
    assert trail.told(EventType.AUDIT_VERIFIED) == []


def test_what_is_missing_while_a_round_is_under_way_and_is_not_given_up_is_found(trail: SealedTrail) -> None:
    trail.clock.advance(DAY * 60)
    times = iter([True, False])
    trail.check().run(has_time=lambda: next(times))
    choose(trail, 65)
    del trail.store.ledger[6]

    assert a_round(trail) == [wrong(6, "missing")]


def test_a_trail_of_which_nothing_is_kept_is_no_trail_that_was_verified(trail: SealedTrail) -> None:
    trail.clock.advance(timedelta(days=31))
    trail.store.ledger.clear()
    assert a_round(trail) == []
    assert trail.told(EventType.AUDIT_VERIFIED) == []


# Bodies


@pytest.fixture
def bodies(trail: SealedTrail) -> list[str]:
    """A fourth digest: 14 tells of sealing, 15 to 17 have bodies."""
    keys = [trail.record_large() for _ in range(3)]
    trail.seal()
    assert [entry.seq for entry in trail.store.ledger.values() if "ingested" in entry.details] == [15, 16, 17]
    assert trail.digests[-1].first_seq == 14
    return keys


def test_bodies_that_are_as_they_were_recorded_are_no_finding(trail: SealedTrail, bodies: list[str]) -> None:
    assert a_round(trail) == []
    assert len(trail.told(EventType.AUDIT_VERIFIED)) == 1
    assert len({*bodies}) == 3


def test_a_body_that_is_gone_is_told_with_its_key(trail: SealedTrail, bodies: list[str]) -> None:
    """I2."""
    del trail.evidence.objects[bodies[1]]

    assert a_round(trail) == [wrong(16, "missing", where=bodies[1])]
    assert trail.told(EventType.AUDIT_VERIFIED) == []


def test_a_body_that_was_changed_is_told_with_its_key(trail: SealedTrail, bodies: list[str]) -> None:
    """I2."""
    trail.evidence.objects[bodies[2]] = trail.evidence.objects[bodies[2]].replace(b"x", b"y", 1)

    assert a_round(trail) == [wrong(17, "changed", where=bodies[2])]


def time_for(looks: int) -> Callable[[], bool]:
    """Have time so often, and then no more."""
    left = chain(repeat(True, looks), repeat(False))
    return lambda: next(left)


def test_more_bodies_than_a_run_can_read_are_gone_on_with_in_the_next(trail: SealedTrail, bodies: list[str]) -> None:
    del trail.evidence.objects[bodies[2]]
    for looks in (3 + 1 + 1, 1 + 1, 1 + 1):  # three digests without bodies, then this one again and again
        trail.evidence.got.clear()
        trail.check().run(has_time=time_for(looks))
        assert [key for key in trail.evidence.got if key in bodies] == [bodies.pop(0)]

    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert (event.details["seq"], event.details["problem"]) == (17, "missing")


def test_a_digest_that_is_gone_on_with_may_still_begin_with_what_is_left_of_it(
    trail: SealedTrail, bodies: list[str]
) -> None:
    """D5: the oldest entries were removed, and are not missed."""
    trail.clock.advance(SURELY_KEPT + DAY)
    for seq in range(1, 16):
        del trail.store.ledger[seq]
    trail.check().run(has_time=time_for(3 + 1 + 1))
    assert bodies[2] not in trail.evidence.got
    trail.check().run(has_time=time_for(10))

    assert trail.told(EventType.INTEGRITY_FAILED) == []
    assert [event.details["first_seq"] for event in trail.told(EventType.AUDIT_VERIFIED)] == [16]
    assert {*bodies[1:]} <= {*trail.evidence.got}
