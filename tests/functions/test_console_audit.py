"""The console's audit log: what is proven, the records with their filters, one of them in full, exports."""

import hashlib
import json
import re
from base64 import b64encode
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from nightlatch.domain import export as domain
from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Source
from nightlatch.domain.body import BodyReference, body_of
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.tally import Tally
from nightlatch.services import exports as export_service
from tests.builders import (
    ADA,
    API,
    EVE,
    HOUR,
    IVO,
    MAYA,
    NOA,
    NOON,
    OMAR,
    ROBOT,
    World,
    a_call,
    a_definition,
    a_large_entry,
    an_entry_to_write,
)
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS

AUDIT = "/oversight/audit"


def signed_in(world: World, who: Principal) -> Browser:
    browser = Browser(world)
    browser.sign_in(who)
    return browser


@pytest.fixture
def ivo(world: World) -> Browser:
    """An auditor."""
    return signed_in(world, IVO)


def first_of(trail: list[LedgerEntry], event_type: str) -> LedgerEntry:
    return next(entry for entry in trail if entry.event_type == event_type)


@pytest.fixture
def trail(world: World) -> list[LedgerEntry]:
    """Noa approves role1 and Omar rejects spare00, a minute later each; a flow is changed."""
    world.events()
    world.clock.advance(timedelta(minutes=1))
    world.acquaintances.welcome(a_call(NOA))
    first = world.submitted("role1", "role3")
    world.events()
    world.clock.advance(timedelta(minutes=1))
    world.approvals.approve(first.id, a_call(NOA), reason="go ahead")
    world.events()
    second = world.submitted("spare00")
    world.approvals.reject(second.id, a_call(OMAR), reason="use the masked dataset")
    world.flows.put("orders-roles", a_definition(maximum=4 * HOUR), a_call(ADA), if_match=1)
    world.events()
    return list(world.store.ledger.values())


def seal(world: World) -> None:
    while world.sealing.seal_next():
        pass


def rows_of(page: Page) -> list[str]:
    """The records of a list, each as it is read."""
    found = re.findall(r'<tr id="row-.*?</tr>', page.html, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


def numbers(page: Page) -> list[int]:
    return [int(row.rpartition("#")[2]) for row in rows_of(page)]


def banner(page: Page) -> str:
    found = re.search(r'<section class="banner".*?</section>', page.html, re.DOTALL)
    assert found
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def verified(browser: Browser) -> Page:
    token = browser.get(AUDIT).field("form_token")
    return browser.post(f"{AUDIT}/verify", {"form_token": token})


def exported(browser: Browser, query: str = "", **fields: str) -> Page:
    token = browser.get(f"{AUDIT}/export{query}").field("form_token")
    return browser.post(f"{AUDIT}/export{query}", {"form_token": token, "format": "jsonl", **fields})


# Who may look


@pytest.mark.parametrize("path", ["", "/export", "/exports/exp_1", "/requests/req_1/card", "/x-1"])
@pytest.mark.parametrize("who", [EVE, MAYA, NOA])
def test_the_trail_is_for_administrators_and_auditors(world: World, who: Principal, path: str) -> None:
    """C5: others are refused every page of it."""
    assert signed_in(world, who).get(AUDIT + path).status == 403


@pytest.mark.parametrize("path", ["/verify", "/export"])
def test_others_may_not_check_or_export_it(world: World, path: str) -> None:
    """C5: with a form of their own neither."""
    eve = signed_in(world, EVE)
    token = eve.get("/").field("form_token")

    assert eve.post(AUDIT + path, {"form_token": token, "format": "csv"}).status == 403


@pytest.mark.parametrize("path", ["/verify", "/export"])
def test_a_form_of_another_site_or_without_the_token_is_refused(ivo: Browser, path: str) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}
    token = ivo.get(AUDIT).field("form_token")

    assert ivo.post(AUDIT + path, {"form_token": token, "format": "csv"}, headers=foreign).status == 403
    assert ivo.post(AUDIT + path, {"format": "csv"}).status == 403


# What is proven


def test_that_nothing_is_sealed_is_said(ivo: Browser, trail: list[LedgerEntry]) -> None:
    told = banner(ivo.get(AUDIT))

    assert told.startswith("Nothing is sealed yet")
    assert f"{len(trail)} records so far. Kept here for 90 days." in told


