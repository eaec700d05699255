"""The console's pages of one's own access: what one holds, one request, and what one may do with it."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.change import Change
from nightlatch.domain.identity import Principal
from tests.builders import ADA, API, EVE, HOUR, MAYA, NOA, World, a_call, a_definition, a_flow
from tests.functions.browser import Browser, Page

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "' onmouseover='alert(1)",
    "<a href='https://evil.example.com' hx-get='/auth/logout' hx-trigger='load'>x</a>",
    "\u202egnp.exe",
)
"""What somebody may write who wants it to run in the browser of who reads it."""


@pytest.fixture
def maya(world: World) -> Browser:
    browser = Browser(world)
    browser.sign_in(MAYA)
    return browser


def signed_in(world: World, who: Principal) -> Browser:
    browser = Browser(world)
    browser.sign_in(who)
    return browser


def page_of(browser: Browser, request_id: str) -> Page:
    return browser.get(f"/requests/{request_id}")


def test_who_holds_nothing_is_told_so(maya: Browser) -> None:
    text = maya.get("/").text

    assert "You hold no access" in text
    assert "Nothing is over yet" in text


def test_what_one_holds_is_shown_with_the_time_that_is_left(world: World, maya: Browser) -> None:
    world.granted("role1", "role3")

    page = maya.get("/")

    assert "orders +1 Orders database Granted role1 role3 59 min left" in page.text
    assert 'hx-trigger="every 5s"' in page.html


def test_what_waits_and_what_is_over_is_shown_apart(world: World, maya: Browser) -> None:
    world.submitted("role1")
    over = world.submitted("role3")
    world.requests.cancel(over.id, a_call())

    text = maya.get("/").text

    assert text.index("On its way") < text.index("Waiting") < text.index("Before") < text.index("Canceled")


def test_nobody_sees_the_requests_of_others_here(world: World, maya: Browser) -> None:
    world.granted("role1")

    assert "role1" not in signed_in(world, ADA).get("/").text
    assert "role1" in maya.get("/").text


def test_what_is_over_is_shown_a_page_at_a_time(world: World, maya: Browser) -> None:
    requests = []
    for _ in range(23):
        requests.append(world.submitted("role1"))
        world.requests.cancel(requests[-1].id, a_call())

    first = maya.get("/")
    second = maya.get(f"/?before={requests[3].id}")

    assert f'href="/?before={requests[3].id}"' in first.html
    assert second.html.count('class="c-id"') == 3
    assert "Older" not in second.text
    assert "What I hold" not in second.text


def test_a_request_tells_who_why_how_long_and_what_happened(world: World, maya: Browser) -> None:
    request = world.granted("role1")
    world.events()

    text = page_of(maya, request.id).text

    for told in (
        "role1 on orders",
        "a customer cannot pay",
        "Requested for 1 h",
        "Orders roles version 1",
        "Approved by Noa",
        "Expires and is revoked automatically",
        "Access granted",
        f"Session user {request.session_user}",
    ):
        assert told in text


def test_a_request_that_waits_says_for_whom(world: World, maya: Browser) -> None:
    text = page_of(maya, world.submitted("role1").id).text

    assert "Waiting for approvers, admins" in text
    assert "Pending 0/1" in text


def test_a_request_that_one_may_not_see_is_told_like_one_that_does_not_exist(world: World) -> None:
    eve = signed_in(world, EVE)
    request = world.submitted("role1")

    hidden, unknown = page_of(eve, request.id), page_of(eve, "req_none")

    assert (hidden.status, unknown.status) == (404, 404)
    assert hidden.text.replace(request.id, "X") == unknown.text.replace("req_none", "X")


def test_only_what_moves_is_asked_for_again(world: World, maya: Browser) -> None:
    request = world.submitted("role1")
    assert 'hx-trigger="every' in page_of(maya, request.id).html

    world.requests.cancel(request.id, a_call())
    assert 'hx-trigger="every' not in page_of(maya, request.id).html


def test_credentials_are_shown_on_purpose_only_and_kept_nowhere(world: World, maya: Browser) -> None:
    request = world.granted("role1")
    page = page_of(maya, request.id)
    secret = world.requests.credentials(request.id, a_call())

    shown = maya.submit(page, f"/requests/{request.id}/credentials")

    assert secret["password"] not in page.html
    assert all(value in shown.text for value in secret.values())
    assert shown.headers["Cache-Control"] == "no-store"
    assert world.told(request.id)[-1] == "access.credentials.viewed"


def test_credentials_are_nobody_elses(world: World) -> None:
    request = world.granted("role1")
    noa = signed_in(world, NOA)

    assert "Show how to connect" not in page_of(noa, request.id).text
    assert noa.submit(noa.get("/"), f"/requests/{request.id}/credentials").status == 403


def test_access_is_given_back(world: World, maya: Browser) -> None:
    request = world.granted("role1")

    page = maya.submit(page_of(maya, request.id), f"/requests/{request.id}/return", reason="done")

    assert "Ending" in page.text
    assert "done" in page_after_the_ledger(world, maya, request.id).text


def test_a_request_is_withdrawn(world: World, maya: Browser) -> None:
    request = world.submitted("role1")

    page = maya.submit(page_of(maya, request.id), f"/requests/{request.id}/cancel")

    assert "Canceled" in page.text
    assert "What you can do" not in page.text


def test_what_was_withdrawn_already_is_told_kindly(world: World, maya: Browser) -> None:
    request = world.submitted("role1")
    page = page_of(maya, request.id)
    world.requests.cancel(request.id, a_call())

    answer = maya.submit(page, f"/requests/{request.id}/cancel")

    assert (answer.status, "can no longer be withdrawn" in answer.text) == (409, True)


def test_access_is_extended_once_however_often_the_form_is_sent(world: World, maya: Browser) -> None:
    longer = a_definition(extensions=ExtensionRule(count=2, longest=2 * HOUR))
    world.store.commit(Change(a_flow().changed(definition=longer)), origin=API)
    request = world.granted("role1")
    page = page_of(maya, request.id)
    form = {"once": page.field("once"), "duration": "PT3600S"}

    for _ in range(2):
        maya.submit(page, f"/requests/{request.id}/extend", **form)

    assert "30 min 1 h 2 h" in page.text
    assert world.store.request(request.id).extensions == 1


@pytest.mark.parametrize("duration", ["", "PT0S", "1h"])
def test_an_extension_by_nothing_readable_is_refused(world: World, maya: Browser, duration: str) -> None:
    request = world.granted("role1")

    answer = maya.submit(page_of(maya, request.id), f"/requests/{request.id}/extend", duration=duration)

    assert answer.status == 400


def test_a_reason_that_is_too_long_is_refused(world: World, maya: Browser) -> None:
    request = world.granted("role1")

    answer = maya.submit(page_of(maya, request.id), f"/requests/{request.id}/return", reason="x" * 1001)

    assert (answer.status, "1000 characters" in answer.text) == (400, True)


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_wrote_is_shown_and_never_run(world: World, maya: Browser, script: str) -> None:
    """F2: scripts, markup and template words in a justification, a reason and a name."""
    request = world.granted("role1")
    world.requests.give_back(request.id, a_call(), reason=script)
    named = MAYA.model_copy(update={"name": script})
    other = signed_in(world, named)

    page, home = page_after_the_ledger(world, maya, request.id), other.get("/")

    assert " ".join(script.split()).replace("\u202e", "\ufffd") in page.text
    for tag, attributes in (*page.elements, *home.elements):
        assert tag not in {"img", "iframe", "object", "embed"}
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "/")[0] in "/#"
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert attributes.get("hx-get", "").partition("?")[0] in {
            "",
            "/",
            f"/requests/{request.id}",
            "/approvals/count",
        }


def page_after_the_ledger(world: World, browser: Browser, request_id: str) -> Page:
    world.events()
    world.clock.advance(timedelta(seconds=1))
    return page_of(browser, request_id)
