"""The console's door: signing in and out, cookies, headers, and what other sites may not make a browser do."""

from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import EventType
from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.errors import NoAnswerError
from nightlatch.domain.session import IDLE
from nightlatch.entrypoints.console.cookies import SESSION, SIGN_IN
from tests.builders import ADA, MAYA, ROBOT, World, a_call
from tests.functions.browser import HERE, HOST, Browser, query_of

WINDOW = timedelta(minutes=10)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


@pytest.fixture
def maya(browser: Browser) -> Browser:
    browser.sign_in(MAYA)
    return browser


def told_failures(world: World) -> list[str]:
    """Let the window of the counted failures close, and list what is told of them."""
    world.clock.advance(WINDOW)
    world.tallying.tell()
    return [event.description for event in world.events() if event.event_type == EventType.LOGIN_FAILED]


def test_a_stranger_is_asked_to_sign_in_and_led_back_to_where_they_wanted_to_go(browser: Browser) -> None:
    page = browser.get("/requests/req_1?x=1")

    assert "Sign in to go on" in page.text
    assert "/auth/login?return_to=%2Frequests%2Freq_1%3Fx%3D1" in page.html


def test_who_signs_in_is_led_to_the_page_they_wanted(browser: Browser) -> None:
    back = browser.sign_in(MAYA, return_to="/account/sessions")

    assert (back.status, back.headers["Location"]) == (303, "/account/sessions")
    assert "My sessions" in browser.get("/account/sessions").text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "/a\r\nX: y",
        "/auth/logout",
        "",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(browser: Browser, elsewhere: str) -> None:
    """E3: an address of another site as the page to go on to."""
    assert browser.sign_in(MAYA, return_to=elsewhere).headers["Location"] == "/"


def test_the_browser_holds_a_secret_and_no_token(maya: Browser) -> None:
    [kept] = [cookie for cookie in maya.set_cookies if cookie.startswith(f"{SESSION}=")]

    assert kept.partition("; ")[2] == "Max-Age=28800; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert list(maya.cookies) == [SESSION]
    assert maya.cookies[SESSION].startswith(f"{MAYA.id}.")


def test_signing_in_is_an_event_from_the_web(world: World, browser: Browser) -> None:
    browser.sign_in(MAYA)

    event = next(event for event in world.events() if event.event_type == EventType.LOGIN_SUCCESS)

    assert (event.actor.name, event.source, event.ip_address) == ("Maya", "web", "192.0.2.50")


def test_roles_are_those_of_the_groups(browser: Browser) -> None:
    browser.sign_in(ADA)

    assert "<small>Admin</small>" in browser.get("/").html


def test_every_page_is_told_where_all_reads_are(world: World, browser: Browser) -> None:
    chosen = AuditChoices(retention_days=90, reads=Reads.ALL, writers=())
    world.audit_settings.put(chosen, a_call(ADA), if_match=world.audit_settings.show().version)
    browser.sign_in(ADA)
    for _ in range(2):
        browser.get("/approvals")
    world.clock.advance(timedelta(minutes=10))
    world.tallying.tell()

    [event] = [each for each in world.events() if each.resource.id == "/approvals"]

    assert (event.event_type, event.actor.name, event.details["reads"]) == ("audit.read", "Ada", 2)


def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(world: World, browser: Browser) -> None:
    """E4: another site sends a browser back with a code of somebody else's sign-in."""
    other = Browser(world)
    away = other.get("/auth/login")
    brought = other.provider.signed_in(away.headers["Location"], MAYA)

    answer = browser.get(f"/auth/callback?code=c-1&state={brought['state']}")

    assert (answer.status, SESSION in browser.cookies) == (403, False)
    assert "You are not signed in" in answer.text


def test_a_sign_in_that_fails_is_told_kindly_and_written_down(world: World, browser: Browser) -> None:
    browser.provider.spoilt_id = {"nonce": "x"}
    answer = browser.sign_in(MAYA)

    assert (answer.status, "Usually it works the second time" in answer.text) == (403, True)
    assert SIGN_IN not in browser.cookies
    assert told_failures(world)


def test_a_provider_that_does_not_answer_is_told_kindly(browser: Browser) -> None:
    browser.provider.error = NoAnswerError("id.example.com did not answer in time")

    assert "id.example.com did not answer in time" in browser.get("/auth/login").text


def test_a_sign_in_that_cannot_be_written_down_is_refused_all_the_same(world: World, browser: Browser) -> None:
    browser.provider.spoilt_id = {"nonce": "x"}
    away = browser.get("/auth/login")
    brought = browser.provider.signed_in(away.headers["Location"], MAYA)
    world.store.refused_commits = 10

    assert browser.get(f"/auth/callback?code=c-1&state={brought['state']}").status == 403


def test_a_service_is_not_let_in(browser: Browser) -> None:
    browser.provider.spoilt_access = {"client_id": ROBOT.subject}

    assert "for people, not for services" in browser.sign_in(ROBOT).text


def test_groups_that_cannot_be_read_let_nobody_in(browser: Browser) -> None:
    browser.provider.spoilt_access = {"cognito:groups": [1]}

    assert browser.sign_in(MAYA).status == 403


