"""The guard lets in the command line, the SDKs and the person's own pages, and no other web site."""

import asyncio
from typing import Any

import pytest

from nightlatch.entrypoints.local.guard import Guard, Message, OneClick, Receive, Send

API_PATH = "/_aws/execute-api/1571e738/v1/whoami"
FOREIGN_PAGE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
FOREIGN_LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FOREIGN_FRAME = {**FOREIGN_LINK, "sec-fetch-dest": "iframe"}


async def emulator(scope: Message, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Stand in for the emulator: accept everything."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"reached"})
    else:
        await send({"type": f"{scope['type']}.accepted"})


def sent(
    *, kind: str = "http", method: str = "GET", path: str = "/", host: str | None = "127.0.0.1:4566", **headers: str
) -> list[Message]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    every = named if host is None else {"host": host, **named}
    scope: dict[str, Any] = {"type": kind, "method": method, "path": path}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in every.items()]
    messages: list[Message] = []

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(Guard(emulator, port=4566)(scope, receive, send))
    return messages


def status(**request: Any) -> int:
    return int(sent(**request)[0]["status"])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4566", "localhost:4566", "1571e738.execute-api.localhost:4566", "bucket.s3.localhost:4566"],
)
def test_our_own_host_names_are_let_in(host: str) -> None:
    assert status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "127.0.0.1",
        "127.0.0.1:80",
        "evil.example:4566",
        "localhost.evil.example:4566",
        "evillocalhost:4566",
        "127.0.0.1.evil.example:4566",
        "s3.amazonaws.com:4566",
        "[::1]:4566",
    ],
)
def test_every_other_host_name_is_refused(host: str | None) -> None:
    assert status(host=host) == 403


def test_a_rebound_host_name_is_refused_even_on_the_apis_paths() -> None:
    assert status(host="evil.example:4566", path=API_PATH) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", "x"])
def test_a_foreign_origin_is_refused(origin: str) -> None:
    assert status(method="POST", origin=origin) == 403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:4566", "http://1571e738.execute-api.localhost:4566"])
def test_our_own_origins_are_let_in_though_browsers_call_them_cross_site(origin: str) -> None:
    assert status(method="POST", path="/oauth2/token", origin=origin, **FOREIGN_PAGE) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_is_refused_without_an_origin_too(site: str) -> None:
    assert status(path="/_ministack/reset", sec_fetch_site=site, sec_fetch_mode="no-cors") == 403


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_the_persons_own_navigation_is_let_in(site: str) -> None:
    assert status(path="/oauth2/authorize", sec_fetch_site=site) == 200


def test_the_api_decides_about_origins_itself() -> None:
    assert status(path=API_PATH, origin="https://console.example", **FOREIGN_PAGE) == 200
    host = "1571e738.execute-api.localhost:4566"
    assert status(host=host, path="/v1/whoami", origin="https://console.example", **FOREIGN_PAGE) == 200


def test_a_link_to_the_sign_in_page_works_from_anywhere_but_not_framed() -> None:
    assert status(path="/oauth2/authorize", **FOREIGN_LINK) == 200
    assert status(path="/oauth2/authorize", **FOREIGN_FRAME) == 403
    assert status(path="/oauth2/authorize", method="POST", **FOREIGN_LINK) == 403
    assert status(path="/_ministack/reset", **FOREIGN_LINK) == 403


def test_a_refusal_says_why() -> None:
    _, body = sent(host="evil.example:4566")
    assert body["body"] == b"Host 'evil.example:4566' is not this stack\n"


def test_a_foreign_web_socket_is_closed() -> None:
    assert [message["type"] for message in sent(kind="websocket", origin="https://evil.example")] == ["websocket.close"]


def test_starting_and_stopping_the_emulator_is_no_request() -> None:
    assert [message["type"] for message in sent(kind="lifespan", host=None)] == ["lifespan.accepted"]


ACCOUNTS = ("maya=Maya Cohen=developers", "noa=Noa <b>=approvers")
QUERY = "client_id=c&state=a%22b&redirect_uri=http%3A%2F%2Fx%2Fauth%2Fcallback"


def page(query: str = QUERY, *, method: str = "GET", path: str = "/oauth2/authorize") -> str:
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": []}
    bodies: list[bytes] = []

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    asyncio.run(OneClick(emulator, password="p-1", accounts=ACCOUNTS)(scope, receive, send))
    return b"".join(bodies).decode()


def test_each_demo_account_is_one_click() -> None:
    shown = page()

    assert shown.count('<form method="post" action="/login">') == 2
    for hidden in (
        'name="username" value="maya"',
        'name="password" value="p-1"',
        'name="state" value="a&quot;b"',
        'name="redirect_uri" value="http://x/auth/callback"',
    ):
        assert hidden in shown
    assert "Noa &lt;b&gt;" in shown


@pytest.mark.parametrize(
    "asked",
    [
        {"query": f"{QUERY}&by_hand=1"},
        {"query": f"{QUERY}&identity_provider=x"},
        {"method": "POST"},
        {"path": "/oauth2/token"},
        {"path": "/login"},
    ],
)
def test_everything_else_is_the_emulators(asked: dict[str, str]) -> None:
    assert page(**asked) == "reached"
