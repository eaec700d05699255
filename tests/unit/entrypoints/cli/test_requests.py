"""Asking for access, following it, and giving it back."""

import json

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import (
    REQUEST_ID,
    FakeApi,
    a_granted_request,
    a_request,
    a_vote,
    an_event,
    an_item,
    an_offer,
    problem,
)
from tests.unit.entrypoints.cli.terminal import Terminal

PATH = f"/v1/requests/{REQUEST_ID}"
OTHER_ID = "req_0cn4k1qg7o0002ddddeeeecccc"
ASK = ("request", "orders-db/orders", "-p", "role1", "-p", "role3", "--for", "2h", "--reason", "INC-2291")


@pytest.fixture(autouse=True)
def offers(api: FakeApi) -> None:
    api.on("GET", "/v1/catalog", {"offers": [an_offer(), an_offer(permission="role3")]})
    api.on("POST", "/v1/requests", httpx.Response(201, json=a_request(items=[an_item(), an_item(2, "role3")])))


def test_a_request_names_every_permission_as_an_item(terminal: Terminal, api: FakeApi) -> None:
    terminal.json(*ASK, "--ticket", "INC-2291")
    assert api.body("POST", "/v1/requests") == {
        "integration": "orders-db",
        "items": [
            {"resource_type": "database", "resource": "orders", "permission": "role1"},
            {"resource_type": "database", "resource": "orders", "permission": "role3"},
        ],
        "justification": "INC-2291",
        "ticket": "INC-2291",
        "duration": "PT2H",
    }


def test_a_request_tells_its_flow_and_who_is_asked(terminal: Terminal) -> None:
    shown = terminal.table(*ASK)
    assert "✓ Matched flow Sales and billing   1 approval needed per item from approvers" in shown
    assert f"✓ Sent   {REQUEST_ID}" in shown


