"""The console's pages of anomalies: what was found, why, and what administrators make of it."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.anomaly import (
    Anomaly,
    AnomalySeverity,
    AnomalyState,
    AnomalyType,
    Evidence,
    NamedFlow,
    NamedResource,
)
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal
from tests.builders import ADA, API, IVO, MAYA, NOA, NOON, World, a_call, an_anomaly
from tests.functions.browser import HERE, Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

ANOMALIES = "/oversight/anomalies"
DAY = timedelta(days=1)
NOT_MEASURED = "\N{EN DASH}"


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


@pytest.fixture
def ivo(world: World) -> Browser:
    return signed_in(world, IVO)


def keep(world: World, *anomalies: Anomaly) -> None:
    for anomaly in anomalies:
        world.store.commit(Change(anomaly), origin=API)


def found(world: World, name: str = "first", **fields: object) -> Anomaly:
    """Let something be found."""
    anomaly = an_anomaly(name, **fields)  # type: ignore[arg-type]  # the finding's fields
    keep(world, anomaly)
    return anomaly


def found_of_granted(world: World, **fields: object) -> Anomaly:
    """Grant a request, and let something be found about it."""
    request = world.granted("role1")
    return found(world, "first", request_id=request.id, requester=MAYA.as_person(), **fields)


def shown(page: Page, *reasons: str) -> list[str]:
    """List which of these a page shows, in its order."""
    places = {reason: page.text.find(f"Something about {reason}") for reason in reasons}
    return sorted((reason for reason, place in places.items() if place >= 0), key=lambda reason: places[reason])


def act(browser: Browser, anomaly: Anomaly, deed: str, **fields: str) -> Page:
    """Press a button of an anomaly's page, and go where that leads."""
    return browser.submit(browser.get(f"{ANOMALIES}/{anomaly.id}"), f"{ANOMALIES}/{anomaly.id}/{deed}", **fields)


def test_nothing_that_stands_out_is_said_so(ada: Browser) -> None:
    assert "Nothing stands out" in ada.get(ANOMALIES).text


def test_an_anomaly_is_listed_with_what_who_where_and_when(world: World, ivo: Browser) -> None:
    found(
        world,
        type=AnomalyType.HIGH_RISK_ACCESS,
        severity=AnomalySeverity.HIGH,
        requester=MAYA.as_person(),
        resources=(NamedResource(type="database", id="db-1", name="orders", permission="owner"),),
        integration="orders-db",
    )

    text = ivo.get(ANOMALIES).text

    assert "High Request high risk access Something about first M Maya maya@example.com orders owner orders-db" in text
    assert "Open 22 Nov 12:00 just now" in text


def test_the_latest_detected_is_first(world: World, ivo: Browser) -> None:
    keep(world, an_anomaly("old", at=NOON - 2 * DAY), an_anomaly("new"), an_anomaly("middle", at=NOON - DAY))

    assert shown(ivo.get(ANOMALIES), "old", "new", "middle") == ["new", "middle", "old"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["fourth", "third", "second", "first"]),
        ("type=high_risk_access", ["first"]),
        ("type=high_risk_access&type=alert_rule", ["first"]),
        ("severity=high&severity=low", ["fourth", "first"]),
        ("state=resolved", ["fourth"]),
        ("resource_type=database&resource_type=schema", ["third", "second"]),
        ("resource=s-1", ["third"]),
        (f"requester={NOA.id}", ["third"]),
        ("integration=orders-db", ["second"]),
        ("q=OWNER", ["third"]),
        ("amount=36&unit=h", ["fourth", "third"]),
        ("when=absolute&since=2026-11-20T00:00&until=2026-11-21T00:00", ["second"]),
        ("state=open&severity=medium&resource_type=schema", ["third"]),
    ],
)
def test_each_filter_takes_several_values_and_goes_with_the_others(
    world: World, ivo: Browser, query: str, names: list[str]
) -> None:
    orders = (NamedResource(type="database", id="db-1", name="orders", permission="read"),)
    payroll = (NamedResource(type="schema", id="s-1", name="payroll", permission="owner"),)
    keep(
        world,
        an_anomaly("first", at=NOON - 3 * DAY, type=AnomalyType.HIGH_RISK_ACCESS, severity=AnomalySeverity.HIGH),
        an_anomaly("second", at=NOON - 2 * DAY, resources=orders, integration="orders-db"),
        an_anomaly("third", at=NOON - DAY, resources=payroll, requester=NOA.as_person()),
        an_anomaly("fourth", severity=AnomalySeverity.LOW).model_copy(update={"state": AnomalyState.RESOLVED}),
    )

    assert shown(ivo.get(f"{ANOMALIES}?{query}"), "first", "second", "third", "fourth") == names


