"""Who acts from a terminal, and how their tokens are kept."""

import json
from pathlib import Path

import httpx
import pytest

from nightlatch.entrypoints.cli.session import Stack, Tokens
from tests.unit.entrypoints.cli.fake_api import API, ISSUER, FakeApi
from tests.unit.entrypoints.cli.terminal import NOW, Terminal

ME = {"id": "usr_maya", "issuer": ISSUER, "name": "Maya Cohen", "email": "", "groups": ["developers"], "roles": []}
POOL = Stack(api_url=API, issuer=ISSUER, client_id="cli", login_url="https://pool.example.com/")


def token_sent(api: FakeApi) -> str:
    return api.sent("GET", "/v1/whoami")[-1].headers["authorization"]


@pytest.fixture(autouse=True)
def whoami(api: FakeApi) -> None:
    api.on("GET", "/v1/whoami", ME)


def test_tokens_are_for_their_owners_eyes_only(terminal: Terminal) -> None:
    profile = terminal.config / "profiles" / "maya.json"
    assert profile.stat().st_mode & 0o777 == 0o600
    assert profile.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in profile.parent.iterdir()] == ["maya.json"]


def test_tokens_do_not_show_when_printed() -> None:
    assert repr(Tokens("secret", "secret", 1)) == "Tokens(expires_at=1)"


def test_nobody_signed_in_is_exit_code_4(outsider: Terminal) -> None:
    result = outsider.run("whoami")
    assert result.exit_code == 4
    assert "nightlatch login NAME" in result.stderr


def test_one_terminal_can_act_as_several_people(terminal: Terminal, api: FakeApi) -> None:
    terminal.sign_in("noa")
    terminal.run("whoami")
    assert token_sent(api) == "Bearer token-of-noa"
    for words, env in (
        (("whoami", "--as", "maya"), {}),
        (("--as", "maya", "whoami"), {}),
        (("whoami",), {"NIGHTLATCH_AS": "maya"}),
    ):
        api.calls.clear()
        assert terminal.run(*words, env=env).exit_code == 0
        assert token_sent(api) == "Bearer token-of-maya"


def test_acting_as_somebody_who_is_not_signed_in_is_exit_code_4(terminal: Terminal) -> None:
    result = terminal.run("whoami", "--as", "noa")
    assert (result.exit_code, "noa is not signed in" in result.stderr) == (4, True)


@pytest.mark.parametrize("name", ["../maya", "a/b", ".hidden", ""])
def test_a_profiles_name_cannot_lead_elsewhere(terminal: Terminal, name: str) -> None:
    assert terminal.run("whoami", "--as", name).exit_code == (0 if name == "" else 2)


def test_an_ending_token_is_renewed_at_the_user_pool_and_kept(terminal: Terminal, api: FakeApi) -> None:
    terminal.sign_in("maya", stack=POOL, expires_in=10)
    api.on("POST", "/", {"AuthenticationResult": {"AccessToken": "renewed", "ExpiresIn": 3600}})
    terminal.json("whoami")
    assert token_sent(api) == "Bearer renewed"
    asked = api.body("POST", "/")
    assert asked["AuthFlow"] == "REFRESH_TOKEN_AUTH"
    assert asked["AuthParameters"] == {"REFRESH_TOKEN": "refresh-maya"}
    kept = json.loads((terminal.config / "profiles" / "maya.json").read_text())["tokens"]
    assert kept == {
        "access_token": "renewed",
        "refresh_token": "refresh-maya",
        "expires_at": int(NOW.timestamp()) + 3600,
    }


def test_an_ending_token_is_renewed_at_the_issuer(terminal: Terminal, api: FakeApi) -> None:
    terminal.sign_in("maya", expires_in=10)
    known = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/go", "token_endpoint": f"{ISSUER}/token"}
    api.on("GET", "/.well-known/openid-configuration", known)
    api.on("POST", "/token", {"access_token": "renewed", "refresh_token": "rotated", "expires_in": 300})
    terminal.json("whoami")
    assert api.sent("POST", "/token")[0].content == b"grant_type=refresh_token&client_id=cli&refresh_token=refresh-maya"
    assert '"rotated"' in (terminal.config / "profiles" / "maya.json").read_text()


def test_a_session_that_cannot_be_renewed_is_exit_code_4(terminal: Terminal, api: FakeApi) -> None:
    terminal.sign_in("maya", stack=POOL, expires_in=-10)
    api.on("POST", "/", httpx.Response(400, json={"__type": "NotAuthorizedException", "message": "revoked"}))
    result = terminal.run("whoami")
    assert (result.exit_code, "the session of maya has ended" in result.stderr) == (4, True)
    assert not api.sent("GET", "/v1/whoami")


def profiles_kept(terminal: Terminal) -> list[Path]:
    return list((terminal.config / "profiles").iterdir())


def test_signing_out_tells_the_api_and_forgets_the_tokens(terminal: Terminal, api: FakeApi) -> None:
    api.on("POST", "/v1/sign-out", httpx.Response(204))
    result = terminal.run("logout")
    assert (result.exit_code, profiles_kept(terminal)) == (0, [])
    assert api.sent("POST", "/v1/sign-out")[0].headers["authorization"] == "Bearer token-of-maya"
    assert terminal.run("whoami").exit_code == 4


