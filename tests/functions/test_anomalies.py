"""Anomalies through the API: listed, looked at, judged, and the access that one is about ended."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.anomaly import Anomaly, AnomalySeverity, AnomalyState, AnomalyType, NamedFlow, NamedResource
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.change import Change
from tests.builders import ADA, API, IVO, NOA, NOON, World, an_anomaly
from tests.functions.client import Answer, Client

DAY = timedelta(days=1)
ANOMALIES = "/v1/anomalies"


def keep(world: World, *anomalies: Anomaly) -> None:
    for anomaly in anomalies:
        world.store.commit(Change(anomaly), origin=API)


def named(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [one["reason"].removeprefix("something about ") for one in answer.json["anomalies"]]


def path_of(anomaly: Anomaly) -> str:
    return f"{ANOMALIES}/{anomaly.id}"


def found_of_granted(world: World) -> tuple[Anomaly, str]:
    """Grant a request, and let something be found of it."""
    request = world.granted()
    anomaly = an_anomaly(request.id, request_id=request.id, flow=NamedFlow(id="orders-roles", name="Orders", version=1))
    keep(world, anomaly)
    return anomaly, request.id


@pytest.fixture
def varied(world: World) -> None:
    """Four anomalies of which each is another in every way."""
    orders = (NamedResource(type="database", id="db-1", name="orders", permission="read"),)
    payroll = (NamedResource(type="schema", id="s-1", name="payroll", permission="owner"),)
    keep(
        world,
        an_anomaly("first", at=NOON - 3 * DAY, type=AnomalyType.HIGH_RISK_ACCESS, severity=AnomalySeverity.HIGH),
        an_anomaly("second", at=NOON - 2 * DAY, resources=orders, integration="orders-db", request_id="req_2"),
        an_anomaly("third", at=NOON - DAY, resources=payroll, requester=NOA.as_person(), actor=ADA.as_person()),
        an_anomaly("fourth", severity=AnomalySeverity.LOW).model_copy(update={"state": AnomalyState.RESOLVED}),
    )


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["fourth", "third", "second", "first"]),
        ("type=high_risk_access", ["first"]),
        ("type=high_risk_access,alert_rule", ["first"]),
        ("severity=high&severity=low", ["fourth", "first"]),
        ("state=resolved", ["fourth"]),
        ("state=open", ["third", "second", "first"]),
        ("resource_type=database,schema", ["third", "second"]),
        ("resource=payroll", ["third"]),
        ("resource=db-1,s-1", ["third", "second"]),
        (f"user={NOA.id}", ["third"]),
        (f"user={ADA.id},{NOA.id}", ["third"]),
        (f"user={ADA.id}", ["third"]),
        ("user=me", []),
        ("integration=orders-db", ["second"]),
        ("request_id=req_2,req_3", ["second"]),
        ("q=OWNER", ["third"]),
        ("q=high+risk", ["first"]),
        ("last=2d", ["fourth", "third", "second"]),
        ("state=open&severity=medium&resource_type=schema", ["third"]),
        ("limit=2&offset=1", ["third", "second"]),
    ],
)
def test_each_filter_takes_several_values_and_goes_with_the_others(
    client: Client, query: str, names: list[str]
) -> None:
    assert named(client.get(f"{ANOMALIES}?{query}", by=IVO)) == names


@pytest.mark.usefixtures("varied")
def test_a_time_frame_is_by_detection_and_reads_times_in_a_zone(client: Client) -> None:
    frame = f"since={NOON - 2 * DAY:%Y-%m-%dT%H:%M}&until={NOON:%Y-%m-%dT%H:%M}&zone=UTC"

    assert named(client.get(f"{ANOMALIES}?{frame}", by=IVO)) == ["third", "second"]


@pytest.mark.usefixtures("varied")
def test_a_list_is_read_page_by_page_without_gap_or_repetition(client: Client) -> None:
    path, names = f"{ANOMALIES}?limit=1&last=30d", list[str]()
    while path:
        page = client.get(path, by=IVO)
        names += named(page)
        path = page.json["_links"].get("next", {}).get("href", "")

    assert names == ["fourth", "third", "second", "first"]


@pytest.mark.parametrize(
    ("query", "place"),
    [("type=pigeon", "?type"), ("severity=info", "?severity"), ("offset=1001", "?offset"), ("colour=red", "?colour")],
)
def test_what_is_asked_wrongly_is_named(client: Client, query: str, place: str) -> None:
    answer = client.get(f"{ANOMALIES}?{query}", by=IVO)

    assert answer.status == 400
    assert [name.partition("/")[0] for name in answer.faults] == [place]


def test_an_anomaly_is_shown_with_its_evidence_and_what_can_be_opened_from_it(client: Client, world: World) -> None:
    anomaly, request_id = found_of_granted(world)

    shown = client.get(path_of(anomaly), by=IVO).json

    [entry] = anomaly.finding.evidence.entries
    assert shown["evidence"]["entries"] == [{"id": entry, "href": f"/v1/audit/entries/{entry}"}]
    assert {name: link["href"] for name, link in shown["_links"].items()} == {
        "self": path_of(anomaly),
        "request": f"/v1/requests/{request_id}",
        "timeline": f"/v1/requests/{request_id}/timeline",
        "flow": "/v1/flows/orders-roles",
        "revoke": f"{path_of(anomaly)}/revoke",
    }


def test_an_anomaly_whose_request_is_gone_can_still_be_read(client: Client, world: World) -> None:
    anomaly = an_anomaly("req_gone", request_id="req_gone")
    keep(world, anomaly)

    assert "revoke" not in client.get(path_of(anomaly), by=ADA).json["_links"]
    assert client.post(f"{path_of(anomaly)}/revoke", {"reason": "leak"}, by=ADA).status == 404


def test_access_is_revoked_from_the_anomaly_as_from_the_request(client: Client, world: World) -> None:
    anomaly, request_id = found_of_granted(world)

    answer = client.post(f"{path_of(anomaly)}/revoke", {"reason": "a program"}, by=ADA)

    assert (answer.status, answer.json["status"]) == (200, "REVOKING")
    world.provisioning.advance(request_id)
    assert world.store.request(request_id).status is Status.REVOKED
    [told] = [event for event in world.events() if event.event_type == EventType.ACCESS_REVOKING]
    assert (told.actor.id, told.details["reason"]) == (ADA.id, "a program")
    assert "revoke" not in client.get(path_of(anomaly), by=ADA).json["_links"]
    assert client.post(f"{path_of(anomaly)}/revoke", {"reason": "again"}, by=ADA).status == 409


def test_what_is_about_no_request_has_nothing_to_revoke_and_a_reason_must_be_given(
    client: Client, world: World
) -> None:
    anomaly = an_anomaly("somebody")
    keep(world, anomaly)

    assert client.post(f"{path_of(anomaly)}/revoke", {"reason": "leak"}, by=ADA).status == 409
    assert list(client.post(f"{path_of(anomaly)}/revoke", {"reason": " "}, by=ADA).faults) == ["/reason"]


def test_an_anomaly_is_acknowledged_and_resolved_with_notes(client: Client, world: World) -> None:
    anomaly = an_anomaly()
    keep(world, anomaly)

    known = client.post(f"{path_of(anomaly)}/acknowledge", {"note": "I look"}, by=ADA).json
    assert (known["state"], known["note"], known["acknowledged_by"]["id"]) == ("acknowledged", "I look", ADA.id)
    assert client.post(f"{path_of(anomaly)}/acknowledge", by=ADA).status == 409
    assert list(client.post(f"{path_of(anomaly)}/resolve", {}, by=ADA).faults) == ["/note"]
    done = client.post(f"{path_of(anomaly)}/resolve", {"note": "a deploy"}, by=ADA).json
    assert (done["state"], done["note"], done["resolved_by"]["id"]) == ("resolved", "a deploy", ADA.id)
    assert client.post(f"{path_of(anomaly)}/resolve", {"note": "again"}, by=ADA).status == 409
    told = [event.event_type for event in world.events() if event.resource.id == anomaly.id]
    assert told == [EventType.ANOMALY_ACKNOWLEDGED, EventType.ANOMALY_RESOLVED]


@pytest.mark.parametrize("command", ["acknowledge", "resolve", "revoke"])
def test_a_command_that_is_sent_again_is_carried_out_once(client: Client, world: World, command: str) -> None:
    """C4: the same Idempotency-Key."""
    anomaly, _ = found_of_granted(world)
    body = {"reason": "leak"} if command == "revoke" else {"note": "known"}
    before = len(world.events())

    answers = [
        client.post(f"{path_of(anomaly)}/{command}", body, by=ADA, headers={"idempotency-key": "1"}) for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert len(world.events()) == before + 1


@pytest.mark.parametrize("command", ["acknowledge", "resolve", "revoke"])
def test_what_is_unknown_is_not_found(client: Client, command: str) -> None:
    body = {"reason": "leak"} if command == "revoke" else {"note": "known"}

    assert client.post(f"{ANOMALIES}/ano_none/{command}", body, by=ADA).status == 404
    assert client.get(f"{ANOMALIES}/ano_none", by=ADA).status == 404
