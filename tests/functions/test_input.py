"""What is refused, how it is named, and that nothing is stored of it."""

import base64
import json
from typing import Any

import pytest

from nightlatch.domain.access_request import AccessRequest
from tests.builders import ADA, MAYA, NOA, World
from tests.functions.client import FLOW, Client, an_api_event, claims_of

ITEM = {"resource_type": "database", "resource": "orders", "permission": "role1"}
ASK: dict[str, Any] = {"integration": "orders-db", "items": [ITEM], "justification": "a customer cannot pay"}


def requests_in(world: World) -> list[AccessRequest]:
    return [entity for entity in world.store.entities.values() if isinstance(entity, AccessRequest)]


@pytest.mark.parametrize(
    "field", ["status", "approvers", "ends_at", "requester", "flow", "id", "granted_at", "votes", "session_user"]
)
def test_a_request_says_only_what_it_may_say(client: Client, world: World, field: str) -> None:
    """A1: extra fields in a submit are named, and nothing is stored."""
    answer = client.post("/v1/requests", {**ASK, field: "APPROVED"})

    assert answer.status == 400
    assert answer.faults == {f"/{field}": "is not a known field"}
    assert requests_in(world) == []
    assert not world.store.outbox


def test_extra_fields_within_items_are_named_by_pointer(client: Client) -> None:
    """A1: at any depth."""
    answer = client.post("/v1/requests", {**ASK, "items": [ITEM, {**ITEM, "a/b~": 1, "status": "approved"}]})

    assert set(answer.faults) == {"/items/1/a~1b~0", "/items/1/status"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_request_is_never_written_to(client: Client, world: World, method: str) -> None:
    """A2: PATCH or PUT on a request."""
    request = world.submitted()

    answer = client.call(method, f"/v1/requests/{request.id}", {"status": "APPROVED"}, by=ADA)

    assert (answer.status, answer.json["type"]) == (405, "/problems/method-not-allowed")
    assert answer.headers["Allow"] == "GET"
    assert world.store.request(request.id) == request


@pytest.mark.parametrize(
    "duration",
    [
        0,
        -1,
        1.5,
        3600,
        1e9,
        "",
        "PT0S",
        "-PT1H",
        "PT-1H",
        "PT1.5H",
        "PT0.5S",
        "P1Y",
        "P1M",
        "1h",
        "NaN",
        "PT",
        "P",
        "PT1H ",
        "PT\u0661H",
        True,
        [],
        {},
        "PT999999999S",
    ],
)
def test_no_duration_that_is_none(client: Client, world: World, duration: object) -> None:
    """D1: 0, negative, fraction, PT0S, 1e9."""
    answer = client.post("/v1/requests", {**ASK, "duration": duration})

    assert answer.status == 400
    assert set(answer.faults) == {"/duration"}
    assert requests_in(world) == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_duration_that_is_no_number(client: Client, number: str) -> None:
    """D1: NaN."""
    text = json.dumps(ASK)[:-1] + f', "duration": {number}}}'

    assert set(client.post("/v1/requests", text=text).faults) == {"/duration"}


def test_no_duration_over_the_maximum(client: Client) -> None:
    """D1: the flow's maximum is named."""
    answer = client.post("/v1/requests", {**ASK, "duration": "PT8H1S"})

    assert answer.faults == {"/duration": "must not be longer than PT8H (flow orders-roles)"}


def test_all_faults_are_told_at_once(client: Client) -> None:
    body = {"integration": "", "items": [{**ITEM, "permission": None}], "duration": 0, "status": "APPROVED"}

    answer = client.post("/v1/requests?dry=1", body)

    assert set(answer.faults) == {"?dry", "/integration", "/items/0/permission", "/duration", "/status"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": [ITEM] * 21}, "/items"),
        ({"items": {"0": ITEM}}, "/items"),
        ({"items": None}, "/items"),
        ({"justification": "x" * 2001}, "/justification"),
        ({"justification": 7}, "/justification"),
        ({"ticket": "x" * 101}, "/ticket"),
        ({"integration": "nowhere"}, "/integration"),
        ({"items": [{**ITEM, "resource": "x" * 201}]}, "/items/0/resource"),
        ({"items": [{**ITEM, "resource": "nothing"}]}, "/items/0/resource"),
        ({"items": [{**ITEM, "permission": "root"}]}, "/items/0/permission"),
        ({"items": [ITEM, ITEM]}, "/items/1"),
    ],
)
def test_a_wrong_place_is_named(client: Client, change: dict[str, Any], pointer: str) -> None:
    answer = client.post("/v1/requests", ASK | change)

    assert answer.status == 400
    assert set(answer.faults) == {pointer}


