"""Other systems write into the trail over the API."""

import json
from typing import Any

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads, Writer
from nightlatch.domain.ingestion import LARGEST_ENTRY
from nightlatch.domain.ledger import canonical_json
from tests.builders import ADA, IVO, MAYA, ROBOT, World, a_call, a_large_entry, an_entry_to_write
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
        (an_entry(details={"text": "x" * 1024**2}), {"/entries/0"}),
        (an_entry(resource={"type": "team", "id": "x" * 2049}), {"/entries/0/resource/id"}),
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


def test_the_size_of_a_body_is_that_of_its_bytes(client: Client) -> None:
    """H1: Lambda hands over 6 MB at most, of whatever alphabet."""
    entry = an_entry(details={"text": "\N{ROCKET}" * 600_000})
    text = json.dumps({"entries": [entry]}, ensure_ascii=False)

    answer = client.post(PATH, text=text, by=ROBOT)

    assert (answer.status, answer.json["detail"]) == (413, "the body is larger than 2097152 bytes")


def test_an_event_of_1_mb_is_named_on_pages_and_served_whole(client: Client, world: World) -> None:
    """I4."""
    sent = a_large_entry(LARGEST_ENTRY)
    batch = [a_large_entry(id="b").model_dump(mode="json"), sent.model_dump(mode="json"), an_entry(id="c")]
    assert client.post(PATH, {"entries": batch}, by=ROBOT).json == {"accepted": 3, "known": 0}
    world.events()

    listed = client.get(f"{PATH}?event_type=subscription.added", by=IVO).json["entries"][1]
    (fed,) = (event for event in client.get("/v1/audit", by=IVO).json["events"] if event["id"] == listed["id"])
    whole = client.get(f"{PATH}/{listed['id']}", by=IVO).json

    assert fed == listed
    assert listed["details"]["ingested"]["body"]["size"] == len(canonical_json(sent.details))
    assert "text" not in listed["details"]
    assert whole == {**listed, "details": {**sent.details, **listed["details"]}}


def test_while_bodies_cannot_be_read_pages_can(client: Client, world: World) -> None:
    """I4: the page never stalls, and what is served of one entry is all of it or nothing."""
    client.post(PATH, {"entries": [a_large_entry().model_dump(mode="json")]}, by=ROBOT)
    world.events()
    world.evidence.is_down = True

    pages = [client.get(path, by=IVO) for path in ("/v1/audit", PATH)]
    newest = pages[1].json["entries"][0]["id"]
    answer = client.get(f"{PATH}/{newest}", by=IVO)

    assert [page.status for page in pages] == [200, 200]
    assert (answer.status, answer.json["type"]) == (503, "/problems/store-unavailable")


def test_a_changed_body_is_a_problem_and_not_an_answer(client: Client, world: World) -> None:
    """I4."""
    client.post(PATH, {"entries": [a_large_entry().model_dump(mode="json")]}, by=ROBOT)
    world.events()
    world.evidence.objects = dict.fromkeys(world.evidence.objects, b'{"text": "forged"}')
    newest = client.get(PATH, by=IVO).json["entries"][0]["id"]

    answer = client.get(f"{PATH}/{newest}", by=IVO)

    assert (answer.status, answer.json["type"]) == (500, "/problems/not-genuine")
    assert "forged" not in answer.text


def test_a_service_that_nobody_named_a_writer_is_refused(client: Client) -> None:
    other = ROBOT.model_copy(update={"subject": "another robot"})
    answer = client.post(PATH, {"entries": [an_entry()]}, by=other)
    assert (answer.status, answer.json["type"]) == (403, "/problems/not-allowed")


@pytest.mark.parametrize("person", [MAYA, ADA, IVO])
def test_people_do_not_write_into_the_trail(client: Client, person: Any) -> None:
    """C5: an auditor changes something."""
    assert client.post(PATH, {"entries": [an_entry()]}, by=person).status == 403
