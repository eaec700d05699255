"""Signing in: with a password at a user pool, with a browser anywhere."""

import socket
import threading
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from nightlatch.entrypoints.cli.browser import Challenge, sign_in_with_browser
from nightlatch.entrypoints.cli.errors import NotSignedInError
from tests.unit.entrypoints.cli.fake_api import API, ISSUER, FakeApi
from tests.unit.entrypoints.cli.terminal import STACK, Terminal

COGNITO = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
ME = {"id": "usr_maya", "issuer": ISSUER, "name": "Maya Cohen", "email": "", "groups": [], "roles": []}
AT_A_POOL = ("--api", API, "--issuer", COGNITO, "--client-id", "cli")
AT_AN_ISSUER = ("--api", API, "--issuer", ISSUER, "--client-id", "cli")
GIVEN = {"AuthenticationResult": {"AccessToken": "access", "RefreshToken": "refresh", "ExpiresIn": 3600}}


@pytest.fixture(autouse=True)
def issuer(api: FakeApi) -> None:
    known = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"}
    api.on("GET", "/.well-known/openid-configuration", known)
    api.on("GET", "/v1/whoami", ME)
    api.on("POST", "/", GIVEN)
    api.on("POST", "/token", {"access_token": "access", "refresh_token": "refresh", "expires_in": 3600})


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """A browser whose person signs in at once: it goes where the issuer would send it."""

    def __init__(self, **answer: str) -> None:
        self.page: dict[str, str] = {}
        self.statuses: list[int] = []
        self._answers: list[dict[str, str]] = [answer]
        self._thread: threading.Thread | None = None

    def first_brings(self, **answer: str) -> "Browser":
        """Have somebody else call the listener before."""
        self._answers.insert(0, answer)
        return self

    def open(self, url: str) -> bool:
        """Open a page; whoever waits for the answer is not kept waiting by it."""
        self.page = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self._thread = threading.Thread(target=self._come_back)
        self._thread.start()
        return True

    def close(self) -> None:
        """Wait until everything was said."""
        assert self._thread is not None
        self._thread.join(timeout=10)

    def _come_back(self) -> None:
        address = self.page["redirect_uri"].replace("localhost", "127.0.0.1")
        for answer in self._answers:
            reply = httpx.get(address, params={"state": self.page["state"], **answer}, trust_env=False)
            self.statuses.append(reply.status_code)


def test_a_name_and_a_password_are_exchanged_at_the_user_pool(outsider: Terminal, api: FakeApi) -> None:
    result = outsider.run("login", "maya", *AT_A_POOL, "--password-stdin", typed="pa ss\n")
    assert result.exit_code == 0, result.output
    call = api.sent("POST", "/")[0]
    assert str(call.url) == "https://cognito-idp.eu-central-1.amazonaws.com/"
    assert call.headers["x-amz-target"] == "AWSCognitoIdentityProviderService.InitiateAuth"
    assert api.body("POST", "/") == {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": "cli",
        "AuthParameters": {"USERNAME": "maya", "PASSWORD": "pa ss"},
    }
    assert api.sent("GET", "/v1/whoami")[0].headers["authorization"] == "Bearer access"


def test_a_typed_password_is_not_shown_and_the_stack_is_remembered(outsider: Terminal, api: FakeApi) -> None:
    result = outsider.run("login", "maya", *AT_A_POOL, typed="pa ss\n")
    assert "pa ss" not in result.output
    assert outsider.run("login", "noa", typed="other\n").exit_code == 0
    assert api.body("POST", "/")["AuthParameters"]["USERNAME"] == "noa"


