"""Other systems' events: each once, all of a batch or none, and never in Nightlatch's own words."""

import hashlib
import json
from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import Severity
from nightlatch.domain.audit_settings import AuditChoices, Reads, Writer
from nightlatch.domain.body import reference_in
from nightlatch.domain.errors import InvalidInputError, NotAllowedError, StoreUnavailableError
from nightlatch.domain.identity import Actor, ActorType, Principal
from nightlatch.domain.ingestion import CLOCKS_DIFFER, LARGEST_ENTRY, LARGEST_IN_LEDGER, EntryToWrite
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ingestion import Written
from tests.builders import (
    ADA,
    MAYA,
    NOON,
    ROBOT,
    KilledError,
    Outside,
    World,
    a_call,
    a_large_entry,
    an_entry_to_write,
)


@pytest.fixture
def world() -> World:
    """Begin with the robot as a writer, which may use the names of sign-ins."""
    world = World()
    writer = Writer(principal_id=ROBOT.id, events=("auth.*",))
    choices = AuditChoices(retention_days=90, reads=Reads.SENSITIVE, writers=(writer,))
    world.audit_settings.put(choices, a_call(ADA), if_match=0)
    world.events()
    return world


def write(world: World, *entries: EntryToWrite, by: Principal = ROBOT) -> Written:
    """Write them as one batch."""
    return world.ingestion.write(entries, a_call(by))


def told(world: World) -> list[str]:
    """Say by what ids the ledger holds what the robot told of."""
    return [event.foreign_id.id for event in world.events() if event.foreign_id]


def pointers(error: InvalidInputError) -> list[str]:
    return [fault.pointer for fault in error.faults]


def test_what_another_system_tells_is_in_the_ledger_in_its_own_words(world: World) -> None:
    actor = Actor(type=ActorType.USER, id="u-17", name="Lena")
    sent = an_entry_to_write(id="e-1", actor=actor, severity="warning", details={"seats": 4})

    assert write(world, sent) == Written(accepted=1, known=0)

    entry = world.events()[-1]
    assert (entry.event_type, entry.severity, entry.actor) == ("subscription.added", Severity.WARNING, actor)
    assert (entry.timestamp, entry.description, entry.details["seats"]) == (NOON, "a seat was added", 4)
    told = {"writer": ROBOT.id, "name": ROBOT.label, "id": "e-1", "sha256": sent.fingerprint}
    assert entry.details["ingested"] == told


def test_without_an_actor_it_is_the_writer_who_did_it(world: World) -> None:
    write(world, an_entry_to_write())
    assert world.events()[-1].actor == ROBOT.as_actor()


def test_what_happened_long_ago_is_recorded_now(world: World) -> None:
    write(world, an_entry_to_write(timestamp=NOON - timedelta(days=4000)))

    world.events()
    entry = world.store.ledger[world.store.chain.seq]
    assert entry.timestamp == NOON - timedelta(days=4000)
    assert entry.recorded_at >= NOON


def test_the_same_again_changes_nothing(world: World) -> None:
    batch = [an_entry_to_write(id=name) for name in ("a", "b")]
    write(world, *batch)
    world.events()

    assert write(world, *batch, an_entry_to_write(id="c")) == Written(accepted=1, known=2)
    assert told(world) == ["a", "b", "c"]


def test_the_same_twice_before_it_is_numbered_is_numbered_once(world: World) -> None:
    write(world, an_entry_to_write(id="a"))
    write(world, an_entry_to_write(id="a"))
    assert told(world) == ["a"]


def test_ids_of_two_writers_are_not_the_same(world: World) -> None:
    other = ROBOT.model_copy(update={"subject": "another robot"})
    choices = world.store.audit_settings().choices
    writers = (*choices.writers, Writer(principal_id=other.id))
    world.audit_settings.put(choices.model_copy(update={"writers": writers}), a_call(ADA), if_match=1)

    write(world, an_entry_to_write(id="a"))
    write(world, an_entry_to_write(id="a"), by=other)

    assert told(world) == ["a", "a"]