@pytest.mark.parametrize("query", ["type=none", "severity=grave", "state=gone", "amount=x", "since=yesterday"])
def test_what_cannot_be_looked_for_is_refused(ivo: Browser, query: str) -> None:
    assert ivo.get(f"{ANOMALIES}?{query}").status == 400


def test_filters_that_fit_nothing_can_be_cleared(world: World, ivo: Browser) -> None:
    found(world)
    page = ivo.get(f"{ANOMALIES}?state=resolved")

    assert "Nothing matches" in page.text
    assert f'href="{ANOMALIES}"' in page.html


def test_many_are_shown_a_page_at_a_time(world: World, ivo: Browser) -> None:
    keep(world, *(an_anomaly(f"n{number:02}", at=NOON - number * DAY) for number in range(27)))

    first = ivo.get(ANOMALIES)
    [older] = [own["href"] for _, own in first.elements if own.get("rel") == "next"]
    second = ivo.get(older)

    assert (first.html.count('id="row-'), second.html.count('id="row-')) == (25, 2)
    assert 'rel="next"' not in second.html


def test_the_panel_says_what_was_found_why_and_what_to_do(world: World, ivo: Browser) -> None:
    evidence = Evidence(
        entries=("gone",),
        values={"last_request_at": None, "days": 120, "items": [{"permission": "owner", "elevated_by": "owner"}]},
        thresholds={"days": 90, "exempt": ["robot", "cron"]},
    )
    anomaly = found(
        world,
        evidence=evidence,
        recommended=("Validate that the person should be granted access.",),
        flow=NamedFlow(id="orders-roles", name="Orders roles", version=3),
        request_id="req_gone",
        integration="orders-db",
    )

    page = ivo.get(f"{ANOMALIES}?open={anomaly.id}")

    panel = page.text.partition("Alert details")[2]
    assert "Inactive user detected Medium Open detected 22 Nov 2026 12:00:00 Something about first." in panel
    assert "Recommended Validate that the person should be granted access." in panel
    assert "Days 120 90" in panel
    assert f"Last request at none {NOT_MEASURED}" in panel
    assert f"Items permission owner, elevated by owner {NOT_MEASURED}" in panel
    assert f"Exempt {NOT_MEASURED} robot, cron" in panel
    assert "1 event is kept no longer." in panel
    assert 'href="/oversight/activity?open=req_gone"' in page.html
    assert 'href="/configuration/flows/orders-roles"' in page.html
    assert f'id="row-{anomaly.id}" aria-selected="true"' in page.html


def test_the_events_that_it_rests_on_are_shown_and_lead_to_the_trail(world: World, ivo: Browser) -> None:
    world.submitted("role1")
    [anomaly] = world.detected()

    page = ivo.get(f"{ANOMALIES}/{anomaly.id}")

    [entry] = anomaly.finding.evidence.entries
    assert f'href="/oversight/audit/{entry}"' in page.html
    assert "Asked for 22 Nov 12:00:00 Maya asked for role1 on orders" in page.text


def test_that_its_records_were_read_is_counted(world: World, ivo: Browser) -> None:
    world.submitted("role1")
    [anomaly] = world.detected()

    ivo.get(f"{ANOMALIES}/{anomaly.id}")
    world.clock.advance(timedelta(minutes=10))
    world.tallying.tell()

    assert "audit.read" in [entry.event_type for entry in world.events()]


@pytest.mark.parametrize("path", [f"{ANOMALIES}?open=ano_none", f"{ANOMALIES}?open=../x"])
def test_what_is_kept_no_longer_opens_no_panel(world: World, ivo: Browser, path: str) -> None:
    found(world)
    page = ivo.get(path)

    assert (page.status, "Alert details" in page.text) == (200, False)


def test_an_unknown_anomaly_has_no_page(ivo: Browser) -> None:
    assert ivo.get(f"{ANOMALIES}/ano_none").status == 404


