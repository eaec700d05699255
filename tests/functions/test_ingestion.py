"""Other systems write into the trail over the API."""

from typing import Any

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads, Writer
from tests.builders import ADA, IVO, MAYA, ROBOT, World, a_call, an_entry_to_write
from tests.functions.client import Client

PATH = "/v1/audit/entries"


def an_entry(**fields: object) -> dict[str, Any]:
    return {**an_entry_to_write().model_dump(mode="json"), **fields}


@pytest.fixture
def world() -> World:
    """Begin with the robot as a writer."""
    world = World()
    choices = AuditChoices(retention_days=90, reads=Reads.SENSITIVE, writers=(Writer(principal_id=ROBOT.id),))
    world.audit_settings.put(choices, a_call(ADA), if_match=0)
    return world


def test_a_batch_is_accepted_and_then_served_like_every_event(client: Client, world: World) -> None:
    answer = client.post(PATH, {"entries": [an_entry(id="a"), an_entry(id="b")]}, by=ROBOT)

    assert (answer.status, answer.json) == (202, {"accepted": 2, "known": 0})
    world.events()
    served = client.get(f"{PATH}?event_type=subscription.added", by=IVO).json["entries"]
    assert [entry["details"]["ingested"]["id"] for entry in served] == ["b", "a"]
    assert {(entry["source"], entry["actor"]["type"]) for entry in served} == {("api", "service")}


def test_the_same_again_is_known(client: Client, world: World) -> None:
    client.post(PATH, {"entries": [an_entry()]}, by=ROBOT)
    world.events()

    assert client.post(PATH, {"entries": [an_entry()]}, by=ROBOT).json == {"accepted": 0, "known": 1}


@pytest.mark.parametrize(
    ("entry", "pointers"),
    [
        (an_entry(event_type="access.granted"), {"/entries/0/event_type"}),
        (an_entry(event_type="Nonsense"), {"/entries/0/event_type"}),
        (an_entry(timestamp="2026-11-22T10:00:00"), {"/entries/0/timestamp"}),
        (an_entry(timestamp="2099-01-01T00:00:00Z"), {"/entries/0/timestamp"}),
        (an_entry(id="two words"), {"/entries/0/id"}),
        (an_entry(severity="fatal"), {"/entries/0/severity"}),
        (an_entry(hash="f" * 64), {"/entries/0/hash"}),
        (an_entry(details={"ingested": {"writer": "usr_1"}}), {"/entries/0/details/ingested"}),
        (an_entry(details={"text": "x" * 65_536}), {"/entries/0"}),
        ({"id": "a"}, {f"/entries/0/{name}" for name in ("timestamp", "event_type", "resource", "description")}),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_written(
    client: Client, world: World, entry: dict[str, Any], pointers: set[str]
) -> None:
    """A1: nor can anybody send what only the ledger says."""
    before = world.told()

    answer = client.post(PATH, {"entries": [entry, an_entry(id="well")]}, by=ROBOT)

    assert (answer.status, set(answer.faults)) == (400, pointers)
    assert world.told() == before


@pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 202), (100, 202), (101, 400)])
def test_a_batch_has_a_length(client: Client, length: int, status: int) -> None:
    entries = [an_entry(id=str(number)) for number in range(length)]
    assert client.post(PATH, {"entries": entries}, by=ROBOT).status == status


def test_a_body_has_a_size(client: Client) -> None:
    """H1."""
    entries = [an_entry(id=str(number), details={"text": "x" * 60_000}) for number in range(40)]
    assert client.post(PATH, {"entries": entries[:30]}, by=ROBOT).status == 202
    assert client.post(PATH, {"entries": entries}, by=ROBOT).status == 413


def test_a_service_that_nobody_named_a_writer_is_refused(client: Client) -> None:
    other = ROBOT.model_copy(update={"subject": "another robot"})
    answer = client.post(PATH, {"entries": [an_entry()]}, by=other)
    assert (answer.status, answer.json["type"]) == (403, "/problems/not-allowed")


@pytest.mark.parametrize("person", [MAYA, ADA, IVO])
def test_people_do_not_write_into_the_trail(client: Client, person: Any) -> None:
    """C5: an auditor changes something."""
    assert client.post(PATH, {"entries": [an_entry()]}, by=person).status == 403