def test_a_wrong_password_is_exit_code_4_and_keeps_nothing(outsider: Terminal, api: FakeApi) -> None:
    refusal = {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
    api.on("POST", "/", httpx.Response(400, json=refusal))
    result = outsider.run("login", "maya", *AT_A_POOL, typed="wrong\n")
    assert (result.exit_code, "Incorrect username or password." in result.stderr) == (4, True)
    assert not outsider.config.exists()


def test_a_challenge_sends_to_the_browser(outsider: Terminal, api: FakeApi) -> None:
    api.on("POST", "/", {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"})
    result = outsider.run("login", "maya", *AT_A_POOL, typed="first\n")
    assert (result.exit_code, "NEW_PASSWORD_REQUIRED" in result.stderr) == (4, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--api", "http://api.example.com", "--issuer", ISSUER, "--client-id", "cli"),
        ("--api", API, "--issuer", "http://id.example.com", "--client-id", "cli"),
        ("--api", API),
    ],
)
def test_a_stack_in_the_clear_or_half_named_is_refused(
    outsider: Terminal, api: FakeApi, words: tuple[str, ...]
) -> None:
    assert outsider.run("login", "maya", *words, typed="x\n").exit_code == 2
    assert not api.calls


def test_a_browser_signs_in_with_pkce(outsider: Terminal, api: FakeApi, port: int) -> None:
    browser = Browser(code="the-code")
    outsider.open_browser, outsider.callback_port = browser.open, port
    result = outsider.run("login", *AT_AN_ISSUER)
    browser.close()
    assert result.exit_code == 0, result.output
    form = {name: values[0] for name, values in parse_qs(api.sent("POST", "/token")[0].content.decode()).items()}
    assert browser.page == {
        "response_type": "code",
        "client_id": "cli",
        "redirect_uri": f"http://localhost:{port}/callback",
        "scope": "openid email profile",
        "state": browser.page["state"],
        "code_challenge": Challenge("", form["code_verifier"]).s256,
        "code_challenge_method": "S256",
    }
    assert form == {
        "grant_type": "authorization_code",
        "client_id": "cli",
        "code": "the-code",
        "redirect_uri": f"http://localhost:{port}/callback",
        "code_verifier": form["code_verifier"],
    }
    assert len(form["code_verifier"]) >= 43


def test_a_fresh_sign_in_asks_the_issuer_to_ask_again(outsider: Terminal, port: int) -> None:
    browser = Browser(code="the-code")
    outsider.open_browser, outsider.callback_port = browser.open, port
    outsider.run("login", "--fresh", *AT_AN_ISSUER)
    browser.close()
    assert (browser.page["prompt"], browser.page["max_age"]) == ("login", "0")


def test_the_challenge_is_that_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
    assert Challenge("", verifier).s256 == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_answer_with_another_state_is_not_taken(outsider: Terminal, api: FakeApi, port: int) -> None:
    browser = Browser(code="ours").first_brings(code="theirs", state="forged")
    outsider.open_browser, outsider.callback_port = browser.open, port
    assert outsider.run("login", *AT_AN_ISSUER).exit_code == 0
    browser.close()
    assert browser.statuses == [400, 200]
    assert b"code=ours" in api.sent("POST", "/token")[0].content


def test_a_refusal_at_the_issuer_is_exit_code_4(outsider: Terminal, port: int) -> None:
    browser = Browser(error="access_denied", error_description="The person said no")
    outsider.open_browser, outsider.callback_port = browser.open, port
    result = outsider.run("login", *AT_AN_ISSUER)
    browser.close()
    assert (result.exit_code, "The person said no" in result.stderr) == (4, True)


def test_nobody_coming_back_ends_the_wait(api: FakeApi, port: int) -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(api)) as http,
        pytest.raises(NotSignedInError, match="nobody signed in"),
    ):
        sign_in_with_browser(
            http, STACK, open_browser=lambda _: False, say=lambda _: None, now=lambda: 0, port=port, wait_seconds=0.05
        )


def test_an_issuer_that_speaks_for_another_is_refused(outsider: Terminal, api: FakeApi) -> None:
    api.on("GET", "/.well-known/openid-configuration", {"issuer": "https://evil.example.net"})
    assert outsider.run("login", *AT_AN_ISSUER).exit_code == 4
