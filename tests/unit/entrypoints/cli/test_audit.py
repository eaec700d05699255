"""Reading the trail."""

import json

import httpx

from tests.unit.entrypoints.cli.fake_api import REQUEST_ID, FakeApi, a_feed, an_event, problem
from tests.unit.entrypoints.cli.terminal import Terminal


def test_the_list_asks_for_what_was_filtered(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [], "next_cursor": None})
    api.on("GET", "/v1/whoami", {"id": "usr_maya"})
    terminal.json(
        "audit", "list", "--type", "flow.updated,flow.created", "--actor", "me", "--severity", "warning",
        "--request", REQUEST_ID, "--since", "1h", "--until", "2026-11-22T14:30", "--limit", "7",
    )  # fmt: skip
    assert api.query("/v1/audit/entries") == {
        "event_type": ["flow.updated", "flow.created"],
        "actor": ["usr_maya"],
        "severity": ["warning"],
        "request_id": [REQUEST_ID],
        "start_date": ["2026-11-22T12:35:00.000Z"],
        "end_date": ["2026-11-22T13:30:00.000Z"],
        "limit": ["7"],
    }


def test_the_list_is_a_table_for_people(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [an_event(18229)], "next_cursor": "abc"})
    shown = " ".join(terminal.table("audit", "list").split())
    row = f"14:23:05 CET access.requested Maya Cohen Maya Cohen asked for role1 on orders {REQUEST_ID} #18229"
    assert row in shown
    assert "1 event. More: --cursor abc" in shown


def test_a_list_takes_the_time_frames_of_all_lists(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [], "next_cursor": None})
    terminal.json("audit", "list", "--last", "2mo", "--round", "hour", "--zone", "Europe/Berlin")
    assert api.query("/v1/audit/entries") == {
        "last": ["2mo"],
        "round": ["hour"],
        "zone": ["Europe/Berlin"],
        "limit": ["50"],
    }


def test_the_tail_begins_with_the_newest_in_order_and_goes_on_from_there(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [an_event(3), an_event(2)], "next_cursor": "x"})
    api.on("GET", "/v1/audit", a_feed(an_event(3), an_event(4), has_more=True), a_feed(an_event(5)))
    result = terminal.run("audit", "tail", "-n", "2", "--once")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2, 3, 4, 5]
    assert [call.url.params["from"] for call in api.sent("GET", "/v1/audit")] == ["evt-3", "c1"]


def test_the_tail_prints_one_line_an_event(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit", a_feed(an_event(18229, "flow.updated")))
    shown = terminal.table("audit", "tail", "--from", "evt-18229", "--once")
    assert " ".join(shown.split()) == (
        "14:23:05 CET flow.updated Maya Cohen Maya Cohen asked for role1 on orders #18229"
    )


def test_the_tail_of_an_empty_trail_begins_with_its_first_event(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [], "next_cursor": None})
    api.on("GET", "/v1/audit", a_feed(an_event(1)))
    assert "#1" in terminal.table("audit", "tail", "--once")


def test_the_tail_filters_what_it_prints(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit", a_feed(an_event(1), an_event(2, "access.rejected", severity="warning")))
    result = terminal.run("audit", "tail", "--from", "evt-1", "--once", "--severity", "warning,error")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2]


def test_the_tail_polls_on_and_survives_an_outage(terminal: Terminal, api: FakeApi) -> None:
    outage = [httpx.ConnectError("refused")] * 5
    api.on("GET", "/v1/audit", a_feed(an_event(1)), *outage, a_feed(an_event(2), after="c2"), KeyboardInterrupt())
    result = terminal.run("audit", "tail", "--from", "evt-1")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [1, 2]
    assert result.exit_code == 130
    assert "trying again in 3 s" in result.stderr
    assert terminal.slept.count(2.0) >= 2


def test_the_tail_goes_on_with_the_oldest_that_is_kept(terminal: Terminal, api: FakeApi) -> None:
    gone = problem(410, "cursor-expired", "Gone", oldest="evt-50")
    api.on("GET", "/v1/audit", gone, a_feed(an_event(50)))
    result = terminal.run("audit", "tail", "--from", "evt-1", "--once")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [50]
    assert "no longer kept" in result.stderr


def test_a_link_to_elsewhere_is_followed_at_our_api_only(terminal: Terminal, api: FakeApi) -> None:
    feed = a_feed(an_event(1), has_more=True)
    feed["_links"]["next"]["href"] = "https://evil.example.net/stage/v1/audit?from=c9&limit=100"
    api.on("GET", "/v1/audit", feed, a_feed())
    terminal.run("audit", "tail", "--from", "evt-1", "--once")
    assert {call.url.host for call in api.calls} == {"api.example.com"}
    assert api.query("/v1/audit")["from"] == ["c9"]


def test_severity_is_coloured_on_a_terminal_that_has_colours(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit", a_feed(an_event(1, "access.grant.failed", severity="error")))
    tail = ("audit", "tail", "--from", "evt-1", "--once")
    assert "\x1b[31maccess.grant.failed" in terminal.table(*tail, env={"FORCE_COLOR": "1", "TERM": "xterm"})
    assert "\x1b[31m" not in terminal.table(*tail, env={"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": "1"})
