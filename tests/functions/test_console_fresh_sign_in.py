"""Approving in the console where the flow wants a fresh sign-in: asked for, given, and back at the request."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.access_request import AccessRequest, Status
from tests.builders import ADA, NOA, World, a_call, a_definition
from tests.functions.browser import Browser, Page, query_of
from tests.functions.test_console_access import signed_in

QUARTER = timedelta(minutes=15)


@pytest.fixture
def request_(world: World) -> AccessRequest:
    """Ask for something whose approvers must have signed in within the last quarter of an hour."""
    definition = a_definition(require=Requirements(fresh_sign_in=QUARTER))
    world.flows.put("orders-roles", definition, a_call(ADA), if_match=1)
    return world.submitted()


@pytest.fixture
def noa(world: World) -> Browser:
    """Sign in an approver at a provider that says when; some time passes."""
    browser = Browser(world)
    says_when(browser)
    browser.sign_in(NOA)
    world.clock.advance(QUARTER)
    return browser


def says_when(browser: Browser, *, ago: timedelta = timedelta()) -> None:
    """Let the provider say of the next sign-in when it asked who it is."""
    browser.provider.spoilt_id = {"auth_time": int((browser.world.clock.now - ago).timestamp())}


def approve(browser: Browser, request: AccessRequest, *, on: str = "/approvals") -> Page:
    return browser.post(
        f"/requests/{request.id}/approve", {"form_token": browser.get(on).field("form_token"), "reason": "known"}
    )


def again_of(page: Page) -> str:
    """Find the one link of the page that asks to sign in again."""
    [again] = [own["href"] for tag, own in page.elements if tag == "a"]
    return again


def test_whoever_signed_in_too_long_ago_is_asked_to_confirm_that_it_is_they(
    world: World, noa: Browser, request_: AccessRequest
) -> None:
    """A13: a session that was left open."""
    page = approve(noa, request_)

    assert (page.status, "Confirm that it is you" in page.text) == (403, True)
    assert "within the last 15 min. Nothing was decided yet" in page.text
    assert world.store.request(request_.id) == request_
    assert world.told(request_.id) == ["access.requested"]


def test_who_signs_in_again_is_back_at_the_request_and_approves(
    world: World, noa: Browser, request_: AccessRequest
) -> None:
    again = again_of(approve(noa, request_))
    says_when(noa)

    back = noa.sign_in_at(again, NOA)
    page = noa.submit(noa.get(back.headers["Location"]), f"/requests/{request_.id}/approve")

    assert back.headers["Location"] == f"/requests/{request_.id}"
    assert "Approved by Noa" in page.text
    assert world.store.request(request_.id).status is Status.APPROVED


def test_the_provider_is_asked_to_let_them_sign_in_anew(noa: Browser, request_: AccessRequest) -> None:
    asked = query_of(noa.get(again_of(approve(noa, request_))).headers["Location"])

    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert "prompt" not in query_of(noa.get("/auth/login").headers["Location"])


def test_a_provider_that_knows_them_still_and_asks_nothing_lets_nobody_pass(
    world: World, noa: Browser, request_: AccessRequest
) -> None:
    """A13: the way to the provider is in the hands of who holds the browser."""
    again = again_of(approve(noa, request_))
    says_when(noa, ago=QUARTER)

    page = noa.sign_in_at(again, NOA)

    assert (page.status, "the identity provider did not ask again who you are" in page.text) == (403, True)
    assert approve(noa, request_).status == 403
    assert world.store.request(request_.id) == request_


def test_a_copy_of_the_old_session_approves_nothing_after_its_person_signed_in_again(
    world: World, noa: Browser, request_: AccessRequest
) -> None:
    """A13: a stolen session."""
    thief = Browser(world, cookies=dict(noa.cookies))
    again = again_of(approve(noa, request_))
    says_when(noa)
    noa.sign_in_at(again, NOA)

    assert approve(thief, request_).status == 403
    assert world.store.request(request_.id) == request_


def test_a_provider_that_never_says_when_is_believed_only_when_it_was_told_to_ask(
    world: World, request_: AccessRequest
) -> None:
    noa = signed_in(world, NOA)
    refused = approve(noa, request_)
    assert refused.status == 403

    noa.sign_in_at(again_of(refused), NOA)

    assert approve(noa, request_).status == 303


def test_who_signed_in_just_now_is_not_asked_again(world: World, request_: AccessRequest) -> None:
    noa = Browser(world)
    says_when(noa)
    noa.sign_in(NOA)

    assert approve(noa, request_).status == 303


def test_nobody_is_asked_to_sign_in_again_to_reject(world: World, noa: Browser, request_: AccessRequest) -> None:
    noa.submit(noa.get(f"/requests/{request_.id}"), f"/requests/{request_.id}/reject")

    assert world.store.request(request_.id).status is Status.REJECTED


@pytest.mark.parametrize("address", ["/approvals", "/requests/{}"])
def test_the_form_says_beforehand_what_it_takes(noa: Browser, request_: AccessRequest, address: str) -> None:
    said = "you must have signed in within the last 15 min"

    assert said in noa.get(address.format(request_.id)).text


def test_the_form_says_nothing_of_it_where_the_flow_does_not_ask(world: World, noa: Browser) -> None:
    world.submitted()

    assert "you must have signed in" not in noa.get("/approvals").text
