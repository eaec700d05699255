"""Serve the emulator behind a guard: it answers any origin, so any open web page could drive it.

In front of the emulator's own sign-in page the guard has one with a button for each demo account. It is here and not in
the console, so that nothing like it can be deployed.

Run by the emulator's own interpreter, by this file's path; so it imports nothing of ours.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_API_HOST = ".execute-api.localhost"
_API_PATH = "/_aws/execute-api/"
_SIGN_IN = "/oauth2/authorize"
_BY_HAND = "by_hand"
"""With this in its query the emulator's own page is shown, which asks for a name and a password."""
_LOGIN_PAGES = frozenset({"/oauth2/authorize", "/login", "/logout"})
_KEEP_ALIVE_SECONDS = 75  # as the emulator's own server: below it, SDKs see connections die under them


class Guard:
    """Refuse foreign Host names (DNS rebinding) and what another web site's page makes a browser send.

    The API behind the emulator has its own authorizer and its own CORS: its paths are open to every origin, as on AWS.
    """

    def __init__(self, application: Application, *, port: int) -> None:
        self._application = application
        self._port = port

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a connection on, or say why not."""
        reason = None if scope["type"] == "lifespan" else self.refusal(scope)
        if reason is None:
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await _refuse(send, reason)

    def refusal(self, scope: Message) -> str | None:
        """Say why a request is refused; None if it is not."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if not self._is_ours(host):
            return f"Host {host!r} is not this stack"
        if self._is_api(host, scope["path"]) or not self._is_foreign(headers):
            return None
        return None if _opens_login(scope, headers) else "requests from other web sites are refused"

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        local = name in {"127.0.0.1", "localhost"} or name.endswith(".localhost")
        return local and port == str(self._port)

    def _is_api(self, host: str, path: str) -> bool:
        return host.rpartition(":")[0].endswith(_API_HOST) or path.startswith(_API_PATH)

    def _is_foreign(self, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            return not self._is_ours(urlsplit(origin).netloc)
        return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


class OneClick:
    """Let a person sign in as a demo account with one click. `accounts` are `username=Name=group`."""

    def __init__(self, application: Application, *, password: str, accounts: Sequence[str]) -> None:
        self._application = application
        self._password = password
        self._accounts = [account.split("=") for account in accounts]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer with the page, or pass a connection on."""
        asked = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        is_ours = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == _SIGN_IN
        if not is_ours or _BY_HAND in asked or "identity_provider" in asked:
            await self._application(scope, receive, send)
        else:
            await _answer(send, 200, "text/html", self.page(asked).encode())

    def page(self, asked: dict[str, str]) -> str:
        """Write a form for each account, which the emulator takes as its own."""
        hidden = "".join(_hidden(name, text) for name, text in {**asked, "password": self._password}.items())
        forms = "".join(
            f'<form method="post" action="/login">{hidden}{_hidden("username", username)}'
            f"<button><b>{escape(name)}</b><span>{escape(group)}</span></button></form>"
            for username, name, group in self._accounts
        )
        by_hand = escape(f"{_SIGN_IN}?{urlencode({**asked, _BY_HAND: '1'})}")
        return _PAGE.format(forms=forms, by_hand=by_hand)


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · local Nightlatch</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>
body {{ display: grid; place-items: center; min-height: 100dvh; margin: 0; font: 14px/1.5 system-ui, sans-serif;
  background: light-dark(#f7f8fb, #101218); color: light-dark(#1b1e2b, #eef0f6) }}
main {{ width: min(360px, 100vw - 32px) }}
h1 {{ margin: 0 0 4px; font-size: 19px }}
p {{ margin: 0 0 16px; color: light-dark(#5a6072, #a4aabb) }}
form {{ margin: 0 0 8px }}
button {{ display: flex; justify-content: space-between; width: 100%; padding: 11px 14px; font: inherit;
  cursor: pointer; color: inherit; border: 1px solid light-dark(#d7dbe6, #343949); border-radius: 8px;
  background: light-dark(#fff, #1a1d27) }}
button:hover, button:focus-visible {{ border-color: #4054d6; outline: 2px solid #4054d6 }}
span, a {{ color: light-dark(#5a6072, #a4aabb) }}
</style></head><body><main><h1>Sign in as</h1><p>Demo accounts of this machine. Nobody is asked for a password.</p>
{forms}<a href="{by_hand}">Somebody else, with a password</a></main></body></html>"""


def _hidden(name: str, text: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(text)}">'


def _opens_login(scope: Message, headers: dict[str, str]) -> bool:
    is_navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return scope.get("method") == "GET" and is_navigation and scope["path"] in _LOGIN_PAGES


async def _refuse(send: Send, reason: str) -> None:
    await _answer(send, 403, "text/plain", f"{reason}\n".encode())


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = {
        "content-type": f"{kind}; charset=utf-8",
        "content-length": str(len(body)),
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "cache-control": "no-store",
    }
    raw = [(name.encode(), text.encode()) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def main(port: int, password: str, *accounts: str) -> None:
    """Serve on the loopback interface until SIGTERM, which lets the emulator save its state."""
    # Imported here, untyped: they exist in the emulator's environment only.
    from hypercorn.asyncio import serve  # type: ignore[import-not-found]  # noqa: PLC0415
    from hypercorn.config import Config  # type: ignore[import-not-found]  # noqa: PLC0415
    from ministack.app import app  # type: ignore[import-not-found]  # noqa: PLC0415

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    asyncio.run(serve(Guard(OneClick(app, password=password, accounts=accounts), port=port), config))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