def test_several_targets_get_every_permission(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/catalog", {"offers": [an_offer("orders"), an_offer("billing")]})
    terminal.json("request", "orders-db/orders", "orders-db/billing", "-p", "role1")
    assert [item["resource"] for item in api.body("POST", "/v1/requests")["items"]] == ["orders", "billing"]


def test_targets_of_several_integrations_are_asked_for_together(terminal: Terminal, api: FakeApi) -> None:
    of_hr = {"integration": {"id": "hr-db", "name": "People", "kind": "postgresql"}}
    api.on("GET", "/v1/catalog", {"offers": [an_offer(), {**an_offer("staff"), **of_hr}]})
    made = [a_request(bundle_id="bdl_1"), a_request(id=OTHER_ID, bundle_id="bdl_1")]
    api.on("POST", "/v1/bundles", httpx.Response(201, json={"id": "bdl_1", "requests": made}))
    both = ("request", "orders-db/orders", "hr-db/staff", "-p", "role1", "--for", "1h", "--reason", "move")
    shown = terminal.table(*both)
    assert api.body("POST", "/v1/bundles")["requests"] == [
        {
            "integration": integration,
            "items": [{"resource_type": "database", "resource": resource, "permission": "role1"}],
            "justification": "move",
            "duration": "PT1H",
        }
        for integration, resource in (("orders-db", "orders"), ("hr-db", "staff"))
    ]
    assert f"✓ Sent   {REQUEST_ID}" in shown
    assert f"nightlatch requests show {OTHER_ID}" in shown
    assert terminal.json(*both) == {"id": "bdl_1", "requests": made}


def test_waiting_for_a_bundle_waits_for_all_of_it(terminal: Terminal, api: FakeApi) -> None:
    of_hr = {"integration": {"id": "hr-db", "name": "People", "kind": "postgresql"}}
    api.on("GET", "/v1/catalog", {"offers": [an_offer(), {**an_offer(), **of_hr}]})
    bundle = {"id": "bdl_1", "requests": [a_request(), a_request(id=OTHER_ID)]}
    api.on("POST", "/v1/bundles", httpx.Response(201, json=bundle))
    api.on("GET", PATH, a_granted_request())
    api.on("GET", f"/v1/requests/{OTHER_ID}", a_request("REJECTED", id=OTHER_ID))
    result = terminal.run("request", "orders-db/orders", "hr-db/orders", "-p", "role1", "--wait")
    assert result.exit_code == 3
    assert [one["status"] for one in json.loads(result.stdout)["requests"]] == ["GRANTED", "REJECTED"]
    assert f"request {OTHER_ID} is rejected: no access" in result.stderr


@pytest.mark.parametrize("typed", ["2h", "16:35", "2026-11-22T16:35", "2026-11-22T15:35Z"])
def test_a_start_is_a_span_ahead_or_a_local_time(terminal: Terminal, api: FakeApi, typed: str) -> None:
    starts_at = "2026-11-22T15:35:00.000Z"
    api.on("POST", "/v1/requests", httpx.Response(201, json=a_request(starts_at=starts_at)))
    assert "✓ Begins at 16:35 CET, if it is approved by then" in terminal.table(*ASK, "--start", typed)
    assert api.body("POST", "/v1/requests")["starts_at"] == starts_at


def test_a_wrong_start_is_a_usage_error(terminal: Terminal, api: FakeApi) -> None:
    result = terminal.run(*ASK, "--start", "soon")
    assert (result.exit_code, api.calls) == (2, [])


def test_a_start_that_is_far_is_waited_for_with_longer_pauses(terminal: Terminal, api: FakeApi) -> None:
    waiting = a_request("APPROVED", starts_at="2026-11-22T15:35:00.000Z")
    api.on("POST", "/v1/requests", httpx.Response(201, json=waiting))
    api.on("GET", PATH, *[waiting] * 9, a_granted_request())
    terminal.json(*ASK, "--start", "2h", "--wait")
    assert max(terminal.slept) > 20


def test_a_duplicate_says_how_to_look_at_the_open_request(terminal: Terminal, api: FakeApi) -> None:
    refusal = problem(409, "duplicate-request", "An open request asks for the same", request_id=OTHER_ID)
    api.on("POST", "/v1/requests", refusal)
    result = terminal.run(*ASK)
    assert result.exit_code == 1
    assert f"look at it: nightlatch requests show {OTHER_ID}" in result.stderr


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("orders-db/nothing", "-p", "role1"), "there is no orders-db/nothing that you may ask for"),
        (("orders-db/orders", "-p", "root"), "you may not ask for root on orders-db/orders"),
        (("orders-db/orders", "hr/people", "-p", "role1"), "there is no hr/people that you may ask for"),
    ],
)
def test_what_cannot_be_asked_for_is_told_with_what_can(
    terminal: Terminal, api: FakeApi, asked: tuple[str, ...], message: str
) -> None:
    result = terminal.run("request", *asked)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not api.sent("POST", "/v1/requests")


def test_an_unknown_target_lists_the_offers(terminal: Terminal) -> None:
    assert "orders-db/orders -p role3" in terminal.run("request", "x/y", "-p", "role1").stderr


