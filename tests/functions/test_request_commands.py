"""Dry runs, bundles, extensions, asking again, and ending many at once: the commands over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.identity import Principal
from nightlatch.domain.opening_hours import Day, OpeningHours
from nightlatch.domain.selectors import PeopleSelector
from tests.builders import ADA, HOUR, IVO, MAYA, NOA, OMAR, ROBOT, World, a_call, a_definition
from tests.functions.client import Client

ITEM = {"resource_type": "database", "resource": "orders", "permission": "role1"}
ASK: dict[str, Any] = {"integration": "orders-db", "items": [ITEM], "justification": "a customer cannot pay"}
EXTENSIBLE = a_definition(extensions=ExtensionRule(count=1, longest=HOUR))


def rewrite(world: World, definition: Any) -> None:
    """Let the one flow say something else."""
    world.flows.put("orders-roles", definition, a_call(ADA), if_match=1)


def asking_for(permission: str, **more: Any) -> dict[str, Any]:
    """Ask for one permission."""
    return {**ASK, "items": [{**ITEM, "permission": permission}], **more}


# Dry runs


def test_a_dry_run_says_what_would_come_of_it_and_makes_nothing(client: Client, world: World) -> None:
    before = dict(world.store.entities)

    run = client.post("/v1/dry-runs", ASK).json

    assert run["allowed"] is True
    assert run["flow"]["id"] == "orders-roles"
    assert run["approvers"]["steps"][0]["groups"] == ["approvers", "admins"]
    assert (run["duration_seconds"], run["maximum_seconds"]) == (3600, 8 * 3600)
    assert (run["why_not"], run["instead"], run["duplicate_of"]) == ([], [], None)
    assert world.store.entities == before
    assert world.told() == []


def test_a_dry_run_of_too_long_a_wish_says_what_is_not_too_long(client: Client) -> None:
    run = client.post("/v1/dry-runs", {**ASK, "duration": "P2D"}).json

    assert run["allowed"] is False
    assert [(why["flow"], why["pointer"]) for why in run["why_not"]] == [("orders-roles", "/duration")]
    (instead,) = run["instead"]
    assert (instead["kind"], instead["duration_seconds"]) == ("shorter", 8 * 3600)
    assert client.post("/v1/dry-runs", {**ASK, "duration": "PT8H"}).json["allowed"] is True


def test_a_dry_run_outside_opening_hours_says_when_they_open(client: Client, world: World) -> None:
    rewrite(world, a_definition(when=OpeningHours(zone="Europe/Berlin", days=(Day.MONDAY,), start="09:00")))

    run = client.post("/v1/dry-runs", ASK).json

    assert [why["pointer"] for why in run["why_not"]] == ["/starts_at"]
    assert run["instead"][0]["kind"] == "other time"
    assert run["instead"][0]["starts_at"] == "2026-11-23T08:00:00.000Z"
    assert client.post("/v1/requests", {**ASK, "starts_at": run["instead"][0]["starts_at"]}).status == 201


def test_a_dry_run_of_what_nobody_lets_one_have_names_what_one_may(client: Client, world: World) -> None:
    what = a_definition().what.model_copy(update={"permissions": ("role3",)})
    rewrite(world, a_definition(what=what))

    run = client.post("/v1/dry-runs", ASK).json

    assert run["why_not"] == [{"flow": None, "pointer": "", "detail": "no access flow lets you ask for this"}]
    assert [item["permission"] for one in run["instead"] for item in one["items"]] == ["role3"]


def test_a_dry_run_names_the_open_request_that_asks_for_the_same(client: Client) -> None:
    open_request = client.post("/v1/requests", ASK).json

    run = client.post("/v1/dry-runs", ASK).json

    assert (run["allowed"], run["duplicate_of"]) == (False, open_request["id"])


# Asking


def test_a_bundle_is_several_requests_made_together(client: Client, world: World) -> None:
    answer = client.post("/v1/bundles", {"requests": [ASK, asking_for("role3", duration="PT2H")]})

    first, second = answer.json["requests"]
    assert answer.status == 201
    assert {first["bundle_id"], second["bundle_id"]} == {answer.json["id"]}
    assert [one["items"][0]["permission"]["name"] for one in (first, second)] == ["role1", "role3"]
    assert world.told(first["id"]) == world.told(second["id"]) == ["access.requested"]


@pytest.mark.parametrize(
    ("second", "pointer"),
    [
        (asking_for("nothing"), "/requests/1/items/0/permission"),
        (asking_for("role3", duration="P2D"), "/requests/1/duration"),
        (ASK, "/requests/1"),
    ],
    ids=["unknown", "too long", "the same"],
)
def test_a_bundle_with_one_wrong_request_makes_none(client: Client, second: Any, pointer: str) -> None:
    answer = client.post("/v1/bundles", {"requests": [ASK, second]})

    assert answer.status == 400
    assert set(answer.faults) == {pointer}
    assert client.get("/v1/requests").json["requests"] == []


@pytest.mark.parametrize("requests", [[], [ASK] * 11])
def test_a_bundle_has_one_to_ten_requests(client: Client, requests: list[Any]) -> None:
    assert set(client.post("/v1/bundles", {"requests": requests}).faults) == {"/requests"}


def test_a_bundle_sent_twice_with_one_key_is_one_bundle(client: Client) -> None:
    """E1: all of what the first call made is answered again."""
    body = {"requests": [ASK, asking_for("role3")]}

    first, second = (client.post("/v1/bundles", body, headers={"idempotency-key": "k"}) for _ in range(2))

    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json


@pytest.mark.parametrize("starts_at", ["2026-11-22T11:59:59Z", "2027-03-01T12:00:00Z", "2026-11-23T09:00:00", "soon"])
def test_a_start_lies_ahead_and_says_its_offset(client: Client, starts_at: str) -> None:
    """D2: starts in the past, years ahead, without an offset."""
    assert set(client.post("/v1/requests", {**ASK, "starts_at": starts_at}).faults) == {"/starts_at"}


def test_a_start_with_an_odd_offset_is_told_in_utc(client: Client) -> None:
    """D2: odd offsets mean what they say."""
    made = client.post("/v1/requests", {**ASK, "starts_at": "2026-11-23T09:00:00+05:45"}).json

    assert made["starts_at"] == "2026-11-23T03:15:00.000Z"


def test_more_open_requests_than_one_may_have_are_too_many(client: Client, world: World) -> None:
    """H2: many open requests per person."""
    world.store.open_requests = 2
    client.post("/v1/requests", ASK)
    client.post("/v1/requests", asking_for("role3"))

    answer = client.post("/v1/requests", asking_for("spare01"))

    assert (answer.status, answer.json["type"]) == (429, "/problems/limit-reached")


def test_one_asks_again_for_what_is_over_and_says_what_is_different(client: Client) -> None:
    old = client.post("/v1/requests", {**ASK, "ticket": "INC-1"}).json
    client.post(f"/v1/requests/{old['id']}/cancel")

    again = client.post(f"/v1/requests/{old['id']}/ask-again", {"duration": "PT2H"})

    assert again.status == 201
    assert again.json["id"] != old["id"]
    assert again.headers["Location"] == f"/v1/requests/{again.json['id']}"
    assert (again.json["duration_seconds"], again.json["ticket"]) == (7200, "INC-1")
    assert again.json["items"][0]["permission"] == old["items"][0]["permission"]


def test_nobody_asks_again_for_what_others_asked_for(client: Client, world: World) -> None:
    """C1: others' objects."""
    request = world.submitted()

    assert client.post(f"/v1/requests/{request.id}/ask-again", by=NOA).status == 403


