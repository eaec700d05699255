"""Serve the emulator behind a guard: it answers any origin, so any open web page could drive it.

Run by the emulator's own interpreter, by this file's path; so it imports nothing of ours.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_API_HOST = ".execute-api.localhost"
_API_PATH = "/_aws/execute-api/"
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


def _opens_login(scope: Message, headers: dict[str, str]) -> bool:
    is_navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return scope.get("method") == "GET" and is_navigation and scope["path"] in _LOGIN_PAGES


async def _refuse(send: Send, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(port: int) -> None:
    """Serve on the loopback interface until SIGTERM, which lets the emulator save its state."""
    # Imported here, untyped: they exist in the emulator's environment only.
    from hypercorn.asyncio import serve  # type: ignore[import-not-found]  # noqa: PLC0415
    from hypercorn.config import Config  # type: ignore[import-not-found]  # noqa: PLC0415
    from ministack.app import app  # type: ignore[import-not-found]  # noqa: PLC0415

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    asyncio.run(serve(Guard(app, port=port), config))


if __name__ == "__main__":
    main(int(sys.argv[1]))