def test_a_name_of_two_types_needs_the_type(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/catalog", {"offers": [an_offer(), an_offer(kind="schema")]})
    result = terminal.run("request", "orders-db/orders", "-p", "role1")
    assert (result.exit_code, "--type (database, schema)" in result.stderr) == (2, True)
    terminal.json("request", "orders-db/orders", "-p", "role1", "--type", "schema")
    assert api.body("POST", "/v1/requests")["items"][0]["resource_type"] == "schema"


def test_a_wrong_duration_is_a_usage_error(terminal: Terminal) -> None:
    result = terminal.run("request", "orders-db/orders", "-p", "role1", "--for", "soon")
    assert result.exit_code == 2
    assert "not a duration such as 2h" in " ".join(result.stderr.split())


def test_waiting_tells_every_vote_once_and_ends_with_the_grant(terminal: Terminal, api: FakeApi) -> None:
    one = an_item(votes=(a_vote("Omar Haddad", at="2026-11-22T13:02:00.000Z"),))
    both = [one, an_item(2, "role3", votes=(a_vote("Noa Levi"),))]
    api.on(
        "GET",
        PATH,
        a_request(items=[an_item(), both[1]]),
        a_request(items=both),
        a_request("GRANTING", items=both),
        a_granted_request(items=both),
    )
    lines = [line.strip() for line in terminal.table(*ASK, "--wait").splitlines()]
    assert lines[2:] == [
        "✓ role3 approved by Noa Levi   after 1 min 38 s",
        "✓ role1 approved by Omar Haddad   after 2 min",
        "✓ Granted until 16:34 CET (1 h 59 min left)",
        "",
        f"Connect      nightlatch credentials {REQUEST_ID}",
        f"Give back    nightlatch return {REQUEST_ID}",
    ]
    assert terminal.slept == [1.0, 1.5, 2.25, 3.0]


def test_waiting_in_json_prints_the_granted_request_only(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, a_granted_request())
    assert terminal.json(*ASK, "--wait")["status"] == "GRANTED"


@pytest.mark.parametrize("status", ["REJECTED", "FAILED", "LAPSED", "CANCELED", "REVOKED"])
def test_waiting_in_vain_is_exit_code_3(terminal: Terminal, api: FakeApi, status: str) -> None:
    rejected = an_item(votes=(a_vote(verdict="rejected"),))
    api.on("GET", PATH, a_request(status, items=[rejected]))
    result = terminal.run(*ASK, "--wait")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["status"] == status
    assert f"is {status.lower()}: no access" in result.stderr


def test_waiting_outlasts_an_outage(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, *[httpx.ConnectError("refused")] * 6, a_granted_request())
    result = terminal.run(*ASK, "--wait", "-o", "table")
    assert result.exit_code == 0
    assert "trying again in 3 s" in result.stderr


def test_a_list_asks_for_what_was_filtered(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/requests", {"requests": [], "next_cursor": None})
    terminal.json(
        "requests", "list", "--status", "granted,pending", "--status", "failed", "--since", "24h",
        "--requester", "me", "--limit", "5", "--cursor", "abc",
    )  # fmt: skip
    assert api.query("/v1/requests") == {
        "status": ["GRANTED", "PENDING", "FAILED"],
        "requester": ["me"],
        "since": ["2026-11-21T13:35:00.000Z"],
        "limit": ["5"],
        "cursor": ["abc"],
    }


def test_every_filter_takes_values_with_commas_and_repeated(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/requests", {"requests": [], "next_cursor": None})
    terminal.json(
        "requests", "list", "--last", "2mo", "--round", "hour", "--requester", "me,usr_x", "--requester", "usr_y",
        "--integration", "orders-db,hr-db", "--flow", "orders-roles", "--flow", "hr", "--type", "database,schema",
        "--resource", "orders", "--resource", "hr", "-p", "role1,role3", "--source", "CLI,web", "-q", "INC-2291, late",
        "--quarantined", "--offset", "10",
    )  # fmt: skip
    assert api.query("/v1/requests") == {
        "last": ["2mo"],
        "round": ["hour"],
        "requester": ["me", "usr_x", "usr_y"],
        "integration": ["orders-db", "hr-db"],
        "flow": ["orders-roles", "hr"],
        "resource_type": ["database", "schema"],
        "resource": ["orders", "hr"],
        "permission": ["role1", "role3"],
        "source": ["cli", "web"],
        "q": ["INC-2291, late"],
        "quarantined": ["true"],
        "limit": ["50"],
        "offset": ["10"],
    }


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (("--since", "2026-11-22T10:00"), {"since": ["2026-11-22T09:00:00.000Z"]}),
        (("--until", "2026-10-25T02:30"), {"until": ["2026-10-25T01:30:00.000Z"]}),
        (
            ("--since", "2026-11-22T10:00", "--until", "2026-11-23", "--zone", "America/New_York"),
            {"since": ["2026-11-22T10:00:00"], "until": ["2026-11-23T00:00:00"], "zone": ["America/New_York"]},
        ),
        (
            ("--since", "2h", "--until", "2026-11-22T10:00Z", "--zone", "America/New_York"),
            {
                "since": ["2026-11-22T11:35:00.000Z"],
                "until": ["2026-11-22T10:00:00.000Z"],
                "zone": ["America/New_York"],
            },
        ),
    ],
)
def test_local_times_are_the_readers_or_of_the_zone_that_is_named(
    terminal: Terminal, api: FakeApi, typed: tuple[str, ...], sent: dict[str, list[str]]
) -> None:
    api.on("GET", "/v1/requests", {"requests": [], "next_cursor": None})
    terminal.json("requests", "list", *typed)
    assert api.query("/v1/requests") == sent | {"limit": ["50"]}


def test_a_list_is_a_table_for_people(terminal: Terminal, api: FakeApi) -> None:
    items = [an_item(), an_item(2, "role3", resource={"type": "database", "id": "b", "name": "billing", "tags": []})]
    page = {"requests": [a_granted_request(items=items), a_request(id=OTHER_ID)], "next_cursor": "eyJr"}
    api.on("GET", "/v1/requests", page)
    lines = [" ".join(line.split()) for line in terminal.table("requests", "list").splitlines()]
    assert lines == [
        "ID REQUESTER RESOURCES PERMISSION STATUS TIME LEFT",
        f"{REQUEST_ID} Maya Cohen orders +1 role1, role3 ● granted 1 h 59 min",
        f"{OTHER_ID} Maya Cohen orders role1 ◌ pending —",
        "2 requests. More: --cursor eyJr Machine output: -o json",
    ]


def test_access_that_could_not_be_ended_is_marked(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/requests", {"requests": [a_request("REVOKING", quarantined=True)], "next_cursor": None})
    assert "revoking !" in terminal.table("requests", "list")


def test_one_request_is_shown_with_all_that_matters(terminal: Terminal, api: FakeApi) -> None:
    items = [an_item(votes=({**a_vote(), "reason": "on call"},))]
    api.on("GET", PATH, a_granted_request(items=items))
    api.on("GET", f"{PATH}/timeline", {"events": [an_event(18229, "access.role.approved")]})
    shown = " ".join(terminal.table("requests", "show", REQUEST_ID).split())
    for fact in (
        f"{REQUEST_ID} ● granted",
        "Maya Cohen <maya@example.com>",
        "INC-2291 duplicate charges",
        "Sales and billing (orders-roles, version 1)",
        "Duration 2 h",
        "Session user nl_maya_7f3ac1",
        "Ends 16:34 CET",
        "Time left 1 h 59 min",
        "item-1 orders role1 ● approved 1 of 1 approved by Noa Levi: on call",
        "14:23:05 CET access.role.approved Maya Cohen",
        "#18229",
    ):
        assert fact in shown


def test_a_waiting_request_says_who_is_still_asked_and_what_is_agreed(terminal: Terminal, api: FakeApi) -> None:
    waiting = a_request(
        asked_by={"id": "usr_omar", "name": "Omar Haddad", "email": ""},
        bundle_id="bdl_1",
        starts_at="2026-11-23T15:34:00.000Z",
        extensions={"used": 1, "allowed": 2, "longest_seconds": 3600},
    )
    api.on("GET", PATH, waiting)
    api.on("GET", f"{PATH}/timeline", {"events": []})
    shown = " ".join(terminal.table("requests", "show", REQUEST_ID).split())
    for fact in (
        "Asked by Omar Haddad",
        "Bundle bdl_1",
        "(orders-roles, version 1): the only flow that covers it",
        "Approval 1 approval needed from approvers",
        "Still asked 1 more from approvers",
        "Begins 23 Nov 16:34 CET",
        "Extensions 1 of 2 used, each at most 1 h",
    ):
        assert fact in shown


def test_one_request_in_json_has_its_timeline(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", PATH, a_request())
    api.on("GET", f"{PATH}/timeline", {"events": [an_event()]})
    assert terminal.json("requests", "show", REQUEST_ID)["timeline"] == [an_event()]


@pytest.mark.parametrize(
    ("command", "action"), [(("requests", "cancel"), "cancel"), (("return",), "return"), (("revoke",), "revoke")]
)
def test_a_request_is_ended(terminal: Terminal, api: FakeApi, command: tuple[str, ...], action: str) -> None:
    api.on("POST", f"{PATH}/{action}", a_request("REVOKING"))
    assert "◐ revoking" in terminal.table(*command, REQUEST_ID, "--reason", "done")
    assert api.body("POST", f"{PATH}/{action}") == {"reason": "done"}


def test_access_is_extended(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", f"{PATH}/extend", a_granted_request())
    assert "1 h 59 min left" in terminal.table("extend", REQUEST_ID, "--for", "90m")
    assert api.body("POST", f"{PATH}/extend") == {"duration": "PT1H30M"}


def test_an_extension_needs_its_length(terminal: Terminal) -> None:
    assert terminal.run("extend", REQUEST_ID).exit_code == 2


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ((), {}),
        (
            ("--reason", "again", "--ticket", "", "--for", "1h", "--start", "2h"),
            {"justification": "again", "ticket": "", "duration": "PT1H", "starts_at": "2026-11-22T15:35:00.000Z"},
        ),
    ],
)
def test_asking_again_says_only_what_is_different(
    terminal: Terminal, api: FakeApi, options: tuple[str, ...], changes: dict[str, str]
) -> None:
    api.on("POST", f"{PATH}/ask-again", httpx.Response(201, json=a_request(id=OTHER_ID)))
    assert f"✓ Sent   {OTHER_ID}" in terminal.table("again", REQUEST_ID, *options)
    assert api.body("POST", f"{PATH}/ask-again") == changes


def test_asking_again_can_wait(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", f"{PATH}/ask-again", httpx.Response(201, json=a_request(id=OTHER_ID)))
    api.on("GET", f"/v1/requests/{OTHER_ID}", a_granted_request(id=OTHER_ID))
    assert terminal.json("again", REQUEST_ID, "--wait")["status"] == "GRANTED"


def test_credentials_are_printed_and_nothing_is_run(terminal: Terminal, api: FakeApi) -> None:
    known = {"host": "db", "port": "5432", "user": "nl_maya", "password": "s3cret", "url": "postgresql://…"}
    api.on("POST", f"{PATH}/credentials", known)
    assert "s3cret" in terminal.table("credentials", REQUEST_ID)
    assert terminal.json("credentials", REQUEST_ID) == known


def test_last_is_ones_own_newest_request(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/requests", {"requests": [a_request()], "next_cursor": None})
    api.on("POST", f"{PATH}/return", a_request("REVOKING"))
    terminal.json("return", "last")
    assert api.query("/v1/requests") == {"requester": ["me"], "limit": ["1"]}


@pytest.mark.parametrize("meant", ["aaaabbbbcccc", "req_bbbbcccc", "req_…bbbbcccc"])
def test_the_end_of_an_id_is_enough(terminal: Terminal, api: FakeApi, meant: str) -> None:
    api.on("GET", "/v1/requests", {"requests": [a_request(), a_request(id=OTHER_ID)], "next_cursor": None})
    api.on("GET", "/v1/approvals", {"requests": [], "next_cursor": None})
    api.on("POST", f"{PATH}/return", a_request("REVOKING"))
    assert terminal.run("return", meant).exit_code == 0


@pytest.mark.parametrize(
    ("meant", "message"), [("cccc", OTHER_ID), ("zzzzz", "ends in 'zzzzz'"), ("ccc", "is too short")]
)
def test_an_end_that_does_not_name_one_request_is_refused(
    terminal: Terminal, api: FakeApi, meant: str, message: str
) -> None:
    api.on("GET", "/v1/requests", {"requests": [a_request(), a_request(id=OTHER_ID)], "next_cursor": None})
    api.on("GET", "/v1/approvals", {"requests": [], "next_cursor": None})
    result = terminal.run("return", meant)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_catalog_lists_targets_as_they_are_typed(terminal: Terminal) -> None:
    shown = " ".join(terminal.table("catalog").split())
    assert "orders-db/orders role1 Reads sales Sales and billing 1 8 h" in shown
    assert "2 offers" in shown


def test_the_catalog_can_be_searched(terminal: Terminal) -> None:
    assert [offer["permission"]["name"] for offer in terminal.json("catalog", "ROLE3")["offers"]] == ["role3"]


def test_the_faults_that_the_api_finds_are_listed(terminal: Terminal, api: FakeApi) -> None:
    fault = {"pointer": "/justification", "detail": "must be at least 10 characters"}
    api.on("POST", "/v1/requests", problem(400, "invalid-input", "What was sent is wrong", errors=[fault]))
    result = terminal.run(*ASK)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "✗ What was sent is wrong\n  /justification: must be at least 10 characters" in result.stderr


def test_what_is_copied_is_never_broken(terminal: Terminal, api: FakeApi) -> None:
    cursor, url = "c" * 300, "postgresql://" + "u" * 300
    api.on("GET", "/v1/requests", {"requests": [], "next_cursor": cursor})
    api.on("POST", f"{PATH}/credentials", {"url": url})
    assert f"--cursor {cursor} " in terminal.table("requests", "list")
    assert url in terminal.table("credentials", REQUEST_ID)