# On behalf of others


@pytest.fixture
def met(client: Client, world: World) -> Client:
    """Let Maya have been here, and let Omar ask for developers."""
    rewrite(world, a_definition(on_behalf=PeopleSelector(people=(OMAR.id,)), approvers=("approvers",)))
    client.get("/v1/whoami", by=MAYA)
    return client


def test_one_asks_for_another_where_a_flow_lets_one(met: Client, world: World) -> None:
    """A3: who asked for another never approves it, whatever group they are in."""
    made = met.post("/v1/requests", {**ASK, "on_behalf_of": MAYA.id}, by=OMAR).json

    assert (made["requester"]["name"], made["asked_by"]["name"]) == ("Maya", "Omar")
    assert met.post(f"/v1/requests/{made['id']}/approve", by=OMAR).status == 403
    assert met.post(f"/v1/requests/{made['id']}/approve", by=MAYA).status == 403
    assert met.post(f"/v1/requests/{made['id']}/approve", by=NOA).json["status"] == "APPROVED"
    world.provisioning.advance(made["id"])
    assert met.post(f"/v1/requests/{made['id']}/credentials", by=OMAR).status == 403
    assert met.post(f"/v1/requests/{made['id']}/credentials", by=MAYA).status == 200


def test_nobody_asks_for_another_where_no_flow_lets_them(met: Client) -> None:
    assert met.post("/v1/requests", {**ASK, "on_behalf_of": MAYA.id}, by=NOA).status == 403


def test_nobody_is_asked_for_who_was_never_here(met: Client) -> None:
    stranger = Principal(issuer="https://id.example.com", subject="stranger").id

    assert set(met.post("/v1/requests", {**ASK, "on_behalf_of": stranger}, by=OMAR).faults) == {"/on_behalf_of"}


def test_whoever_asks_for_themselves_by_name_asks_as_always(client: Client) -> None:
    assert client.post("/v1/requests", {**ASK, "on_behalf_of": MAYA.id}).json["asked_by"] is None


# Extending


def test_access_is_extended_as_often_as_its_flow_lets_it(client: Client, world: World) -> None:
    """D1: extensions beyond the total are refused, and the refusal is told."""
    rewrite(world, EXTENSIBLE)
    request = world.granted()

    extended = client.post(f"/v1/requests/{request.id}/extend", {"duration": "PT30M"})
    again = client.post(f"/v1/requests/{request.id}/extend", {"duration": "PT1M"})

    assert request.ends_at is not None
    assert extended.status == 200
    assert world.store.request(request.id).ends_at == request.ends_at + timedelta(minutes=30)
    assert set(again.faults) == {"/duration"}
    told = world.told(request.id)
    assert (told.count("access.extended"), told.count("access.extension.refused")) == (1, 1)