def test_a_known_id_with_other_words_is_refused_and_nothing_of_the_batch_is_written(world: World) -> None:
    write(world, an_entry_to_write(id="a"))
    world.events()

    with pytest.raises(InvalidInputError) as caught:
        write(world, an_entry_to_write(id="b"), an_entry_to_write(id="a", description="something else"))

    assert pointers(caught.value) == ["/entries/1/id"]
    assert told(world) == ["a"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"event_type": "access.granted"}, "/entries/1/event_type"),
        ({"event_type": "access.of.my.own"}, "/entries/1/event_type"),
        ({"event_type": "user.created"}, "/entries/1/event_type"),
        ({"event_type": "audit.sealed"}, "/entries/1/event_type"),
        ({"timestamp": NOON + timedelta(minutes=2)}, "/entries/1/timestamp"),
        ({"details": {"ingested": {}}}, "/entries/1/details/ingested"),
        ({"details": {"call": {}}}, "/entries/1/details/call"),
        ({"id": "first"}, "/entries/1/id"),
        ({"details": {"text": "x" * LARGEST_ENTRY}}, "/entries/1"),
        ({"resource": {"type": "x" * LARGEST_IN_LEDGER, "id": "1"}}, "/entries/1"),
        ({"resource": {"type": "team", "id": "x" * 2049}}, "/entries/1/resource/id"),
        ({"actor": {"type": "user", "id": "\N{ROCKET}" * 513}}, "/entries/1/actor/id"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_of_the_batch_is_written(
    world: World, fields: dict[str, object], pointer: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        write(world, an_entry_to_write(id="first"), an_entry_to_write(**{"id": "second", **fields}))

    assert pointers(caught.value) == [pointer]
    assert told(world) == []


@pytest.mark.parametrize(
    "name", ["auth.login.failed", "discovery.vault.error", "subscription.removed", "rotation.started"]
)
def test_names_that_are_nobodys_or_that_the_writer_may_use_are_kept(world: World, name: str) -> None:
    write(world, an_entry_to_write(event_type=name))
    assert world.events()[-1].event_type == name


def test_a_clock_may_be_a_little_fast(world: World) -> None:
    write(world, an_entry_to_write(timestamp=NOON + CLOCKS_DIFFER))
    assert told(world) == ["1"]


@pytest.mark.parametrize("by", [MAYA, ADA], ids=["a person", "an administrator"])
def test_whoever_is_no_writer_may_not_write(world: World, by: Principal) -> None:
    with pytest.raises(NotAllowedError, match="not among the writers"):
        write(world, an_entry_to_write(), by=by)


@pytest.mark.parametrize("name", ["Access.Granted", "granted", "a..b", "", "a.b ", "\u0430ccess.granted"])
def test_a_name_has_words_in_lower_case_between_dots(name: str) -> None:
    """B1: nor does a name look like one of Nightlatch's own in other letters."""
    with pytest.raises(ValueError, match="event_type"):
        an_entry_to_write(event_type=name)


# Large entries


def test_the_details_of_a_large_entry_lie_in_the_evidence_and_the_ledger_says_where(world: World) -> None:
    """I4: an event of 1 MB."""
    sent = a_large_entry(LARGEST_ENTRY)

    assert write(world, sent) == Written(accepted=1, known=0)

    entry = world.events()[-1]
    ((key, content),) = world.evidence.objects.items()
    sha256 = hashlib.sha256(content).hexdigest()
    assert json.loads(content) == sent.details
    assert key == f"bodies/2026-11-22/{sha256}.json"
    told = {"writer": ROBOT.id, "name": ROBOT.label, "id": sent.id, "sha256": sent.fingerprint}
    assert entry.details["ingested"] == {**told, "body": {"key": key, "sha256": sha256, "size": len(content)}}
    assert set(entry.details) <= {"ingested", "call"}


@pytest.mark.parametrize(("size", "bodies"), [(LARGEST_IN_LEDGER, 0), (LARGEST_IN_LEDGER + 1, 1), (LARGEST_ENTRY, 1)])
def test_what_fits_into_the_ledger_is_in_the_ledger(world: World, size: int, bodies: int) -> None:
    """I4."""
    sent = a_large_entry(size)

    write(world, sent)

    assert (len(sent.text), len(world.evidence.objects)) == (size, bodies)
    assert (reference_in(world.events()[-1].details) is None) == (bodies == 0)


def test_a_large_entry_sent_again_is_known(world: World) -> None:
    """I4."""
    write(world, a_large_entry())
    world.events()

    assert write(world, a_large_entry()) == Written(accepted=0, known=1)
    assert len(world.evidence.objects) == 1


def test_a_large_entry_of_a_batch_that_is_refused_leaves_nothing(world: World) -> None:
    """I4: all of a batch or nothing."""
    with pytest.raises(InvalidInputError):
        write(world, a_large_entry(), an_entry_to_write(event_type="access.granted"))

    assert (world.evidence.objects, told(world)) == ({}, [])


def test_without_the_evidence_nothing_of_a_batch_is_written(world: World) -> None:
    """I4: no entry refers to what is not there."""
    world.evidence.is_down = True

    with pytest.raises(StoreUnavailableError):
        write(world, an_entry_to_write(id="small"), a_large_entry())

    assert told(world) == []


def test_small_entries_do_not_need_the_evidence(world: World) -> None:
    world.evidence.is_down = True
    assert write(world, an_entry_to_write()) == Written(accepted=1, known=0)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(4))
def test_killed_at_any_call_and_sent_again_a_large_entry_is_there_once_and_whole(
    world: World, dies_at: int, after_effect: bool
) -> None:
    """I4: nobody is left with an entry whose body is not there."""
    outside = Outside(dies_at=dies_at, after_effect=after_effect)
    with pytest.raises(KilledError):
        world.ingestion_with(outside).write([a_large_entry()], a_call(ROBOT))
    calls = ["store.audit_settings", "store.fingerprints", "evidence.put", "store.record"]
    assert outside.calls == calls[: dies_at + 1]
    for entry in stored(world):
        assert world.whole_entries.whole(entry).details["text"] == a_large_entry().details["text"]

    write(world, a_large_entry())

    (entry,) = stored(world)
    assert world.whole_entries.whole(entry).details["text"] == a_large_entry().details["text"]


def stored(world: World) -> list[LedgerEntry]:
    """Read what the ledger holds of what the robot told."""
    world.events()
    return [entry for entry in world.store.ledger.values() if entry.foreign_id]
