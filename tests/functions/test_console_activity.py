"""The console's Activity: every request by every filter, one in the panel, several revoked at once, a report."""

import csv
import json
from datetime import timedelta
from io import StringIO
from urllib.parse import urlencode

import pytest

from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.console.oversight.activity import PAGE
from nightlatch.services import activity
from tests.builders import ADA, API, EVE, HOUR, IVO, MAYA, NOA, World, a_call, a_definition, a_flow
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

HERE = "/oversight/activity"


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


@pytest.fixture
def ivo(world: World) -> Browser:
    return signed_in(world, IVO)


def rows_of(page: Page) -> list[str]:
    """List the ids of the requests that are shown."""
    return [
        attributes["id"].removeprefix("row-") for tag, attributes in page.elements if tag == "tr" and "id" in attributes
    ]


def links_of(page: Page) -> list[str]:
    return [attributes["href"] for tag, attributes in page.elements if tag == "a" and "href" in attributes]


@pytest.mark.parametrize(
    "path", [HERE, f"{HERE}/figures", f"{HERE}/export", f"{HERE}/export/file", "/oversight/choices/person/x"]
)
def test_who_has_no_role_sees_none_of_it(world: World, path: str) -> None:
    page = signed_in(world, EVE).get(path)

    assert (page.status, "this is for admins or auditors only" in page.text.lower()) == (403, True)


def test_the_menu_leads_there_only_who_may_go(world: World, ivo: Browser) -> None:
    assert HERE in links_of(ivo.get("/"))
    assert HERE not in links_of(signed_in(world, EVE).get("/"))


def test_requests_are_shown_newest_first_with_what_matters_of_each(world: World, ada: Browser) -> None:
    first, second = world.granted("role1"), world.submitted("role3")

    page = ada.get(HERE)

    assert rows_of(page) == [second.id, first.id]
    for text in (
        "Maya",
        "maya@example.com",
        "orders",
        "Orders database",
        "role1",
        "Granted",
        "Waiting",
        "59 min left",
        "API",
    ):
        assert text in page.text