def test_who_could_not_ask_for_it_any_longer_does_not_extend_it(client: Client, world: World) -> None:
    """A8: eligibility lost while access lasts."""
    rewrite(world, EXTENSIBLE)
    request = world.granted()
    left = MAYA.model_copy(update={"groups": frozenset()})

    answer = client.post(f"/v1/requests/{request.id}/extend", {"duration": "PT1M"}, by=left)

    assert set(answer.faults) == {"/duration"}
    assert world.store.request(request.id).ends_at == request.ends_at


@pytest.mark.parametrize("duration", ["PT0S", "-PT1H", "PT61M", "P40D", 3600, "NaN", None])
def test_an_extension_has_a_sane_length(client: Client, world: World, duration: Any) -> None:
    """D1: durations that are none, and those over the longest."""
    rewrite(world, EXTENSIBLE)
    request = world.granted()

    answer = client.post(f"/v1/requests/{request.id}/extend", {"duration": duration})

    assert set(answer.faults) == {"/duration"}
    assert world.store.request(request.id).ends_at == request.ends_at


@pytest.mark.parametrize("person", [ADA, NOA])
def test_only_who_has_access_extends_it(client: Client, world: World, person: Principal) -> None:
    rewrite(world, EXTENSIBLE)

    assert client.post(f"/v1/requests/{world.granted().id}/extend", {"duration": "PT1M"}, by=person).status == 403


# Ending many


def test_many_are_revoked_at_once_each_on_its_own(client: Client, world: World) -> None:
    granted, pending = world.granted(), world.submitted()
    body = {"requests": [granted.id, pending.id, "req_unknown"], "reason": "leak"}

    results = client.post("/v1/revocations", body, by=ADA).json["results"]

    assert [result["id"] for result in results] == body["requests"]
    assert results[0]["request"]["status"] == "REVOKING"
    assert [result["problem"]["status"] for result in results[1:]] == [409, 404]
    again = client.post("/v1/revocations", body, by=ADA).json["results"][0]
    assert again["problem"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"requests": [], "reason": "leak"}, "/requests"),
        ({"requests": ["req_1"] * 101, "reason": "leak"}, "/requests"),
        ({"requests": ["req_1"], "reason": " "}, "/reason"),
        ({"requests": ["req_1"]}, "/reason"),
    ],
)
def test_a_revocation_of_many_says_which_and_why(client: Client, body: Any, pointer: str) -> None:
    assert set(client.post("/v1/revocations", body, by=ADA).faults) == {pointer}


def test_a_person_is_stopped_in_everything_that_they_have_or_asked_for(client: Client, world: World) -> None:
    pending, granted, approved = world.submitted(), world.granted(), world.approved()
    noas = world.submitted(by=NOA.model_copy(update={"groups": frozenset({"developers"})}))

    results = client.post(f"/v1/people/{MAYA.id}/stop", {"reason": "left"}, by=ADA).json["results"]

    assert {result["id"]: result["request"]["status"] for result in results} == {
        pending.id: "CANCELED",
        granted.id: "REVOKING",
        approved.id: "CANCELED",
    }
    assert world.store.request(noas.id).is_pending
    assert world.events(pending.id)[-1].actor.id == ADA.id


def test_what_is_not_quarantined_is_not_closed_by_hand(client: Client, world: World) -> None:
    answer = client.post(f"/v1/requests/{world.granted().id}/close", {"reason": "seen"}, by=ADA)

    assert (answer.status, answer.json["type"]) == (409, "/problems/conflict")


# People


def test_people_are_noted_when_they_come_and_when_something_changed(client: Client, world: World) -> None:
    for _ in range(2):
        client.get("/v1/whoami", by=MAYA)
    moved = MAYA.model_copy(update={"groups": frozenset({"operations"})})
    client.get("/v1/whoami", by=moved)

    (person,) = client.get("/v1/people", by=IVO).json["people"]
    assert (person["id"], person["groups"]) == (MAYA.id, ["operations"])
    assert world.told() == ["user.created", "user.updated"]
    assert client.get("/v1/people", by=MAYA).status == 403


def test_who_has_left_the_group_since_is_granted_nothing(client: Client, world: World) -> None:
    """A8: eligibility lost between approval and start."""
    request = world.approved()
    client.get("/v1/whoami", by=MAYA.model_copy(update={"groups": frozenset()}))

    world.provisioning.advance(request.id)

    assert client.get(f"/v1/requests/{request.id}", by=ADA).json["status"] == "FAILED"
    assert world.connector.accesses == {}


def test_a_service_is_noted_as_one(client: Client) -> None:
    client.get("/v1/whoami", by=ROBOT)

    (person,) = client.get("/v1/people", by=ADA).json["people"]
    assert person["is_service"] is True