def test_signing_out_revokes_the_session_at_the_user_pool(terminal: Terminal, api: FakeApi) -> None:
    terminal.sign_in("maya", stack=POOL)
    api.on("POST", "/v1/sign-out", httpx.Response(204))
    api.on("POST", "/", httpx.Response(200))
    said = terminal.run("logout").stderr
    assert api.sent("POST", "/")[0].headers["x-amz-target"].endswith(".RevokeToken")
    assert api.body("POST", "/") == {"ClientId": "cli", "Token": "refresh-maya"}
    assert said == "Signed out maya.\n"


def test_signing_out_revokes_the_session_at_an_issuer_that_offers_it(terminal: Terminal, api: FakeApi) -> None:
    known = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/go", "token_endpoint": f"{ISSUER}/token"}
    api.on("POST", "/v1/sign-out", httpx.Response(204))
    api.on("GET", "/.well-known/openid-configuration", {**known, "revocation_endpoint": f"{ISSUER}/revoke"})
    api.on("POST", "/revoke", httpx.Response(200))
    assert terminal.run("logout").stderr == "Signed out maya.\n"
    sent = api.sent("POST", "/revoke")[0].content
    assert sent == b"token=refresh-maya&token_type_hint=refresh_token&client_id=cli"


@pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.Response(500), httpx.Response(401)])
def test_who_signs_out_is_signed_out_even_when_nobody_hears_it_and_is_told_so(
    terminal: Terminal, api: FakeApi, trouble: httpx.Response | httpx.ConnectError
) -> None:
    for method, path in (("POST", "/v1/sign-out"), ("GET", "/.well-known/openid-configuration")):
        api.on(method, path, trouble)
    result = terminal.run("logout")
    assert (result.exit_code, profiles_kept(terminal)) == (0, [])
    assert "Not told to the API: " in result.stderr
    assert "Not told to the issuer: " in result.stderr


def test_a_refused_revocation_is_told(terminal: Terminal, api: FakeApi) -> None:
    known = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/go", "token_endpoint": f"{ISSUER}/token"}
    api.on("GET", "/.well-known/openid-configuration", {**known, "revocation_endpoint": f"{ISSUER}/revoke"})
    api.on("POST", "/revoke", httpx.Response(400))
    result = terminal.run("logout")
    assert (result.exit_code, profiles_kept(terminal)) == (0, [])
    assert "/revoke answered 400" in result.stderr


def test_whoami_shows_groups_and_roles(terminal: Terminal) -> None:
    assert "Groups  developers" in terminal.table("whoami")


def stack_json(home: Path, **changed: str) -> None:
    facts = {
        "api_url": "http://127.0.0.1:4566/_aws/execute-api/abc",
        "browser_url": "http://abc.execute-api.localhost:4566",
        "issuer": ISSUER,
        "client_id": "cli",
        "user_pool_id": "pool",
        "login_url": "http://127.0.0.1:4566",
        "sign_in_page": "http://127.0.0.1:4566/oauth2/authorize",
        "emulator_url": "http://127.0.0.1:4566",
        "stack": "nightlatch",
        "state_table": "state",
        "ledger_table": "ledger",
        "database": {"host": "127.0.0.1", "port": 54329, "name": "orders"},
        **changed,
    }
    home.mkdir(exist_ok=True)
    (home / "stack.json").write_text(json.dumps(facts))


def test_a_local_stack_is_found_again_where_it_answers_now(outsider: Terminal, api: FakeApi, tmp_path: Path) -> None:
    stack_json(tmp_path)
    outsider.sign_in("maya", stack=Stack("http://127.0.0.1:1", ISSUER, "cli", home=str(tmp_path)))
    api.on("GET", "/_aws/execute-api/abc/v1/whoami", ME)
    assert outsider.json("whoami") == ME


def test_a_local_stack_that_was_made_anew_needs_a_new_sign_in(outsider: Terminal, tmp_path: Path) -> None:
    stack_json(tmp_path, client_id="another")
    outsider.sign_in("maya", stack=Stack("http://127.0.0.1:1", ISSUER, "cli", home=str(tmp_path)))
    result = outsider.run("whoami")
    assert (result.exit_code, "nightlatch login maya" in result.stderr) == (4, True)


def test_a_local_stack_that_is_gone_is_exit_code_5(outsider: Terminal, tmp_path: Path) -> None:
    outsider.sign_in("maya", stack=Stack("http://127.0.0.1:1", ISSUER, "cli", home=str(tmp_path / "gone")))
    assert outsider.run("whoami").exit_code == 5


def test_a_demo_account_of_the_local_stack_is_asked_nothing(outsider: Terminal, api: FakeApi, tmp_path: Path) -> None:
    stack_json(tmp_path)
    api.on("POST", "/", {"AuthenticationResult": {"AccessToken": "t", "RefreshToken": "r", "ExpiresIn": 3600}})
    api.on("GET", "/_aws/execute-api/abc/v1/whoami", ME)
    result = outsider.run("login", "maya", "--home", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "demo account" in result.stderr
    assert api.body("POST", "/")["AuthParameters"] == {"USERNAME": "maya", "PASSWORD": "nightlatch-demo-1"}
    assert outsider.run("whoami").exit_code == 0
