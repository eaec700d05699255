"""I4: a large entry is served whole, or it is said why not; nothing is served that was not recorded."""

import hashlib
from datetime import timedelta

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads, Writer
from nightlatch.domain.body import reference_in
from nightlatch.domain.errors import NotGenuineError, StoreUnavailableError
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from tests.builders import ADA, ROBOT, World, a_call, an_entry_to_write

SENT = {"seats": 4, "price": 1.5, "names": ["Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", None], "text": "x" * 70_000}


@pytest.fixture
def world() -> World:
    """Begin with the robot as a writer."""
    world = World()
    choices = AuditChoices(retention_days=90, reads=Reads.SENSITIVE, writers=(Writer(principal_id=ROBOT.id),))
    world.audit_settings.put(choices, a_call(ADA), if_match=0)
    return world


def written(world: World, **fields: object) -> LedgerEntry:
    """Let the robot write an entry, and read it as the ledger holds it."""
    world.ingestion.write([an_entry_to_write(**fields)], a_call(ROBOT))
    world.events()
    return world.store.ledger[world.store.chain.seq]


def test_a_large_entry_is_served_with_all_that_was_sent(world: World) -> None:
    """I4."""
    entry = written(world, details=SENT)

    whole = world.whole_entries.whole(entry)

    assert whole.details == {**SENT, **entry.details}
    assert whole.model_copy(update={"details": entry.details}) == entry


def test_its_body_can_be_checked_by_anybody(world: World) -> None:
    """I4: the chain holds the hash of what is served."""
    entry = written(world, details=SENT)

    whole = world.whole_entries.whole(entry)

    body = {name: value for name, value in whole.details.items() if name not in {"ingested", "call"}}
    reference = reference_in(whole.details)
    assert reference is not None
    assert hashlib.sha256(canonical_json(body)).hexdigest() == reference.sha256


def test_an_entry_without_a_body_is_served_without_the_evidence(world: World) -> None:
    entry = written(world, details={"seats": 4})
    world.evidence.is_down = True
    assert world.whole_entries.whole(entry) == entry


def test_a_writer_cannot_refer_to_what_somebody_else_sent(world: World) -> None:
    """I4: what looks like a reference in a writer's own details is none."""
    theirs = reference_in(written(world, details=SENT).details)
    assert theirs is not None

    entry = written(world, id="2", details={"body": theirs.model_dump()})

    assert world.whole_entries.whole(entry) == entry


def test_a_body_that_is_not_there_is_said(world: World) -> None:
    """I4."""
    entry = written(world, details=SENT)
    world.evidence.objects.clear()

    with pytest.raises(StoreUnavailableError, match=f"the body of {entry.id} is not in the evidence: bodies/"):
        world.whole_entries.whole(entry)


def test_a_body_that_was_changed_is_not_served(world: World) -> None:
    """I4."""
    entry = written(world, details=SENT)
    (key,) = world.evidence.objects
    world.evidence.objects[key] = canonical_json({**SENT, "seats": 5})

    with pytest.raises(NotGenuineError, match=f"the body of {entry.id} is not the one that was recorded"):
        world.whole_entries.whole(entry)


def test_the_same_content_on_another_day_is_another_body(world: World) -> None:
    """I4: so its lock is as young as its entry."""
    first = reference_in(written(world, details=SENT).details)
    world.clock.advance(timedelta(days=1))
    second = reference_in(written(world, id="2", details=SENT).details)

    assert first is not None
    assert second is not None
    assert (first.sha256, first.key) == (second.sha256, second.key.replace("2026-11-23", "2026-11-22"))
    assert first.key != second.key
