"""What is proven of the trail: it is said as it is, and its newest stretch is checked while somebody waits."""

import json
from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.seal import seal_key
from nightlatch.domain.verification import Verdict
from nightlatch.services import trail_proof
from nightlatch.services.trail_proof import SelfChecked, TrailProof
from tests.builders import API, ROBOT, an_entry_to_write
from tests.unit.services.sealed_trail import DAY, QUARTER, SealedTrail


@pytest.fixture
def trail() -> SealedTrail:
    """Two seals, over 1 to 5 and 6 to 9; two newer entries that no seal covers, one of them sealing's own."""
    trail = SealedTrail()
    for count in (5, 3):
        trail.record(count)
        trail.seal()
        trail.clock.advance(QUARTER)
    trail.record()
    assert ([one.last_seq for one in trail.digests], max(trail.store.ledger)) == ([5, 9], 11)
    return trail


def proof(trail: SealedTrail) -> TrailProof:
    return TrailProof(
        seals=trail.store,
        ledger=trail.store,
        evidence=trail.evidence,
        signer=trail.signer,
        settings=trail.store,
        clock=trail.clock,
    )


def doubts(trail: SealedTrail) -> list[tuple[Verdict, int, int]]:
    return [(one.verdict, one.first_seq, one.last_seq) for one in proof(trail).check_newest().outcome.doubts]


def test_where_nothing_was_ever_sealed_that_is_said() -> None:
    trail = SealedTrail()
    trail.record(3)

    standing = proof(trail).standing()

    assert (standing.last_seq, standing.sealed_to, standing.sealed_at, standing.unsealed) == (3, 0, None, 3)
    assert (standing.checked, standing.begun_at, standing.findings) == (None, None, ())
    assert standing.retention == 90 * DAY


def test_it_says_up_to_where_it_is_sealed_and_what_the_self_check_was_over(trail: SealedTrail) -> None:
    trail.check().run(has_time=lambda: True)
    trail.number()

    standing = proof(trail).standing()

    assert (standing.last_seq, standing.sealed_to, standing.unsealed) == (12, 9, 3)
    assert standing.checked == SelfChecked(
        trail.told(EventType.AUDIT_VERIFIED)[0].timestamp, first_seq=1, last_seq=9, digests=2
    )


def test_a_self_check_of_long_ago_is_overdue(trail: SealedTrail) -> None:
    trail.check().run(has_time=lambda: True)
    trail.number()
    assert not proof(trail).standing().is_overdue

    trail.clock.advance(4 * DAY)
    assert proof(trail).standing().is_overdue


def test_sealing_is_overdue_when_what_is_new_was_not_sealed_for_more_than_a_day(trail: SealedTrail) -> None:
    trail.clock.advance(DAY)
    assert not proof(trail).standing().is_sealing_overdue

    trail.clock.advance(timedelta(hours=2))
    assert proof(trail).standing().is_sealing_overdue
    trail.seal()
    assert not proof(trail).standing().is_sealing_overdue


def test_what_another_system_says_of_the_trail_proves_nothing(trail: SealedTrail) -> None:
    """A writer that may use the name cannot make the console say that all is well."""
    trail.check().run(has_time=lambda: False)
    told = an_entry_to_write(event_type="audit.verified", details={"first_seq": 1, "last_seq": 9, "digests": 2})
    trail.store.record(told.event(by=ROBOT), origin=API)
    trail.number()

    assert proof(trail).standing().checked is None


def test_what_the_self_check_found_is_said(trail: SealedTrail) -> None:
    del trail.store.ledger[7]
    trail.check().run(has_time=lambda: True)

    [finding] = proof(trail).standing().findings

    assert (finding.seq, finding.where, finding.problem) == (7, "ledger", "missing")