def test_an_administrator_acknowledges_with_a_note_if_they_like(world: World, ada: Browser) -> None:
    anomaly = found(world)

    page = act(ada, anomaly, "acknowledge", note="asked Maya")

    assert "Acknowledged 22 Nov 12:00:00 Ada asked Maya Detected" in page.text
    assert ">Acknowledge<" not in page.html
    assert world.anomaly_desk.show(anomaly.id).anomaly.note == "asked Maya"


def test_an_administrator_resolves_it_with_what_came_of_it(world: World, ada: Browser) -> None:
    anomaly = found(world)
    act(ada, anomaly, "acknowledge")

    page = act(ada, anomaly, "resolve", note="on leave until Monday")
    world.events()
    told = ada.get(f"{ANOMALIES}/{anomaly.id}")

    assert "Resolved 22 Nov 12:00:00 Ada on leave until Monday" in page.text
    assert "Resolved 22 Nov 12:00:00 Ada on leave until Monday Acknowledged 22 Nov 12:00:00 Ada Detected" in told.text
    assert "What comes of it" not in told.text


def test_an_administrator_revokes_the_access_and_says_why(world: World, ada: Browser) -> None:
    anomaly = found_of_granted(world)
    assert "Revoke access" in ada.get(f"{ANOMALIES}/{anomaly.id}").text

    page = act(ada, anomaly, "revoke", reason="nobody knows why")

    assert world.store.request(str(anomaly.finding.request_id)).status is Status.REVOKING
    assert "Revoke access" not in page.text


def test_what_is_not_granted_cannot_be_revoked(world: World, ada: Browser) -> None:
    request = world.submitted("role1")
    anomaly = found(world, request_id=request.id)

    assert "Revoke access" not in ada.get(f"{ANOMALIES}/{anomaly.id}").text
    assert act(ada, anomaly, "revoke", reason="now").status == 409


@pytest.mark.parametrize(
    ("deed", "fields", "said"),
    [
        ("resolve", {"note": ""}, "Say what came of it."),
        ("resolve", {"note": "  "}, "Say what came of it."),
        ("resolve", {"note": "x" * 1001}, "Must not have more than 1000 characters."),
        ("acknowledge", {"note": "x" * 1001}, "Must not have more than 1000 characters."),
        ("revoke", {"reason": ""}, "Say why the access ends."),
        ("revoke", {"reason": "y" * 1001}, "Must not have more than 1000 characters."),
    ],
)
def test_what_is_wrong_of_a_form_is_said_at_its_field_and_what_was_typed_stays(
    world: World, ada: Browser, deed: str, fields: dict[str, str], said: str
) -> None:
    anomaly = found_of_granted(world)

    page = act(ada, anomaly, deed, **fields)

    [(name, typed)] = fields.items()
    assert (page.status, said in page.text) == (400, True)
    assert f'aria-describedby="fault-{name}"' in page.html
    assert typed.strip() in page.html
    assert world.anomaly_desk.show(anomaly.id).anomaly.state is AnomalyState.OPEN


def test_a_form_of_the_panel_leads_back_to_the_list_with_its_filters(world: World, ada: Browser) -> None:
    anomaly = found(world)
    there = f"{ANOMALIES}?severity=medium&open={anomaly.id}"
    page = ada.get(there)
    assert page.field("back") == there

    fields = {"form_token": page.field("form_token"), "back": page.field("back")}
    assert ada.post(f"{ANOMALIES}/{anomaly.id}/acknowledge", fields).headers["Location"] == there


@pytest.mark.parametrize("back", ["https://evil.example.com/", "//evil.example.com", "/auth/logout", "/approvals"])
def test_a_form_leads_nowhere_else(world: World, ada: Browser, back: str) -> None:
    anomaly = found(world)
    token = ada.get(f"{ANOMALIES}/{anomaly.id}").field("form_token")

    answer = ada.post(f"{ANOMALIES}/{anomaly.id}/acknowledge", {"form_token": token, "back": back})

    assert answer.headers["Location"] == f"{ANOMALIES}/{anomaly.id}"


def test_a_button_that_is_pressed_twice_does_it_once(world: World, ada: Browser) -> None:
    anomaly = found(world)
    page = ada.get(f"{ANOMALIES}/{anomaly.id}")
    fields = {"form_token": page.field("form_token"), "once": f"acknowledge-{anomaly.id}-{anomaly.version}"}
    assert f'name="once" value="{fields["once"]}"' in page.html

    answers = [ada.post(f"{ANOMALIES}/{anomaly.id}/acknowledge", fields) for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]