def test_that_it_is_sealed_but_was_not_checked_is_said(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    seal(world)

    told = banner(ivo.get(AUDIT))

    assert told.startswith("Sealed, not checked yet No self-check has come to its end yet.")
    assert f"{len(trail)} records so far, sealed up to #{len(trail)} (just now)." in told


def test_a_chain_that_was_checked_says_when_and_how_far(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    seal(world)
    world.self_check.run(has_time=lambda: True)
    world.events()
    world.clock.advance(timedelta(minutes=20))

    told = banner(ivo.get(AUDIT))

    last = len(trail)
    assert told.startswith(
        f"Chain verified #1 to #{last} have no gap and no change, checked 20 min ago against 1 seal."
    )
    assert f"sealed up to #{last} (20 min ago); the newest 2 are not sealed yet" in told


@pytest.mark.usefixtures("trail")
def test_a_self_check_that_does_not_come_to_its_end_is_said(world: World, ivo: Browser) -> None:
    seal(world)
    world.self_check.run(has_time=lambda: True)
    world.clock.advance(timedelta(days=4))
    ivo.sign_in(IVO)
    world.events()

    assert banner(ivo.get(AUDIT)).startswith("Sealing is overdue")
    seal(world)
    assert banner(ivo.get(AUDIT)).startswith("The self-check is overdue It last came to its end 4 d ago")


@pytest.mark.usefixtures("trail")
def test_what_does_not_hold_is_red_and_named(world: World, ivo: Browser) -> None:
    """I2: a row that is gone is told on the page."""
    seal(world)
    del world.store.ledger[3]
    world.self_check.run(has_time=lambda: True)

    page = ivo.get(AUDIT)

    assert banner(page).startswith("The trail does not hold")
    assert "Missing from record #3 on, in the ledger" in banner(page)
    assert "chip-red" in page.html


def test_verify_again_says_exactly_what_was_checked(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    seal(world)
    world.submitted("spare01")
    world.events()

    page = verified(ivo)

    assert page.status == 200
    last = len(trail)
    assert banner(page).startswith(f"The newest records hold #1 to #{last + 2} were hashed again just now")
    assert f"Up to #{last} they lead to what 1 seal says, whose signature was checked too" in banner(page)
    assert "the newest 2 are not sealed yet" in banner(page)


def test_verify_again_claims_no_seal_where_there_is_none(ivo: Browser, trail: list[LedgerEntry]) -> None:
    told = banner(verified(ivo))

    assert told.startswith(f"Chained, not sealed #1 to #{len(trail)} were hashed again just now")
    assert "No seal covers them yet, so nothing else proves them." in told


@pytest.mark.usefixtures("trail")
def test_verify_again_names_what_was_changed(world: World, ivo: Browser) -> None:
    """I2: a changed row is named."""
    seal(world)
    world.store.ledger[2] = world.store.ledger[2].model_copy(update={"description": "nothing happened"})

    told = banner(verified(ivo))

    assert told.startswith("The newest records do not hold")
    assert "#2: its content is not what its hash says" in told


@pytest.mark.usefixtures("trail")
def test_verify_again_says_when_it_could_not_be_checked(world: World, ivo: Browser) -> None:
    seal(world)
    world.evidence.is_down = True

    assert banner(verified(ivo)).startswith("It could not be checked The evidence cannot be reached: down.")


def test_where_nothing_is_recorded_that_is_said(ivo: Browser) -> None:
    assert "Nothing is recorded yet" in ivo.get(AUDIT).text
    assert banner(verified(ivo)).startswith("There was nothing to check")


# The list


def test_records_are_listed_newest_first_in_words(ivo: Browser, trail: list[LedgerEntry]) -> None:
    rows = rows_of(ivo.get(AUDIT))

    assert numbers(ivo.get(AUDIT)) == sorted((entry.seq for entry in trail), reverse=True)
    assert " A Ada flow / Orders roles " in rows[0]
    assert "Denied req_" in rows[1]
    assert "role / spare00 Omar rejected spare00 on orders: use the masked dataset API" in rows[2]
    assert any(row.startswith("22 Nov 12:02:00 , record ") for row in rows)


def test_rows_of_single_roles_are_told_apart(ivo: Browser, trail: list[LedgerEntry]) -> None:
    classes = [attrs["class"] for tag, attrs in ivo.get(AUDIT).elements if tag == "tr" and "id" in attrs]

    expected = ["role" if entry.scope == "role" else "" for entry in reversed(trail)]
    assert classes == expected
    assert classes.count("role") == 3


@pytest.mark.usefixtures("trail")
def test_the_zone_of_times_is_in_the_header(ivo: Browser) -> None:
    assert "Time ( UTC )" in ivo.get(AUDIT).text


def test_older_records_are_on_other_pages(world: World, ivo: Browser) -> None:
    world.events()
    before = len(world.store.ledger)
    for number in range(45 - before):
        world.store.record(an_entry_to_write(id=str(number)).event(by=ROBOT), origin=API)
    world.events()

    first = ivo.get(AUDIT)
    second = ivo.get(f"{AUDIT}?before=6")

    assert f'href="{AUDIT}?before=6"' in first.html
    assert (numbers(first)[0], numbers(first)[-1], numbers(second)) == (45, 6, [5, 4, 3, 2, 1])


@pytest.mark.parametrize("before", ["x", "-1", "9" * 16, "²"])
def test_a_place_that_is_no_number_is_refused(ivo: Browser, before: str) -> None:
    assert ivo.get(f"{AUDIT}?before={before}").status == 400


def test_a_request_is_a_link_whose_card_is_fetched_when_it_is_needed(ivo: Browser, trail: list[LedgerEntry]) -> None:
    request_id = first_of(trail, "access.requested").request_id
    page = ivo.get(f"{AUDIT}?request_id={request_id}")
    link = next(attrs for tag, attrs in page.elements if tag == "a" and "session" in attrs.get("class", ""))

    card = ivo.get(link["hx-get"])

    assert link["href"] == f"/requests/{request_id}"
    for told in ("Maya", "role1", "role3", "orders", "a customer cannot pay", "1 h, not granted"):
        assert told in card.text
    assert "<html" not in card.html


def test_the_card_of_a_request_that_is_not_known_says_so(ivo: Browser) -> None:
    assert "not known here" in ivo.get(f"{AUDIT}/requests/req_none/card").text


# Filters


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=Denied", {"access.role.rejected", "access.rejected"}),
        ("event_type=flow.updated", {"flow.updated"}),
        (f"actor={OMAR.id}", {"access.role.rejected", "access.rejected"}),
        ("severity=warning", {"access.role.rejected", "access.rejected"}),
        ("source=cli", set()),
        ("integration=hr-db", set()),
        ("resource=orders-roles", {"flow.updated"}),
        ("q=masked&severity=error", set()),
        ("q=SPARE00&state=Created", {"access.requested"}),
        ("integration=orders-db&state=Approved", {"access.approved", "access.role.approved"}),
        ("since=2026-11-22T12:02&state=Created", {"access.requested"}),
        ("until=2026-11-22T12:00", set()),
        ("since=2026-11-22T13:00&zone=Europe/Berlin&state=Changed", {"flow.updated"}),
        ("since=2026-11-22T14:00&zone=Europe/Berlin", set()),
        ("amount=1&unit=h&state=Changed", {"flow.updated"}),
    ],
)
def test_filters_are_combined(ivo: Browser, trail: list[LedgerEntry], query: str, found: set[str]) -> None:
    names = {entry.seq: entry.event_type for entry in trail}

    assert {names[number] for number in numbers(ivo.get(f"{AUDIT}?{query}"))} == found


def test_the_records_of_one_request_are_found(ivo: Browser, trail: list[LedgerEntry]) -> None:
    request_id = first_of(trail, "access.requested").request_id

    page = ivo.get(f"{AUDIT}?request_id={request_id}")

    assert numbers(page) == sorted((one.seq for one in trail if one.request_id == request_id), reverse=True) != []
    assert f'name="request_id" value="{request_id}"' in page.html


@pytest.mark.usefixtures("trail")
def test_the_times_of_the_filter_are_shown_in_the_zone_that_is_shown(ivo: Browser) -> None:
    """Asked for in Berlin's time, shown in the deployment's; a script may write it in the reader's own."""
    page = ivo.get(f"{AUDIT}?since=2026-11-22T13:00&zone=Europe/Berlin")

    [since, *_] = [attrs for _, attrs in page.elements if attrs.get("name") == "since"]
    assert (since["value"], since["data-at"]) == ("2026-11-22T12:00", "2026-11-22T12:00:00+00:00")


@pytest.mark.usefixtures("trail")
def test_links_keep_the_filters(ivo: Browser) -> None:
    page = ivo.get(f"{AUDIT}?state=Denied")

    [first, *_] = [attrs["href"] for _, attrs in page.elements if attrs.get("class") == "cover"]
    assert first.startswith(f"{AUDIT}?state=Denied&open=")
    assert f'action="{AUDIT}/export?state=Denied"' in page.html


@pytest.mark.parametrize(
    "query",
    [
        "state=Nonsense",
        "severity=loud",
        "source=pigeon",
        "since=yesterday",
        "zone=Mars/Olympus&since=2026-11-22T12:00",
        f"q={'x' * 201}",
        "&".join(f"actor={number}" for number in range(51)),
        "since=2026-11-23T12:00&until=2026-11-22T12:00",
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(ivo: Browser, query: str) -> None:
    """H1: nothing is looked through for it."""
    assert ivo.get(f"{AUDIT}?{query}").status == 400


@pytest.mark.usefixtures("trail")
def test_a_filter_that_finds_nothing_says_so(ivo: Browser) -> None:
    assert "No record of this time fits all of these filters" in ivo.get(f"{AUDIT}?q=nothing").text


# Reading is told


def test_reading_the_trail_is_told_once_for_a_while(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    ivo.get(f"{AUDIT}?severity=warning&before=9")
    ivo.get(AUDIT)
    ivo.get(f"{AUDIT}/{trail[0].id}")
    world.clock.advance(timedelta(minutes=10))
    world.tallying.tell()

    [told] = [entry for entry in world.events() if entry.event_type == "audit.read"]

    assert (told.actor.id, told.source, told.details["reads"]) == (IVO.id, Source.WEB, 3)
    assert told.details["queries"] == [AUDIT, f"{AUDIT}/{{entry_id}}", f"{AUDIT}?severity=warning"]


def test_what_cannot_be_told_is_not_shown(
    world: World, ivo: Browser, trail: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_tally: Tally) -> None:
        raise StoreUnavailableError("no tally can be counted")

    monkeypatch.setattr(world.store, "count", down)

    assert ivo.get(AUDIT).status == ivo.get(f"{AUDIT}/{trail[0].id}").status == 503


# One record


def test_one_record_is_shown_in_full(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    seal(world)
    entry = first_of(trail, "access.requested")

    page = ivo.get(f"{AUDIT}/{entry.id}")

    for told in (
        f"Record #{entry.seq}",
        "access.requested",
        "Its content gives its hash",
        entry.hash,
        entry.prev_hash,
        entry.id,
        "duration_seconds 3600",
        "justification a customer cannot pay",
        f"#1 to #{len(trail)}, sealed 22 Nov 2026",
        "The whole session",
    ):
        assert told in page.text
    assert f'href="/requests/{entry.request_id}"' in page.html


def test_the_panel_shows_the_record_beside_the_list(ivo: Browser, trail: list[LedgerEntry]) -> None:
    page = ivo.get(f"{AUDIT}?state=Denied&open={trail[0].id}")

    assert trail[0].hash in page.text
    assert f'href="{AUDIT}?state=Denied"' in page.html
    assert "Not sealed yet" in page.text


def test_a_record_that_is_gone_leaves_the_list_alone(ivo: Browser, trail: list[LedgerEntry]) -> None:
    assert ivo.get(f"{AUDIT}?open={trail[0].id[:-1]}99").status == 200
    assert ivo.get(f"{AUDIT}/{trail[0].id[:-1]}99").status == 404


def test_a_change_is_shown_before_and_after(ivo: Browser, trail: list[LedgerEntry]) -> None:
    text = ivo.get(f"{AUDIT}/{trail[-1].id}").text

    assert "What Before After grant.maximum PT8H PT4H" in text


def test_the_call_it_came_through_is_shown(world: World, ivo: Browser) -> None:
    call = {"method": "POST", "path": "/v1/access-requests", "query": "dry_run=true"}
    origin = Origin(source=Source.CLI, ip_address="203.0.113.24", user_agent="nightlatch/1.0", call=dict(call))
    world.store.record(an_event_of("flow.created"), origin=origin)

    [entry] = [one for one in world.events() if one.event_type == "flow.created"]
    text = ivo.get(f"{AUDIT}/{entry.id}").text

    assert "The call it came through method POST path /v1/access-requests query dry_run=true" in text
    assert "CLI, 203.0.113.24 nightlatch/1.0" in text


def an_event_of(name: str) -> AuditEvent:
    return AuditEvent(
        event_type=EventType(name),
        timestamp=NOON,
        actor=ADA.as_actor(),
        resource=ResourceReference(type="access_flow", id="f-1", name="Flow"),
        description="something happened",
    )


def test_a_record_whose_content_was_changed_is_shown_as_changed(
    world: World, ivo: Browser, trail: list[LedgerEntry]
) -> None:
    """I2: also one by one."""
    world.store.ledger[2] = trail[1].model_copy(update={"description": "nothing happened"})

    assert "Its content does not give its hash: it was changed" in ivo.get(f"{AUDIT}/{trail[1].id}").text


def test_a_large_record_is_shown_with_its_body(world: World, ivo: Browser) -> None:
    """I4: and cut where it is longer than anybody reads."""
    written = a_large_entry(90_000)
    content = body_of(written.details)
    reference = BodyReference.to(content, at=world.clock.now)
    world.evidence.put(reference.key, content)
    world.store.record(written.event(by=ROBOT, body=reference), origin=API)
    entry = world.events()[-1]

    page = ivo.get(f"{AUDIT}/{entry.id}")

    assert "xxxx… (" in page.text
    assert "Its content gives its hash" in page.text
    world.evidence.objects.clear()
    assert ivo.get(f"{AUDIT}/{entry.id}").status == 503


def test_a_record_is_shown_also_while_the_seals_cannot_be_read(
    world: World, ivo: Browser, trail: list[LedgerEntry]
) -> None:
    world.evidence.is_down = True

    assert "The seals cannot be read at the moment" in ivo.get(f"{AUDIT}/{trail[0].id}").text


# What somebody wrote is text


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_was_recorded_never_runs(world: World, ivo: Browser, script: str) -> None:
    """F2: in no field of a record, wherever it is shown."""
    details = {script: script, "reason": script, "items": [{"resource": script}], "before": script, "after": [script]}
    written = an_entry_to_write(
        description=script,
        details=details,
        request_id=script,
        integration=script,
        resource=ResourceReference(type=script, id=script, name=script),
        actor={"type": "user", "id": script, "name": script, "email": script},
    )
    world.store.record(written.event(by=ROBOT), origin=Origin(source=Source.API, user_agent=script, ip_address=script))
    entry = world.events()[-1]

    for page in (ivo.get(AUDIT), ivo.get(f"{AUDIT}/{entry.id}"), ivo.get(f"{AUDIT}?open={entry.id}")):
        assert page.status == 200
        assert_inert(page)


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_is_looked_for_never_runs(ivo: Browser, script: str) -> None:
    """F2: nor what stands in the address."""
    query = urlencode({"q": script, "actor": script, "request_id": script, "resource": script})
    assert_inert(ivo.get(f"{AUDIT}?{query}"))
    assert_inert(ivo.get(f"{AUDIT}/export?{query}"))


def assert_inert(page: Page) -> None:
    assert not [tag for tag, _ in page.elements if tag in {"img", "iframe"}]
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
    assert not [attrs for tag, attrs in page.elements if tag == "script" and "src" not in attrs]
    links = [attrs.get("href", "/") for tag, attrs in page.elements if tag == "a"]
    assert all(link.startswith(("/", "#")) for link in links)
    assert "\u202e" not in page.html


# Exports


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [("json", "application/json"), ("csv", "text/csv; charset=utf-8"), ("ocsf", "application/x-ndjson")],
)
@pytest.mark.usefixtures("trail")
def test_a_small_export_is_downloaded(ivo: Browser, format_: str, content_type: str) -> None:
    answer = exported(ivo, format=format_)

    digest = b64encode(hashlib.sha256(answer.html.encode()).digest()).decode()
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert re.fullmatch(
        r'attachment; filename="nightlatch-audit-20261122-exp_.*"', answer.headers["Content-Disposition"]
    )
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Cache-Control"] == "no-store"


def test_filters_count_when_they_are_included(ivo: Browser, trail: list[LedgerEntry]) -> None:
    everything = exported(ivo, "?state=Denied")
    filtered = exported(ivo, "?state=Denied", include_filters="yes")

    assert len(everything.html.splitlines()) == len(trail)
    assert {json.loads(line)["event_type"] for line in filtered.html.splitlines()} == {
        "access.role.rejected",
        "access.rejected",
    }
    assert "1 filter: state = Denied" in ivo.get(f"{AUDIT}/export?state=Denied").text


def test_the_times_of_an_export_are_those_of_its_form(ivo: Browser, trail: list[LedgerEntry]) -> None:
    early = exported(ivo, "?since=2026-11-22T13:00", since="", until="2026-11-22T13:02", zone="Europe/Berlin")

    expected = [entry.seq for entry in trail if entry.recorded_at < NOON + timedelta(minutes=2)]
    assert [json.loads(line)["seq"] for line in early.html.splitlines()] == expected != []
    assert len(expected) < len(trail)


def test_an_export_is_told(world: World, ivo: Browser, trail: list[LedgerEntry]) -> None:
    exported(ivo)

    told = world.events()[-1]
    assert (told.event_type, told.actor.id, told.details["rows"]) == ("audit.exported", IVO.id, len(trail))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": "docx"}, "Format choose one of the formats"),
        ({"since": "soon"}, "From is no date and time"),
        ({"since": "2026-11-23T00:00", "until": "2026-11-22T00:00"}, "From is after until"),
        ({"zone": "Mars/Olympus"}, "there is no time zone Mars/Olympus"),
    ],
)
def test_a_refused_export_says_why_and_keeps_what_was_chosen(ivo: Browser, fields: dict[str, str], said: str) -> None:
    answer = exported(ivo, "?q=maya", include_filters="yes", **fields)

    assert answer.status == 400
    assert said in answer.text
    assert re.search(r'name="include_filters"[^>]*checked', answer.html)


def test_too_much_at_once_is_refused_on_the_form(
    ivo: Browser, trail: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "MOST_ROWS", 3)

    answer = exported(ivo)

    assert answer.status == 400
    assert f"{len(trail)} entries are more than 3 at once" in answer.text


@pytest.fixture
def large(trail: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch) -> list[LedgerEntry]:
    """A trail that is too large for an answer."""
    monkeypatch.setattr(export_service, "MOST_ROWS_INLINE", 2)
    return trail


def test_a_large_export_is_a_job_with_progress_and_then_a_link(
    world: World, ivo: Browser, large: list[LedgerEntry]
) -> None:
    sent = exported(ivo)
    address = sent.headers["Location"]

    waiting = ivo.get(address)
    world.export_jobs.work_on(IVO.id, address.rpartition("/")[2], has_time=lambda: True)
    done = ivo.get(address)

    assert sent.status == 303
    assert "It waits for a worker" in waiting.text
    assert f"0 of {len(large)} records read" in waiting.text
    assert 'hx-trigger="every 2s"' in waiting.html
    assert "It is done Download the file Download its manifest" in done.text
    assert "hx-trigger" not in done.html.partition('id="job"')[2]
    assert f"Records {len(large)}" in done.text


@pytest.mark.usefixtures("large")
def test_too_many_exports_under_way_are_refused_on_the_form(ivo: Browser) -> None:
    """H2: the form says it."""
    for _ in range(5):
        assert exported(ivo).status == 303

    answer = exported(ivo)

    assert answer.status == 400
    assert "5 exports of yours are under way" in answer.text


@pytest.mark.usefixtures("large")
def test_an_export_is_its_owners_alone(world: World, ivo: Browser) -> None:
    """C1: somebody else's is as one that does not exist."""
    address = exported(ivo).headers["Location"]

    assert signed_in(world, ADA).get(address).status == 404


@pytest.mark.usefixtures("large")
def test_an_export_that_was_given_up_says_why(world: World, ivo: Browser) -> None:
    address = exported(ivo).headers["Location"]
    export = world.store.export(IVO.id, address.rpartition("/")[2])
    world.store.commit(export.failed("it was too large", at=world.clock.now), origin=API)

    assert "It was given up It was too large." in ivo.get(address).text