def test_the_newest_are_hashed_again_and_held_to_their_seals(trail: SealedTrail) -> None:
    checked = proof(trail).check_newest()

    outcome = checked.outcome
    assert checked.faults == []
    assert (outcome.first_seq, outcome.last_seq, outcome.rows) == (1, 11, 11)
    assert (outcome.digests, outcome.signed_rows, checked.proven_to) == (2, 9, 9)
    assert doubts(trail) == [(Verdict.UNSEALED, 10, 11)]


def test_without_any_seal_nothing_is_proven_by_one() -> None:
    trail = SealedTrail()
    trail.record(3)

    checked = proof(trail).check_newest()

    assert checked.faults == []
    assert (checked.outcome.rows, checked.outcome.signed_rows, checked.proven_to) == (3, 0, 0)


def test_a_changed_entry_is_found(trail: SealedTrail) -> None:
    """I2: it is named."""
    changed = trail.store.ledger[7].model_copy(update={"description": "nothing happened"})
    trail.store.ledger[7] = changed

    assert (Verdict.INVALID, 7, 7) in doubts(trail)


def test_a_removed_entry_is_found(trail: SealedTrail) -> None:
    del trail.store.ledger[7]

    assert (Verdict.MISSING, 7, 7) in doubts(trail)


def test_an_entry_that_is_still_on_its_way_is_no_fault(trail: SealedTrail) -> None:
    trail.record(2)
    del trail.store.ledger[12]

    checked = proof(trail).check_newest()

    assert (checked.faults, checked.outcome.last_seq) == ([], 11)


def test_a_signature_of_another_key_is_found(trail: SealedTrail) -> None:
    digest = json.loads(trail.evidence.objects[seal_key(6)])
    trail.evidence.objects[seal_key(6)] = json.dumps({**digest, "signature": trail.digests[0].signature}).encode()

    assert (Verdict.INVALID, 6, 9) in doubts(trail)


@pytest.mark.parametrize("content", [None, b"no seal"])
def test_a_newest_seal_that_is_gone_or_cannot_be_read_is_found(trail: SealedTrail, content: bytes | None) -> None:
    del trail.evidence.objects[seal_key(6)]
    if content:
        trail.evidence.objects[seal_key(6)] = content

    assert (Verdict.MISSING, 6, 9) in doubts(trail)


def test_no_more_rows_are_read_than_can_be_waited_for(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_proof, "MOST_ROWS", 4)

    checked = proof(trail).check_newest()

    assert checked.faults == []
    assert (checked.outcome.first_seq, checked.outcome.rows, checked.outcome.signed_rows) == (8, 4, 2)


def test_no_more_bytes_are_read_than_can_be_waited_for(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_proof, "LARGEST_READ", 1)

    checked = proof(trail).check_newest()

    assert checked.faults == []
    assert checked.outcome.rows == 1


def test_no_more_seals_are_checked_than_can_be_waited_for(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_proof, "MOST_SEALS", 1)

    checked = proof(trail).check_newest()

    assert checked.faults == []
    assert (checked.outcome.first_seq, checked.outcome.digests, checked.outcome.signed_rows) == (6, 1, 4)


def test_a_span_that_is_longer_than_the_stretch_is_still_held_to_its_seal(
    trail: SealedTrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_proof, "MOST_ROWS", 3)

    checked = proof(trail).check_newest()

    assert checked.faults == []
    assert (checked.outcome.first_seq, checked.outcome.digests, checked.outcome.signed_rows) == (9, 1, 1)


def test_what_a_longer_retention_gave_up_is_no_fault(trail: SealedTrail) -> None:
    """D5: a day less than the shortest retention there can be."""
    trail.clock.advance(timedelta(days=29))
    for number in (1, 2, 3):
        del trail.store.ledger[number]

    assert proof(trail).check_newest().faults == []


def test_what_expired_is_no_fault(trail: SealedTrail) -> None:
    trail.clock.advance(timedelta(days=40))
    for number in (1, 2, 3):
        del trail.store.ledger[number]

    assert proof(trail).check_newest().faults == []
