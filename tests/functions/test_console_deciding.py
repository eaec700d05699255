"""The console's page of approvals: what waits for me, what I need to know of it, and my word on it."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.access_request import Status
from nightlatch.domain.anomaly import Anomaly, AnomalySeverity
from nightlatch.domain.change import Change
from tests.builders import (
    ADA,
    API,
    EVE,
    MAYA,
    NOA,
    OMAR,
    World,
    a_call,
    a_definition,
    a_flow,
    a_principal,
    a_resource,
    an_anomaly,
)
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in


@pytest.fixture
def noa(world: World) -> Browser:
    return signed_in(world, NOA)


def decide(browser: Browser, request_id: str, verdict: str, *fields: tuple[str, str]) -> Page:
    page = browser.get(f"/requests/{request_id}")
    return browser.post(f"/requests/{request_id}/{verdict}", [("form_token", page.field("form_token")), *fields])


def test_nothing_that_waits_is_said_so(noa: Browser) -> None:
    assert "Nothing waits for you" in noa.get("/approvals").text


def test_what_waits_tells_who_what_why_and_for_how_long(world: World, noa: Browser) -> None:
    world.submitted("role1", "role3")

    text = noa.get("/approvals").text

    assert "Maya maya@example.com" in text
    assert "a customer cannot pay" in text
    assert "role1 on orders, role3 on orders" in text
    assert "1 h Orders database · Orders roles · lapses" in text
    assert "Decide on each of 2 items" in text


def test_what_is_risky_is_said_with_why(world: World, noa: Browser) -> None:
    resource = a_resource("orders", "orders_admin", tags=["prod"])
    world.store.replace_resources("orders-db", [resource])
    world.submitted("orders_admin")
    text = noa.get("/approvals").text

    assert "Elevated : orders_admin contains admin" in text
    assert "Sensitive : orders or its tags contain prod" in text


def test_what_is_not_risky_is_not_said_to_be(world: World, noa: Browser) -> None:
    world.submitted("role1")
    assert "Elevated" not in noa.get("/approvals").text


def test_what_came_of_former_requests_is_told(world: World, noa: Browser) -> None:
    world.granted("role1")
    world.approvals.reject(world.submitted("role3").id, a_call(NOA))
    world.submitted("spare00")

    text = noa.get("/approvals").text

    assert "2 requests before: 1 granted, 1 rejected: the last rejected just now , granted just now" in text


def test_a_first_request_is_said_to_be_one(world: World, noa: Browser) -> None:
    world.submitted("role1")
    assert "Asks for this system for the first time" in noa.get("/approvals").text


def test_of_former_requests_only_those_are_told_that_the_approver_may_see(world: World, noa: Browser) -> None:
    hidden = a_definition(approvers=["admins"])
    world.store.commit(Change(a_flow().changed(definition=hidden)), origin=API)
    world.submitted("role3")
    world.store.commit(Change(a_flow().changed(definition=a_definition()).changed()), origin=API)
    world.submitted("role1")

    assert "Asks for this system for the first time" in noa.get("/approvals").text


@pytest.mark.parametrize("who", [MAYA, EVE])
def test_who_may_not_decide_sees_nothing_here(world: World, who: object) -> None:
    world.submitted("role1")
    assert "Nothing waits for you" in signed_in(world, who).get("/approvals").text  # type: ignore[arg-type]


def test_the_whole_is_approved_with_a_reason(world: World, noa: Browser) -> None:
    request = world.submitted("role1", "role3")

    answer = decide(noa, request.id, "approve", ("reason", "on call"))

    assert answer.headers["Location"] == f"/requests/{request.id}"
    approved = world.store.request(request.id)
    assert approved.status is Status.APPROVED
    assert {vote.reason for item in approved.items for vote in item.votes.values()} == {"on call"}


def test_each_item_is_decided_by_another_approver(world: World, noa: Browser) -> None:
    """The worked example: one approver says yes to one item, another to the other."""
    request = world.submitted("role1", "role3")
    omar = signed_in(world, OMAR)

    decide(noa, request.id, "approve", ("items", "item-2"))
    assert world.store.request(request.id).status is Status.PENDING
    assert "role3" not in decision_of(noa.get(f"/requests/{request.id}"))
    decide(omar, request.id, "approve", ("items", "item-1"))

    assert world.store.request(request.id).status is Status.APPROVED


def decision_of(page: Page) -> str:
    return page.text.partition("It waits for your decision")[2].partition("Timeline")[0]


def test_one_item_that_is_rejected_rejects_all(world: World, noa: Browser) -> None:
    request = world.submitted("role1", "role3")

    decide(noa, request.id, "reject", ("items", "item-1"), ("reason", "use the replica"))

    assert world.store.request(request.id).status is Status.REJECTED
    assert "Rejected by Noa" in noa.get(f"/requests/{request.id}").text


def test_a_reason_that_the_flow_asks_for_is_required(world: World, noa: Browser) -> None:
    asking = a_definition(require=Requirements(approver_reason=True))
    world.store.commit(Change(a_flow().changed(definition=asking)), origin=API)
    request = world.submitted("role1")

    assert 'name="reason" maxlength="1000" autocomplete="off" required' in noa.get("/approvals").html
    answer = decide(noa, request.id, "approve")
    assert (answer.status, "reason : is required" in answer.text) == (400, True)


def test_nobody_approves_their_own_request(world: World) -> None:
    ada = signed_in(world, ADA)
    developer = ADA.model_copy(update={"groups": frozenset({"developers", "admins"})})
    request = world.submitted("role1", by=developer)

    assert "It waits for your decision" not in ada.get(f"/requests/{request.id}").text
    assert decide(ada, request.id, "approve").status == 403
    assert world.told(request.id)[-1] == "access.approval.refused"


def test_what_was_decided_meanwhile_is_told_kindly(world: World, noa: Browser) -> None:
    request = world.submitted("role1")
    world.approvals.reject(request.id, a_call(OMAR))

    answer = decide(noa, request.id, "approve")

    assert (answer.status, "not PENDING".lower() in answer.text.lower()) == (409, True)


def test_what_waits_is_shown_a_page_at_a_time(world: World, noa: Browser) -> None:
    world.store.open_requests = 100
    requests = [world.submitted() for _ in range(23)]

    first = noa.get("/approvals")
    second = noa.get(f"/approvals?before={requests[3].id}")

    assert first.html.count('class="card case"') == 20
    assert f'href="/approvals?before={requests[3].id}"' in first.html
    assert second.html.count('class="card case"') == 3
    assert "Nothing older waits for you" in noa.get(f"/approvals?before={requests[0].id}").text


def found_of(world: World, request_id: str, **fields: object) -> Anomaly:
    """Let something be found about a request."""
    anomaly = an_anomaly(request_id, at=world.clock.now, request_id=request_id, **fields)
    world.store.commit(Change(anomaly), origin=API)
    return anomaly


@pytest.mark.parametrize("group", ["admins", "auditors"])
def test_who_reads_the_trail_sees_what_was_found_about_a_request(world: World, group: str) -> None:
    approver = a_principal("olga", groups=["approvers", group])
    request = world.submitted("role1")
    anomaly = found_of(world, request.id, severity=AnomalySeverity.HIGH, reason="Maya asked for role1")
    found_of(world, "req_of_somebody_else", reason="somebody else asked")

    page = signed_in(world, approver).get("/approvals")

    assert "High Inactive user detected Maya asked for role1" in page.text
    assert f'href="/oversight/anomalies/{anomaly.id}"' in page.html
    assert "somebody else asked" not in page.text


def test_no_other_approver_is_told_that_somebody_stands_out(world: World, noa: Browser) -> None:
    request = world.submitted("role1")
    found_of(world, request.id, reason="Maya asked for role1")

    for page in (noa.get("/approvals"), noa.get(f"/requests/{request.id}")):
        assert "Inactive user" not in page.text
        assert "/oversight/" not in page.html


def news_of(browser: Browser, page: Page) -> Page:
    """Let a page ask whether it still shows what waits."""
    [poll] = [own["hx-get"] for _, own in page.elements if own.get("id") == "news"]
    return browser.get(poll)


def test_a_page_that_shows_what_waits_says_nothing(world: World, noa: Browser) -> None:
    world.submitted("role1")
    news = news_of(noa, noa.get("/approvals"))

    assert (news.status, news.text) == (200, "")
    assert 'hx-trigger="every 10s"' in news.html


def test_what_came_and_went_meanwhile_is_said_and_the_page_is_left_alone(world: World, noa: Browser) -> None:
    gone = world.submitted("role1")
    page = noa.get("/approvals")
    world.submitted("role3")
    assert news_of(noa, page).text == "1 more waits for you. Show what waits now"

    world.approvals.reject(gone.id, a_call(OMAR))
    world.submitted("spare00")
    assert news_of(noa, page).text == "2 more wait for you, 1 of these no longer waits. Show what waits now"


def test_the_first_that_comes_to_an_empty_page_is_said(world: World, noa: Browser) -> None:
    page = noa.get("/approvals")
    world.submitted("role1")

    assert "1 more waits for you." in news_of(noa, page).text


def test_more_than_anybody_counts_is_not_counted(world: World, noa: Browser) -> None:
    world.store.open_requests = 100
    page = noa.get("/approvals")
    for number in range(42):
        world.submitted("role1", by=a_principal(f"developer{number}", groups=["developers"]))

    assert "41+ more wait for you." in news_of(noa, page).text


def test_older_pages_are_left_alone(world: World, noa: Browser) -> None:
    request = world.submitted("role1")

    assert 'id="news"' not in noa.get(f"/approvals?before={request.id}").html


def test_a_page_that_is_left_open_keeps_nobody_signed_in(world: World, noa: Browser) -> None:
    page = noa.get("/approvals")
    for _ in range(3):
        world.clock.advance(timedelta(minutes=11))
        news = news_of(noa, page)

    assert "Your session is over" in news.text


def test_the_menu_fetches_how_many_wait_after_the_page(world: World, noa: Browser) -> None:
    world.submitted("role1")
    world.submitted("role3")

    page, count = noa.get("/"), noa.get("/approvals/count")

    assert 'hx-get="/approvals/count" hx-trigger="revealed"' in page.html
    assert count.text == "2 waiting"
    assert (count.headers["Cache-Control"], count.headers["Vary"]) == ("private, max-age=30", "HX-Request, Cookie")


def test_nothing_that_waits_is_no_number(world: World, noa: Browser) -> None:
    world.submitted("role1", by=MAYA.model_copy(update={"groups": frozenset({"developers"})}))

    assert signed_in(world, EVE).get("/approvals/count").text == ""
    assert noa.get("/approvals/count").text == "1 waiting"


def test_no_number_is_larger_than_it_is_worth(world: World, noa: Browser) -> None:
    world.store.open_requests = 100
    for _ in range(23):
        world.submitted()

    assert noa.get("/approvals/count").text == "20+ waiting"


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_requester_wrote_is_never_run_at_an_approver(world: World, noa: Browser, script: str) -> None:
    """F2: scripts and markup in a justification, a name and an address, before somebody with more rights."""
    named = MAYA.model_copy(update={"name": script, "email": script})
    request = world.submitted("role1", by=named)
    assert request.requester.name == script

    page = noa.get("/approvals")

    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe"}
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "/")[0] in "/#"
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert attributes.get("hx-get", "/approvals").startswith("/approvals")
