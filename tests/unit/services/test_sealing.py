"""Sealing: one digest over each span, and each entry in the archive once, whoever dies and whoever else is at it."""

import gzip
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from nightlatch.domain import seal
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.ledger import GENESIS
from nightlatch.domain.seal import Digest, first_seq_of, seal_key
from tests.builders import HOUR, SECOND, KilledError, Outside
from tests.fakes.evidence import FakeSigner
from tests.unit.services.sealed_trail import DAY, QUARTER, SealedTrail


@pytest.fixture
def trail() -> SealedTrail:
    trail = SealedTrail()
    trail.record(5)
    return trail


@dataclass
class Interrupted(Outside):
    """Everything that a worker calls, and the call before which a rival does all of the work."""

    at: int = 0
    rival: Callable[[], object] = list

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Make a call, perhaps after the rival."""
        if len(self.calls) == self.at:
            self.rival()
        return super().call(name, work)


def archived(trail: SealedTrail) -> list[int]:
    """The numbers in the archive, in the order of its keys."""
    keys = trail.evidence.keys("archive/", limit=10**6)
    lines = [line for key in keys for line in gzip.decompress(trail.evidence.objects[key]).splitlines()]
    return [json.loads(line)["seq"] for line in lines]


def must_be_whole(trail: SealedTrail) -> None:
    """Digests join from the first entry on, each is signed, and each entry is archived once."""
    digests = trail.digests
    assert digests[0].prev_hash == GENESIS
    assert all(trail.signer.has_signed(one.signed_content, one.signature) for one in digests)
    for before, after in pairwise(digests):
        assert (after.first_seq, after.prev_hash) == (before.last_seq + 1, before.head_hash)
        assert after.prev_signature == before.signature
    last = digests[-1].last_seq
    assert archived(trail) == list(range(1, last + 1))
    assert digests[-1].head_hash == trail.store.ledger[last].hash
    assert [one.details["first_seq"] for one in trail.told(EventType.AUDIT_SEALED)] == [d.first_seq for d in digests]


def test_a_digest_says_what_is_sealed_and_joins_the_one_before(trail: SealedTrail) -> None:
    trail.seal()
    trail.record(3)
    trail.seal()

    first, second = trail.digests
    assert (first.first_seq, first.last_seq, first.count) == (1, 5, 5)
    assert (second.first_seq, second.last_seq) == (6, 9)
    must_be_whole(trail)


def test_the_archive_holds_the_entries_as_they_are_hashed(trail: SealedTrail) -> None:
    trail.seal()

    [digest] = trail.digests
    [kept] = digest.objects
    content = trail.evidence.objects[kept.key]
    assert kept.key == "archive/year=2026/month=11/day=22/hour=12/000000000000001-000000000000005.jsonl.gz"
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    entries = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    assert entries == [trail.store.ledger[number].model_dump(mode="json") for number in range(1, 6)]


def test_the_event_names_the_digest_as_it_is_kept(trail: SealedTrail) -> None:
    trail.seal()

    [event] = trail.told(EventType.AUDIT_SEALED)
    key = str(event.details["digest"])
    assert event.details == {
        "first_seq": 1,
        "last_seq": 5,
        "count": 5,
        "digest": seal_key(1),
        "sha256": hashlib.sha256(trail.evidence.objects[key]).hexdigest(),
    }


def test_each_hour_has_objects_of_its_own_and_none_holds_too_much(
    trail: SealedTrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "ROWS_PER_OBJECT", 3)
    trail.clock.advance(HOUR)
    trail.record(2)

    trail.seal()

    assert [(one.rows, one.key.split("/")[4]) for one in trail.digests[0].objects] == [
        (3, "hour=12"),
        (2, "hour=12"),
        (2, "hour=13"),
    ]
    must_be_whole(trail)


def test_an_object_holds_few_entries_when_they_are_large(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BYTES_PER_OBJECT", 1500)
    trail.seal()
    assert len(trail.digests[0].objects) > 1
    must_be_whole(trail)


def test_a_long_span_is_sealed_in_several(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.services.sealing.LONGEST_SPAN", 2)
    trail.seal()
    assert [one.count for one in trail.digests] == [2, 2, 1]
    must_be_whole(trail)


def test_what_sealing_itself_writes_does_not_keep_it_busy(trail: SealedTrail) -> None:
    trail.seal()
    trail.clock.advance(QUARTER)
    trail.seal()
    assert len(trail.digests) == 1
    assert trail.sealing().standing().oldest_unsealed == timedelta()

    trail.clock.advance(DAY)
    trail.seal()
    assert [one.last_seq for one in trail.digests] == [5, 6]


def test_an_idle_trail_whose_schedules_run_is_sealed_once_a_day_and_all_of_it(trail: SealedTrail) -> None:
    trail.seal()
    for _ in range(24):
        trail.seal()
        trail.record(1, EventType.SCHEDULE_RAN)
        trail.clock.advance(HOUR)
    assert len(trail.digests) == 1

    trail.seal()
    assert [one.last_seq for one in trail.digests] == [5, 5 + 1 + 24]


def test_a_schedule_that_fails_is_sealed_at_once_with_what_rested_before_it(trail: SealedTrail) -> None:
    trail.seal()
    trail.record(1, EventType.SCHEDULE_RAN)
    trail.record(1, EventType.SCHEDULE_FAILED)
    trail.seal()
    assert [one.last_seq for one in trail.digests] == [5, 8]


def test_what_may_rest_is_not_late_until_it_has_rested(trail: SealedTrail) -> None:
    trail.seal()
    trail.clock.advance(DAY - HOUR)
    trail.record()
    assert trail.sealing().standing().oldest_unsealed < SECOND

    trail.clock.advance(2 * HOUR)
    assert 2 * HOUR <= trail.sealing().standing().oldest_unsealed < 2 * HOUR + SECOND


def test_what_has_rested_and_is_not_sealed_is_late(trail: SealedTrail) -> None:
    trail.seal()
    trail.clock.advance(DAY + HOUR)
    assert HOUR - SECOND < trail.sealing().standing().oldest_unsealed < HOUR + SECOND


def test_nothing_is_sealed_where_nothing_happened() -> None:
    trail = SealedTrail()
    trail.seal()
    assert trail.evidence.objects == {}
    assert trail.sealing().standing().oldest_unsealed == timedelta()


def test_how_long_the_oldest_waits_is_told(trail: SealedTrail) -> None:
    trail.clock.advance(QUARTER)
    assert QUARTER <= trail.sealing().standing().oldest_unsealed < QUARTER + SECOND


@pytest.mark.parametrize("after_effect", [False, True])
def test_killed_at_any_call_and_run_again_there_is_one_digest_over_each_span(after_effect: bool) -> None:
    """I2: meanwhile the trail has grown; nothing is doubled, nothing is left out, nothing is told twice."""
    for number in count():
        trail = SealedTrail()
        trail.record(5)
        outside = Outside(dies_at=number, after_effect=after_effect)
        try:
            trail.sealing(outside).seal_next()
        except KilledError:
            trail.record(2)
            trail.clock.advance(QUARTER)
            trail.seal()
            must_be_whole(trail)
            assert trail.digests[-1].last_seq >= 7
        else:
            assert number >= 5
            return


@pytest.mark.parametrize("at", range(6))
def test_a_rival_who_goes_first_at_any_call_changes_nothing_of_the_outcome(at: int) -> None:
    """I2: two runs at once."""
    trail = SealedTrail()
    trail.record(5)
    sealing = trail.sealing(Interrupted(at=at, rival=trail.seal))
    for _ in range(3):
        with suppress(RivalChangeError):
            sealing.seal_next()
    trail.number()
    must_be_whole(trail)


def test_a_number_that_is_in_flight_is_waited_for(trail: SealedTrail) -> None:
    late = trail.store.ledger.pop(3)
    trail.seal()
    assert trail.digests == []
    assert trail.told(EventType.INTEGRITY_FAILED) == []

    trail.store.ledger[3] = late
    trail.clock.advance(QUARTER)
    trail.seal()
    must_be_whole(trail)


@pytest.mark.parametrize("missing", [1, 3, 5])
def test_a_number_that_stays_missing_is_told_once_and_nothing_is_sealed_over_it(
    trail: SealedTrail, missing: int
) -> None:
    """I2: a dropped row."""
    del trail.store.ledger[missing]
    for _ in range(4):
        trail.seal()
        trail.clock.advance(QUARTER)

    assert trail.digests == []
    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert event.details == {"seq": missing, "where": "ledger", "problem": "missing"}
    assert trail.sealing().standing().findings == 1
    assert trail.sealing().standing().oldest_unsealed >= QUARTER


def test_a_changed_entry_is_told_once_and_nothing_is_sealed_over_it(trail: SealedTrail) -> None:
    """I2: a flipped byte."""
    trail.store.ledger[4] = trail.store.ledger[4].model_copy(update={"description": "nothing happened"})
    trail.seal()
    trail.clock.advance(QUARTER)
    trail.seal()

    assert trail.digests == []
    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert event.details == {"seq": 4, "where": "ledger", "problem": "changed"}


def test_what_was_found_and_put_right_is_sealed_and_forgotten(trail: SealedTrail) -> None:
    right = trail.store.ledger[4]
    trail.store.ledger[4] = right.model_copy(update={"description": "nothing happened"})
    trail.seal()
    trail.store.ledger[4] = right
    trail.seal()

    assert trail.store.seal_state().findings == ()
    assert archived(trail) == list(range(1, trail.digests[-1].last_seq + 1))


@pytest.mark.parametrize("content", [b"", b"{}", b"forged"])
def test_what_is_no_digest_is_not_taken_for_ours(trail: SealedTrail, content: bytes) -> None:
    trail.evidence.objects[seal_key(1)] = content
    trail.seal()
    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert event.details == {"seq": 1, "where": seal_key(1), "problem": "not_ours"}


def test_a_digest_signed_with_another_key_is_not_taken_for_ours(trail: SealedTrail) -> None:
    """I2: signed with another key."""
    forger = SealedTrail(clock=trail.clock, signer=FakeSigner())
    forger.store = trail.store
    _killed_before_going_on(forger)
    trail.evidence.objects[seal_key(1)] = forger.evidence.objects[seal_key(1)]

    trail.seal()

    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert event.details["problem"] == "not_ours"


def test_a_digest_over_something_else_is_not_taken_for_ours(trail: SealedTrail) -> None:
    _killed_before_going_on(trail)
    [digest] = trail.digests
    other = digest.model_copy(update={"head_hash": "f" * 64})
    signed = other.model_copy(update={"signature": trail.signer.sign(other.signed_content)})
    trail.evidence.objects[seal_key(1)] = signed.content

    trail.seal()

    assert trail.told(EventType.INTEGRITY_FAILED)[0].details["where"] == seal_key(1)


def _killed_before_going_on(trail: SealedTrail) -> None:
    outside = Outside(dies_at=4)
    with pytest.raises(KilledError):
        trail.sealing(outside).seal_next()
    assert outside.calls[-1] == "work.commit"


def test_an_archive_object_of_another_compressor_is_taken_as_it_is(trail: SealedTrail) -> None:
    _killed_before_going_on(trail)
    trail.evidence.objects.pop(seal_key(1))
    [key] = trail.evidence.objects
    other = gzip.compress(gzip.decompress(trail.evidence.objects[key]), compresslevel=1, mtime=7)
    trail.evidence.objects[key] = other

    trail.seal()

    assert trail.digests[0].objects[0].sha256 == hashlib.sha256(other).hexdigest()
    must_be_whole(trail)


@pytest.mark.parametrize(
    "content",
    [b"", b"forged", gzip.compress(b"forged\n", mtime=0), gzip.compress(b"cut", mtime=0)[:-4]],
    ids=["empty", "no gzip", "another text", "cut"],
)
def test_an_archive_object_of_other_entries_is_told(trail: SealedTrail, content: bytes) -> None:
    _killed_before_going_on(trail)
    trail.evidence.objects.pop(seal_key(1))
    [key] = trail.evidence.objects
    trail.evidence.objects[key] = content

    trail.seal()

    [event] = trail.told(EventType.INTEGRITY_FAILED)
    assert event.details == {"seq": 1, "where": key, "problem": "changed"}


def test_a_digest_is_found_by_any_number_in_its_span(trail: SealedTrail) -> None:
    trail.seal()
    trail.record(3)
    trail.seal()
    trail.record(1)
    trail.seal()
    spans = [range(one.first_seq, one.last_seq + 1) for one in trail.digests]

    for number in range(1, spans[-1].stop):
        [found] = trail.kept.page(first=number, after=None, limit=1).digests
        assert number in range(found.first_seq, found.last_seq + 1)
    for beyond in (spans[-1].stop, 10**9):
        assert trail.kept.page(first=beyond, after=None, limit=9).digests == []


def test_seals_are_read_page_by_page(trail: SealedTrail) -> None:
    for _ in range(4):
        trail.seal()
        trail.record(1)
    pages, after = list[Digest](), None
    while True:
        page = trail.kept.page(first=1, after=after, limit=2)
        pages += page.digests
        after = page.after
        if after is None:
            break
    assert pages == trail.digests
    assert [first_seq_of(one.key) for one in pages] == [one.first_seq for one in pages]