def test_what_somebody_else_decided_meanwhile_is_told_kindly(world: World, ada: Browser) -> None:
    anomaly = found(world)
    world.anomaly_desk.resolve(anomaly.id, a_call(ADA), note="done")

    answer = act(ada, anomaly, "resolve", note="mine")

    assert (answer.status, "resolved already" in answer.text) == (409, True)


@pytest.mark.parametrize("deed", ["acknowledge", "resolve", "revoke"])
def test_an_auditor_looks_only(world: World, ivo: Browser, deed: str) -> None:
    anomaly = found_of_granted(world)
    for path in (f"{ANOMALIES}/{anomaly.id}", f"{ANOMALIES}?open={anomaly.id}"):
        page = ivo.get(path)
        assert "Something about first" in page.text
        assert f'action="{ANOMALIES}/' not in page.html

    fields = {"form_token": page.field("form_token"), "note": "x", "reason": "x"}
    assert ivo.post(f"{ANOMALIES}/{anomaly.id}/{deed}", fields).status == 403


@pytest.mark.parametrize("who", [MAYA, NOA])
@pytest.mark.parametrize("path", [ANOMALIES, f"{ANOMALIES}/count", f"{ANOMALIES}/ano_1"])
def test_nobody_else_is_told_that_somebody_stands_out(world: World, who: Principal, path: str) -> None:
    found(world)
    browser = signed_in(world, who)

    assert browser.get(path).status == 403
    assert "/oversight/" not in browser.get("/").html


FORGED: list[Callable[[str], dict[str, object]]] = [
    lambda _token: {"fields": {"note": "x"}},
    lambda _token: {"fields": {"note": "x", "form_token": "another"}},
    lambda token: {"fields": {"note": "x", "form_token": token}, "headers": {**HERE, "sec-fetch-site": "cross-site"}},
]


@pytest.mark.parametrize("forged", FORGED, ids=["no token", "another token", "from elsewhere"])
def test_a_form_that_is_not_ours_is_refused(
    world: World, ada: Browser, forged: Callable[[str], dict[str, object]]
) -> None:
    anomaly = found(world)
    token = ada.get(f"{ANOMALIES}/{anomaly.id}").field("form_token")

    assert ada.post(f"{ANOMALIES}/{anomaly.id}/resolve", **forged(token)).status == 403  # type: ignore[arg-type]
    assert world.anomaly_desk.show(anomaly.id).anomaly.state is AnomalyState.OPEN


def test_the_menu_counts_what_nobody_has_looked_at(world: World, ivo: Browser) -> None:
    keep(world, an_anomaly("one"), an_anomaly("two"))
    world.anomaly_desk.acknowledge(found(world, "three").id, a_call(ADA))

    count = ivo.get(f"{ANOMALIES}/count")

    assert f'hx-get="{ANOMALIES}/count"' in ivo.get("/").html
    assert count.text == "2 open"
    assert count.headers["Cache-Control"] == "private, max-age=30"


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_wrote_is_shown_and_never_run(world: World, ada: Browser, script: str) -> None:
    """F2: scripts and markup in names, reasons, evidence and notes, before administrators."""
    anomaly = found(
        world,
        reason=script,
        recommended=(script,),
        requester=MAYA.as_person().model_copy(update={"name": script, "email": script}),
        resources=(NamedResource(type=script, id=script, name=script, permission=script),),
        integration=script,
        flow=NamedFlow(id="orders-roles", name=script, version=1),
        rule=script,
        evidence=Evidence(entries=(), values={script: script, "list": [{"name": script}]}, thresholds={"at": [script]}),
    )
    pages = [ada.get(f"{ANOMALIES}?open={anomaly.id}&q={quote(script)}"), ada.get(f"{ANOMALIES}?open={anomaly.id}")]
    pages.append(act(ada, anomaly, "acknowledge", note=script))

    assert " ".join(script.split()).replace("\u202e", "\ufffd") in pages[-1].text
    for page in pages:
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe", "object", "embed"}
            assert not any(name.startswith("on") for name in attributes)
            assert attributes.get("href", "/")[0] in "/#"
            assert tag != "script" or attributes["src"].startswith("/static/")
            assert attributes.get("hx-get", "/")[0] == "/"
            assert "evil" not in attributes.get("hx-get", "") or attributes["hx-get"].startswith(ANOMALIES)