def test_who_signs_out_is_a_stranger_at_once(world: World, maya: Browser) -> None:
    answer = maya.post("/auth/logout", {"form_token": maya.get("/").field("form_token")})

    assert answer.headers["Location"] == "/auth/signed-out"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Sign in to go on" in maya.get("/").text
    assert world.told()[-1] == "auth.logout"


def test_a_link_signs_nobody_out(maya: Browser) -> None:
    assert maya.get("/auth/logout").status == 405
    assert "My access" in maya.get("/").text


def test_a_session_that_was_not_used_is_over_and_says_so(world: World, maya: Browser) -> None:
    world.clock.advance(IDLE)

    page = maya.get("/account/sessions")

    assert "Your session is over" in page.text
    assert SESSION not in maya.cookies


def test_a_session_is_ended_from_another_browser(world: World, maya: Browser) -> None:
    other = Browser(world)
    other.sign_in(MAYA)
    first = min(world.store.sessions_of(MAYA.id), key=lambda session: session.began_at)

    page = other.submit(other.get("/account/sessions"), f"/account/sessions/{first.id}/end")

    assert page.html.count("This one") == 1
    assert "Your session is over" in maya.get("/").text


def test_ending_the_session_one_is_in_signs_out(world: World, maya: Browser) -> None:
    [session] = world.store.sessions_of(MAYA.id)

    page = maya.submit(maya.get("/account/sessions"), f"/account/sessions/{session.id}/end")

    assert "You are signed out" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": f"https://{HOST}"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example.com"},
        {"origin": "https://evil.example.com"},
        {"origin": f"https://{HOST}.evil.example.com"},
        {"origin": "null"},
        {},
    ],
)
def test_a_form_of_another_site_does_nothing(maya: Browser, headers: dict[str, str]) -> None:
    """E4: another site's page sends a form with the browser's own cookie, and even with the right token."""
    token = maya.get("/").field("form_token")

    answer = maya.post("/auth/logout", {"form_token": token}, headers=headers)

    assert answer.status == 403
    assert "My access" in maya.get("/").text


@pytest.mark.parametrize("headers", [HERE, {"sec-fetch-site": "same-origin"}, {"origin": f"https://{HOST}"}])
def test_a_form_of_ours_is_taken_from_every_browser(maya: Browser, headers: dict[str, str]) -> None:
    token = maya.get("/").field("form_token")

    assert maya.post("/auth/logout", {"form_token": token}, headers=headers).status == 303


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_a_form_without_its_session_s_token_does_nothing(maya: Browser, token: str) -> None:
    """E4: a form that was not made for this session."""
    answer = maya.post("/auth/logout", {"form_token": token})

    assert answer.status == 403
    assert "My access" in maya.get("/").text


@pytest.mark.parametrize("address", ["/", "/account/sessions", "/nowhere", "/auth/signed-out"])
def test_every_page_has_the_headers_that_keep_it_safe(maya: Browser, address: str) -> None:
    headers = maya.get(address).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))

    assert policy.pop("script-src").startswith("'nonce-")
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "htmx",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_nonce_is_never_given_twice(maya: Browser) -> None:
    assert len({maya.get("/").headers["Content-Security-Policy"] for _ in range(3)}) == 3


def test_a_page_that_the_browser_has_already_is_not_sent_again(maya: Browser) -> None:
    etag = maya.get("/").headers["ETag"]

    again = maya.get("/", if_none_match=etag)

    assert (again.status, again.html) == (304, "")
    assert maya.get("/", if_none_match='"another"').status == 200


def test_what_a_script_asks_for_is_kept_apart_from_the_page(maya: Browser) -> None:
    etag = maya.get("/").headers["ETag"]

    asked = maya.get("/", if_none_match=etag, hx_request="true")

    assert (asked.status, asked.headers["Vary"]) == (200, "HX-Request")
    assert maya.get("/", if_none_match=asked.headers["ETag"], hx_request="true").status == 304


def test_a_script_that_asks_after_the_session_is_over_loads_the_whole_page(browser: Browser) -> None:
    assert browser.get("/", hx_request="true").headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in browser.get("/").headers


def test_what_is_not_there_is_told_kindly(maya: Browser) -> None:
    page = maya.get("/nowhere")

    assert (page.status, "There is no such thing" in page.text) == (404, True)


def test_a_page_that_breaks_shows_no_trace(maya: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "requests", property(lambda _: 1 / 0))
    page = maya.get("/")

    assert (page.status, "Something broke on our side" in page.text) == (500, True)
    assert "division" not in page.html


def test_a_form_that_is_too_large_is_not_read(maya: Browser) -> None:
    assert maya.post("/auth/logout", {"form_token": "x" * 70_000}).status == 413


def test_a_form_with_too_many_fields_is_not_read(maya: Browser) -> None:
    assert maya.post("/auth/logout", [("a", "b")] * 1001).status == 400


def test_the_provider_is_told_the_way_back(browser: Browser) -> None:
    away = browser.get("/auth/login")

    assert query_of(away.headers["Location"])["redirect_uri"] == f"https://{HOST}/auth/callback"