@pytest.mark.parametrize("text", ["{", "nul", "'x'", "[]", "[{}]", '"x"', "1", "null", '{"integration": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused_as_a_whole(client: Client, text: str) -> None:
    answer = client.post("/v1/requests", text=text)

    assert answer.status == 400
    assert set(answer.faults) == {""}


def test_a_list_that_begins_with_a_good_body_is_no_body(client: Client, world: World) -> None:
    assert client.post("/v1/requests", [ASK]).status == 400
    assert requests_in(world) == []


def test_a_missing_body_is_named(client: Client) -> None:
    assert client.post("/v1/requests").faults == {"": "is required"}


@pytest.mark.parametrize("binary", ["/w==", "x", "é"])
def test_a_body_that_is_no_text_is_refused(client: Client, binary: str) -> None:
    event = an_api_event("POST", "/v1/requests", claims=claims_of(MAYA), text=binary)

    assert client.send({**event, "isBase64Encoded": True}).status == 400


def test_a_body_may_come_encoded(client: Client) -> None:
    text = base64.b64encode(json.dumps(ASK).encode()).decode()
    event = an_api_event("POST", "/v1/requests", claims=claims_of(MAYA), text=text)

    assert client.send({**event, "isBase64Encoded": True}).status == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx"],
)
def test_a_body_must_be_said_to_be_json(client: Client, world: World, content_type: str) -> None:
    """E4: `text/plain` JSON, which a form of any site can send."""
    answer = client.post("/v1/requests", ASK, headers={"content-type": content_type})

    assert (answer.status, answer.json["type"]) == (415, "/problems/unsupported-media-type")
    assert requests_in(world) == []


def test_the_type_may_name_its_charset(client: Client) -> None:
    assert client.post("/v1/requests", ASK, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 201


def test_a_body_over_64_kb_is_refused_unread(client: Client) -> None:
    """H1: a large body."""
    answer = client.post("/v1/requests", {**ASK, "justification": "x" * 65_536})

    assert (answer.status, answer.json["type"]) == (413, "/problems/too-large")


def test_a_deep_body_is_refused(client: Client) -> None:
    """H1: deep JSON, of which a body of 64 KB has room for much."""
    for depth in (33, 300, 30_000):
        answer = client.post("/v1/requests", text='{"a":' + "[" * depth + "]" * depth + "}")
        assert answer.status == 400


def test_a_body_of_thousands_of_wrong_fields_is_answered_shortly(client: Client) -> None:
    """H1: the answer is smaller than the question."""
    answer = client.post("/v1/requests", {f"f{number}": 0 for number in range(5000)})

    assert answer.status == 400
    assert len(answer.json["errors"]) == 100


@pytest.mark.parametrize("values", [51, 100_000])
def test_filter_values_without_end_are_refused(client: Client, values: int) -> None:
    """H1: 10^5 filter values."""
    assert client.get("/v1/requests?status=" + ",".join(["PENDING"] * values)).status in {400, 413}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("offset=1.5", "offset"),
        ("status=DONE", "status"),
        ("status=", "status"),
        ("status=pending", "status"),
        ("requester=maya", "requester"),
        ("requester=maya@example.com", "requester"),
        ("since=2026-11-22", "since"),
        ("since=2026-11-22T12", "since"),
        ("since=1795313525", "since"),
        ("since=2026-02-30T12:00:00Z", "since"),
        ("until=0001-01-01T00:00:00%2B14:00", "until"),
        ("until=9999-12-31T23:59:59-14:00", "until"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("Status=PENDING", "Status"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, parameter: str) -> None:
    answer = client.get(f"/v1/requests?{query}")

    assert answer.status == 400
    assert set(answer.faults) == {f"?{parameter}"}


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"owner": "me"}, {"/owner"}),
        ({"who": {"groups": ["x"]}}, {"/who/groups", "/who/conditions"}),
        ({"who": {"conditions": []}}, {"/who/conditions"}),
        (
            {"who": {"conditions": [{"attribute": "email", "operator": "like", "values": []}]}},
            {
                "/who/conditions",
                "/who/conditions/0/attribute",
                "/who/conditions/0/operator",
                "/who/conditions/0/values",
            },
        ),
        ({"approve": {}}, {"/approve/steps"}),
        ({"approve": {"steps": [{"needed": 1}]}}, {"/approve/steps/0"}),
        ({"approve": {"steps": [{"needed": 2, "people": ["usr_1"]}]}}, {"/approve/steps/0"}),
        ({"when": {"zone": "Europe/Atlantis", "days": ["mon"]}}, {"/when/zone"}),
        ({"when": {"zone": "UTC", "start": "25:00"}}, {"/when/start"}),
        ({"when": {"zone": "UTC", "start": "09:00", "end": "09:00"}}, {"/when"}),
        ({"require": {"ticket_pattern": "(?=x)"}}, {"/require/ticket_pattern"}),
        (
            {"grant": {"default": "PT1H", "maximum": "P20D", "extensions": {"count": 2, "longest": "P6D"}}},
            {"/grant"},
        ),
        ({"what": {"integration": "orders-db", "permissions": ["*"]}}, {"/what"}),
        ({"grant": {"default": "PT0S", "maximum": 1e9}}, {"/grant/default", "/grant/maximum"}),
        ({"grant": {"default": "PT2H", "maximum": "PT1H"}}, {"/grant"}),
        ({"grant": {"default": "PT1H", "maximum": "P31D"}}, {"/grant/maximum"}),
    ],
)
def test_a_wrong_flow_is_refused(client: Client, world: World, change: dict[str, Any], pointers: set[str]) -> None:
    """C3: unknown fields on flows; D1: their durations."""
    answer = client.put("/v1/flows/new-flow", FLOW | change, by=ADA)

    assert answer.status == 400
    assert set(answer.faults) == pointers
    assert world.store.one("new-flow") is None


@pytest.mark.parametrize("flow_id", ["Upper", "-x", "a_b", "x" * 64, "a%00b"])
def test_a_flow_needs_a_proper_id(client: Client, flow_id: str) -> None:
    assert client.put(f"/v1/flows/{flow_id}", FLOW, by=ADA).faults.keys() == {"?flow_id"}


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 1001}])
def test_a_revocation_says_why(client: Client, world: World, body: dict[str, str]) -> None:
    request = world.granted()

    assert set(client.post(f"/v1/requests/{request.id}/revoke", body, by=ADA).faults) == {"/reason"}


@pytest.mark.parametrize("field", ["approver", "verdict", "at"])
def test_a_vote_says_only_what_it_may_say(client: Client, world: World, field: str) -> None:
    """A1: the server says who, what and when."""
    request = world.submitted()

    assert set(client.post(f"/v1/requests/{request.id}/approve", {field: "x"}, by=NOA).faults) == {f"/{field}"}
    assert world.store.request(request.id) == request


def test_commands_without_fields_take_none(client: Client, world: World) -> None:
    request = world.granted()

    assert client.post(f"/v1/requests/{request.id}/credentials", {"user": "omar"}).faults.keys() == {"/user"}
