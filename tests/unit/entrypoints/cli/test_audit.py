"""Reading the trail."""

import json
from pathlib import Path
from typing import Any

import httpx

from nightlatch.entrypoints.cli.session import Stack
from nightlatch.entrypoints.local.facts import DatabaseFacts, StackFacts
from tests.unit.entrypoints.cli.fake_api import REQUEST_ID, FakeApi, a_feed, an_event, problem
from tests.unit.entrypoints.cli.terminal import Terminal

ISSUER = "http://127.0.0.1:9/pool"


def facts_of(port: int) -> StackFacts:
    """Say where the local stack answers."""
    pages = dict.fromkeys(("browser_url", "login_url", "sign_in_page", "emulator_url"), "http://127.0.0.1:9/")
    names = dict.fromkeys(("user_pool_id", "stack", "state_table", "ledger_table"), "x")
    return StackFacts(
        api_url=f"http://127.0.0.1:{port}",
        issuer=ISSUER,
        client_id="cli",
        database=DatabaseFacts(host="127.0.0.1", port=1, name="demo"),
        **pages,
        **names,
    )


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


def test_every_filter_of_the_list_has_an_option(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [], "next_cursor": None})
    terminal.json(
        "audit", "list", "--resource", "orders,billing", "--integration", "orders-db", "--source", "WEB,cli",
        "-q", "pay roll", "--offset", "5", "--cursor", "abc",
    )  # fmt: skip
    asked = {"resource": ["orders", "billing"], "integration": ["orders-db"], "source": ["web", "cli"]}
    rest = {"q": ["pay roll"], "limit": ["50"], "offset": ["5"], "cursor": ["abc"]}
    assert api.query("/v1/audit/entries") == {**asked, **rest}


def test_one_event_is_shown_whole(terminal: Terminal, api: FakeApi) -> None:
    more: dict[str, Any] = {
        "resource": {"type": "request", "id": REQUEST_ID, "name": "role1 on orders"}, "integration": "orders-db",
        "details": {"n": 1}, "source": "web", "ip_address": "192.0.2.50", "user_agent": None,
        "recorded_at": "2026-11-22T13:23:06.000Z", "hash": "beef",
    }  # fmt: skip
    api.on("GET", "/v1/audit/entries/evt-7", an_event(7, **more))
    assert terminal.json("audit", "show", "evt-7")["details"] == {"n": 1}
    shown = " ".join(terminal.table("audit", "show", "evt-7").split())
    for part in ("evt-7 Event access.requested", f"(request {REQUEST_ID})", "web 192.0.2.50", '{"n": 1}', "beef"):
        assert part in shown


def test_statistics_count_every_page_and_say_that_it_was_all(terminal: Terminal, api: FakeApi) -> None:
    first = {"entries": [an_event(3), an_event(2, "flow.updated", severity="warning")], "next_cursor": "c1"}
    api.on("GET", "/v1/audit/entries", first, {"entries": [an_event(1)], "next_cursor": None})
    counts = terminal.json("audit", "stats", "--last", "7d")
    assert counts == {
        "counted": 3,
        "is_complete": True,
        "event_type": {"access.requested": 2, "flow.updated": 1},
        "severity": {"info": 2, "warning": 1},
        "actor": {"usr_maya": 3},
    }
    assert api.query("/v1/audit/entries") == {"last": ["7d"], "limit": ["1000"], "cursor": ["c1"]}


def test_statistics_stop_at_a_number_and_say_that_there_is_more(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [an_event(9), an_event(8)], "next_cursor": "c1"})
    shown = " ".join(terminal.table("audit", "stats", "--most", "4").split())
    assert "4 events, the newest; there may be more: --most" in shown
    assert "event_type access.requested 4" in shown
    assert [call.url.params["limit"] for call in api.sent("GET", "/v1/audit/entries")] == ["4", "2"]


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