def test_without_requests_the_page_says_so_and_how_to_see_older_ones(world: World, ada: Browser) -> None:
    request = world.submitted("role1")
    world.clock.advance(timedelta(days=8))
    world.sweep(minutes=1)
    ada = signed_in(world, ADA)

    assert "No requests in the last seven days" in ada.get(HERE).text
    assert rows_of(ada.get(f"{HERE}?amount=all")) == [request.id]


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"status": "GRANTED"}, ["granted"]),
        ({"status": ["GRANTED", "PENDING"]}, ["waiting", "granted"]),
        ({"status": "REJECTED"}, ["rejected"]),
        ({"requester": MAYA.id}, ["waiting", "rejected", "granted"]),
        ({"requester": NOA.id}, []),
        ({"integration": "orders-db"}, ["waiting", "rejected", "granted"]),
        ({"integration": "other"}, []),
        ({"resource_type": "database"}, ["waiting", "rejected", "granted"]),
        ({"resource": "orders"}, ["waiting", "rejected", "granted"]),
        ({"permission": "role3"}, ["rejected"]),
        ({"flow": "orders-roles"}, ["waiting", "rejected", "granted"]),
        ({"source": "api"}, ["waiting", "rejected", "granted"]),
        ({"source": "web"}, []),
        ({"q": "ROLE3"}, ["rejected"]),
        ({"status": "GRANTED", "permission": "role3"}, []),
        ({"amount": "30", "unit": "m"}, ["waiting"]),
        ({"amount": "2", "unit": "h"}, ["waiting", "rejected", "granted"]),
        ({"since": "2026-11-22T13:00"}, ["waiting"]),
        ({"until": "2026-11-22T13:00"}, ["rejected", "granted"]),
        ({"until": "2026-11-22T14:00", "zone": "Europe/Berlin"}, ["rejected", "granted"]),
        ({"since": "2026-11-22T13:00", "zone": "Asia/Tokyo"}, ["waiting", "rejected", "granted"]),
    ],
)
def test_each_filter_leaves_what_fits(world: World, filters: dict[str, object], shown: list[str]) -> None:
    made = {"granted": world.granted("role1"), "rejected": world.submitted("role3")}
    world.approvals.reject(made["rejected"].id, a_call(NOA))
    world.clock.advance(HOUR - timedelta(minutes=1))
    world.sweep(minutes=0)
    world.clock.advance(timedelta(minutes=10))
    made["waiting"] = world.submitted("spare00")
    ada = signed_in(world, ADA)

    page = ada.get(f"{HERE}?{urlencode(filters, doseq=True)}")

    assert rows_of(page) == [made[name].id for name in shown]
    assert ("Nothing matches" in page.text) is not bool(shown)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("status=GONE", "status : cannot be GONE"),
        ("source=mail", "source : cannot be mail"),
        ("amount=x", "amount : must be a number"),
        ("amount=0", "amount : must be a number"),
        ("since=yesterday", "since : is no date and time"),
        ("until=2026-13-01T00:00", "until : is no date and time"),
        ("since=2026-11-23T00:00&until=2026-11-22T00:00", "since : is after until"),
        ("since=2026-11-22T00:00&zone=Mars", "zone : there is no time zone Mars"),
        ("amount=999999&unit=mo", "last : is out of range"),
        ("q=" + "x" * 201, "q : must not be longer than 200 characters"),
        ("requester=" + "x" * 201, "requester : must not be longer"),
        ("&".join(f"flow={number}" for number in range(51)), "flow : must not have more than 50 values"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named(ada: Browser, query: str, told: str) -> None:
    page = ada.get(f"{HERE}?{query}")

    assert (page.status, told in page.text) == (400, True), page.text


def test_what_is_chosen_is_told_by_name_and_in_blue(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(MAYA))

    page = ada.get(f"{HERE}?requester={MAYA.id}&status=GRANTED&status=PENDING&resource=gone")

    assert "Requester Maya" in page.text
    assert "Status 2" in page.text
    assert "Resource gone" in page.text
    assert "Clear" in page.text


def test_choices_are_found_by_typing_and_what_is_chosen_stays(world: World, ada: Browser) -> None:
    for one in (MAYA, NOA):
        world.acquaintances.note(a_call(one))

    page = ada.get(f"/oversight/choices/person/requester?find=NOA&requester={MAYA.id}")

    boxes = [attributes for tag, attributes in page.elements if tag == "input"]
    assert [(box["name"], box["value"], "checked" in box) for box in boxes] == [
        ("requester", MAYA.id, True),
        ("requester", NOA.id, False),
    ]


@pytest.mark.parametrize(
    ("kind", "find", "value"),
    [
        ("integration", "ORDERS", "orders-db"),
        ("flow", "roles", "orders-roles"),
        ("resource_type", "data", "database"),
        ("resource", "ord", "orders"),
        ("permission", "role3", "role3"),
    ],
)
def test_every_kind_of_choice_is_found(ada: Browser, kind: str, find: str, value: str) -> None:
    page = ada.get(f"/oversight/choices/{kind}/{kind}?find={find}")

    assert f'value="{value}"' in page.html


def test_there_are_no_choices_of_an_unknown_kind(ada: Browser) -> None:
    assert ada.get("/oversight/choices/secret/x").status == 404


def test_pages_lead_on_and_keep_the_filters(world: World, ada: Browser) -> None:
    made = [world.submitted(by=a_person) for a_person in _many(PAGE + 1)]

    first = ada.get(f"{HERE}?status=PENDING")
    [older] = [link for link in links_of(first) if "before=" in link]
    second = ada.get(older)

    assert rows_of(first) == [one.id for one in reversed(made[1:])]
    assert "status=PENDING" in older
    assert rows_of(second) == [made[0].id]
    assert f"{HERE}?status=PENDING" in links_of(second)


def _many(number: int) -> list[Principal]:
    return [MAYA.model_copy(update={"subject": f"maya-{each}"}) for each in range(number)]


def test_a_request_is_opened_beside_the_list(world: World, ada: Browser) -> None:
    request = world.granted("role1")
    world.events()

    page = ada.get(f"{HERE}?status=GRANTED&open={request.id}")

    assert rows_of(page) == [request.id]
    for text in (
        "Revoke access",
        "Session user",
        "Approved by Noa",
        "Expires and is revoked automatically",
        "a customer cannot pay",
    ):
        assert text in page.text
    assert f"{HERE}?status=GRANTED" in links_of(page)


def test_a_request_that_is_not_there_opens_nothing(ada: Browser) -> None:
    assert "Revoke access" not in ada.get(f"{HERE}?open=req_nothing").text


def test_an_administrator_revokes_from_the_panel(world: World, ada: Browser) -> None:
    request = world.granted("role1")
    page = ada.get(f"{HERE}?open={request.id}")

    after = ada.submit(page, f"{HERE}/revoke", id=request.id, back="panel", reason="ticket closed")

    assert after.status == 200
    assert "Ending" in after.text
    [event] = [each for each in world.events(request.id) if each.event_type == "access.revoking"]
    assert event.details["reason"] == "ticket closed"


def test_several_are_revoked_at_once_and_each_outcome_is_told(world: World, ada: Browser) -> None:
    granted, waiting = world.granted("role1"), world.submitted("role3")
    token = ada.get(HERE).field("form_token")

    page = ada.post(
        f"{HERE}/revoke", [("form_token", token), ("id", granted.id), ("id", waiting.id), ("reason", "leak")]
    )

    assert "Ending" in page.text
    assert "Not done" in page.text


def test_to_revoke_a_reason_is_needed(world: World, ada: Browser) -> None:
    request = world.granted("role1")
    page = ada.get(f"{HERE}?open={request.id}")

    after = ada.submit(page, f"{HERE}/revoke", id=request.id, back="panel", reason=" ")

    assert (after.status, "reason" in after.text) == (400, True)


def test_an_auditor_looks_but_revokes_nothing(world: World, ivo: Browser) -> None:
    request = world.granted("role1")
    page = ivo.get(f"{HERE}?open={request.id}")

    assert "Revoke access" not in page.text
    assert "several" not in {attributes.get("form") for _, attributes in page.elements}
    assert ivo.submit(page, f"{HERE}/revoke", id=request.id, reason="x").status == 403


def test_figures_count_what_is_and_what_was(world: World) -> None:
    world.granted("role1")
    world.approvals.reject(world.submitted("role3").id, a_call(NOA))
    world.submitted("spare00")

    page = signed_in(world, ADA).get(f"{HERE}/figures")

    assert "Active now 1 1 ending within the hour" in page.text
    assert "Waiting for review 1 oldest just now" in page.text
    assert "Median time to access 0 s" in page.text
    assert [attributes["class"] for tag, attributes in page.elements if tag == "rect"] == [
        "b-green",
        "b-amber",
        "b-red",
    ]


def test_figures_are_kept_for_a_minute_by_the_readers_own_browser(ada: Browser) -> None:
    headers = ada.get(f"{HERE}/figures").headers

    assert (headers["Cache-Control"], headers["Vary"]) == ("private, max-age=60", "HX-Request, Cookie")


def test_figures_say_when_there_is_more_than_they_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MOST_COUNTED", 1)
    world.submitted("role1")

    assert "the newest of them" in signed_in(world, ADA).get(f"{HERE}/figures").text


def test_time_to_access_is_compared_with_the_week_before(world: World) -> None:
    slow = world.approved("role1")
    world.clock.advance(timedelta(minutes=30, seconds=30))
    world.provisioning.advance(slow.id)
    world.clock.advance(timedelta(days=8))
    world.granted("role3")

    assert "30 min faster than last week" in signed_in(world, ADA).get(f"{HERE}/figures").text


def test_a_report_holds_what_the_list_shows(world: World, ivo: Browser) -> None:
    granted = world.granted("role1")
    world.submitted("role3")

    page = ivo.get(f"{HERE}/export/file?format=csv&include_filters=on&status=GRANTED")
    [row] = csv.DictReader(StringIO(page.html.encode("latin-1").decode("utf-8-sig")))

    assert page.headers["Content-Disposition"] == 'attachment; filename="nightlatch-activity-2026-11-22.csv"'
    assert (row["Request"], row["Status"], row["Approved by"], row["Permissions"]) == (
        granted.id,
        "GRANTED",
        "Noa",
        "role1",
    )
    assert row["Asked (UTC+00:00)"].startswith("2026-11-22 12:00:00")


def test_without_filters_a_report_holds_everything_of_its_time(world: World, ivo: Browser) -> None:
    world.granted("role1")
    world.submitted("role3")

    rows = json.loads(ivo.get(f"{HERE}/export/file?format=json&status=GRANTED").html)

    assert [row["Permissions"] for row in rows] == ["role3", "role1"]


def test_a_report_is_told(world: World, ivo: Browser) -> None:
    request = world.submitted("role1")
    ivo.get(f"{HERE}/export/file?format=csv")

    [event] = [each for each in world.events() if each.event_type == "report.generated"]

    assert {name: event.details[name] for name in ("rows", "first", "last")} == {
        "rows": 1,
        "first": request.id,
        "last": request.id,
    }
    assert event.actor.name == "Ivo"


def test_a_report_of_too_many_is_refused_not_cut(world: World, ivo: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MOST_REPORTED", 1)
    world.submitted("role1")
    world.submitted("role3")

    page = ivo.get(f"{HERE}/export/file?format=csv")

    assert (page.status, "choose a shorter time" in page.text) == (400, True)
    assert "report.generated" not in world.told()


def test_a_report_has_a_known_format(ivo: Browser) -> None:
    assert "format : must be csv or json" in ivo.get(f"{HERE}/export/file?format=exe").text


def test_cells_that_look_like_formulas_are_guarded(world: World, ivo: Browser) -> None:
    request = world.submitted("role1")
    world.store.commit(Change(request.changed(justification="=1+1")), origin=API)

    assert ",'=1+1," in ivo.get(f"{HERE}/export/file?format=csv").html


def test_a_view_is_kept_offered_and_removed(ada: Browser) -> None:
    shown = ada.submit(
        ada.get(f"{HERE}?status=GRANTED"), "/oversight/views", name="Held", address=f"{HERE}?status=GRANTED"
    )
    assert f"{HERE}?status=GRANTED" in links_of(shown)
    assert "Held" in ada.get(HERE).text

    ada.submit(shown, "/oversight/views/remove", name="Held", back=HERE)

    assert "Held" not in ada.get(HERE).text


def test_views_are_ones_own(ada: Browser, ivo: Browser) -> None:
    ada.submit(ada.get(HERE), "/oversight/views", name="Mine", address=HERE)

    assert "Mine" not in ivo.get(HERE).text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "", "address": HERE}, "name : must have 1 to 60 characters"),
        ({"name": "x" * 61, "address": HERE}, "name : must have 1 to 60 characters"),
        ({"name": "x", "address": "https://evil.example.com/"}, "address : is not that of a list"),
        ({"name": "x", "address": f"{HERE}?q={'x' * 4001}"}, "address : has too many filters"),
    ],
)
def test_a_view_that_cannot_be_kept_is_refused(ada: Browser, fields: dict[str, str], told: str) -> None:
    page = ada.submit(ada.get(HERE), "/oversight/views", **fields)

    assert (page.status, told in page.text) == (400, True)


def test_nobody_keeps_views_without_end(ada: Browser) -> None:
    page = ada.get(HERE)
    answers = [ada.submit(page, "/oversight/views", name=f"view {number}", address=HERE) for number in range(21)]

    assert [answer.status for answer in answers] == [200] * 20 + [400]


@pytest.mark.parametrize("text", SCRIPTS)
def test_what_people_write_is_only_ever_text(world: World, ada: Browser, text: str) -> None:
    """F2: in the list, in the panel, in what a filter chose, and in the name of a view."""
    world.store.commit(Change(a_flow().changed(definition=a_definition(name=text))), origin=API)
    request = world.submitted("role1")
    world.store.commit(Change(request.changed(justification=text)), origin=API)
    ada.submit(ada.get(HERE), "/oversight/views", name=text, address=HERE)

    page = ada.get(f"{HERE}?open={request.id}&{urlencode({'resource': text, 'amount': 'all'})}")

    assert " ".join(text.split()).replace("\u202e", "\ufffd") in page.text
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed"}
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "/")[0] in "/#"
