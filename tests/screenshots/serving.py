"""The console's pages over a World, for a real browser on this machine. Nobody signs in: `as=` says who one is."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.console.app import lambda_handler
from tests.builders import World
from tests.functions.browser import Browser
from tests.functions.client import Context, an_api_event

WHO = "who"


@dataclass
class Pages:
    """Answers what browsers ask, one call after the other: the World is in memory, and has no locks."""

    world: World
    people: Mapping[str, Principal]
    lock: Lock = field(default_factory=Lock)
    signed_in: dict[str, Browser] = field(default_factory=dict)

    def answer(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        """Answer one call as the function does whose pages these are."""
        with self.lock:
            browser = self._browser(_who(address, headers) or next(iter(self.people)))
            event = an_api_event(method, address, headers={name.lower(): text for name, text in headers.items()})
            event["cookies"] = [f"{name}={text}" for name, text in browser.cookies.items()]
            if body is not None:
                event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            site = next(site for prefix, site in browser.sites.items() if address.startswith(prefix))
            return lambda_handler(site)(event, Context())  # type: ignore[arg-type]  # as much as it looks at

    def _browser(self, name: str) -> Browser:
        if name not in self.signed_in:
            self.signed_in[name] = Browser(self.world)
            self.signed_in[name].sign_in(self.people[name])
        return self.signed_in[name]


def _who(address: str, headers: Mapping[str, str]) -> str:
    asked = parse_qs(urlsplit(address).query).get(WHO)
    cookies = dict(cookie.strip().partition("=")[::2] for cookie in (headers.get("Cookie") or "").split(";"))
    return asked[0] if asked else cookies.get(WHO, "")


@contextmanager
def served(pages: Pages) -> Iterator[str]:
    """Serve pages at an address of this machine, as long as they are needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def log_message(self, *_: object) -> None:
            """Log nothing: the pages do."""

        def _answer(self, body: bytes | None) -> None:
            answered = pages.answer(self.command, self.path, dict(self.headers.items()), body)
            text = answered["body"]
            content = base64.b64decode(text) if answered["isBase64Encoded"] else text.encode()
            self.send_response(answered["statusCode"])
            for name, value in answered["headers"].items():
                if name != "Strict-Transport-Security":
                    self.send_header(name, value)
            if who := _who(self.path, dict(self.headers.items())):
                self.send_header("Set-Cookie", f"{WHO}={who}; Path=/")
            self.send_header("Content-Length", str(len(content)))
            with suppress(BrokenPipeError):  # the browser has gone on
                self.end_headers()
                self.wfile.write(content)

    return Handler