def test_the_tail_is_filtered_by_the_api_and_by_severity_here(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit", a_feed(an_event(1), an_event(2, "access.rejected", severity="warning")))
    result = terminal.run(
        "audit", "tail", "--from", "evt-1", "--once", "--severity", "warning,error",
        "--type", "access.requested,access.rejected", "--actor", "usr_a", "--actor", "usr_b",
    )  # fmt: skip
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2]
    query = {"from": ["evt-1"], "type": ["access.requested", "access.rejected"], "actor": ["usr_a", "usr_b"]}
    assert api.query("/v1/audit") == {**query, "limit": ["100"]}


def test_the_tail_of_what_is_wanted_goes_on_from_the_newest_of_all(terminal: Terminal, api: FakeApi) -> None:
    newest, past = {"entries": [an_event(9)]}, {"entries": [an_event(10), an_event(3), an_event(2)]}
    api.on("GET", "/v1/audit/entries", newest, past)
    api.on("GET", "/v1/audit", a_feed(an_event(10)))
    result = terminal.run("audit", "tail", "-n", "3", "--once", "--type", "access.requested", "--severity", "info")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2, 3, 10]
    asked = {"event_type": ["access.requested"], "severity": ["info"], "limit": ["3"]}
    assert api.query("/v1/audit/entries") == asked
    assert api.query("/v1/audit")["from"] == ["evt-9"]


def test_the_tail_survives_a_restart_and_loses_nothing(terminal: Terminal, api: FakeApi) -> None:
    gateway = [httpx.Response(status, json={"message": "no"}) for status in (502, 503, 504, 500, 429)]
    outage = (
        [httpx.ConnectError("refused")] * 9 + gateway + [httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")]
    )
    pages = [a_feed(an_event(number), after=f"c{number}", has_more=number < 4) for number in (1, 2, 3, 4)]
    answers = [answer for page in pages for answer in (*outage, page)]
    api.on("GET", "/v1/audit", *answers, KeyboardInterrupt())
    result = terminal.run("audit", "tail", "--from", "evt-1")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [1, 2, 3, 4]
    asked = dict.fromkeys(call.url.params["from"] for call in api.sent("GET", "/v1/audit"))
    assert list(asked) == ["evt-1", "c1", "c2", "c3", "c4"]


def test_a_tail_that_is_refused_says_how_it_goes_on(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit", a_feed(an_event(1), an_event(2)), problem(403, "not-allowed", "No longer an auditor"))
    result = terminal.run("audit", "tail", "--from", "evt-1")
    assert result.exit_code == 1
    assert "audit tail --from evt-2" in result.stderr


def test_a_tail_that_never_began_has_nothing_to_go_on_with(terminal: Terminal, api: FakeApi) -> None:
    api.on("GET", "/v1/audit/entries", {"entries": [], "next_cursor": None})
    api.on("GET", "/v1/audit", problem(403, "not-allowed", "No auditor"))
    assert "goes on" not in terminal.run("audit", "tail").stderr


def test_the_tail_finds_a_local_stack_that_has_moved(outsider: Terminal, api: FakeApi, tmp_path: Path) -> None:
    facts_of(1000).write(tmp_path / "stack.json")
    outsider.sign_in("maya", stack=Stack(api_url="", issuer=ISSUER, client_id="cli", home=str(tmp_path)))
    outsider.while_asleep = lambda: facts_of(2000).write(tmp_path / "stack.json")
    api.on("GET", "/v1/audit", *[httpx.ConnectError("refused")] * 4, a_feed(an_event(1)))
    result = outsider.run("audit", "tail", "--from", "evt-1", "--once")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [1]
    assert [call.url.port for call in api.sent("GET", "/v1/audit")] == [1000] * 4 + [2000]


def test_the_tail_polls_on_and_survives_an_outage(terminal: Terminal, api: FakeApi) -> None:
    outage = [httpx.ConnectError("refused")] * 5
    api.on("GET", "/v1/audit", a_feed(an_event(1)), *outage, a_feed(an_event(2), after="c2"), KeyboardInterrupt())
    result = terminal.run("audit", "tail", "--from", "evt-1")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [1, 2]
    assert result.exit_code == 130
    assert "trying again in 3 s" in result.stderr
    assert "It goes on with: nightlatch audit tail --from evt-2" in result.stderr
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
