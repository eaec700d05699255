"""A browser before the console's function: keeps cookies, follows redirects, sends forms as they stand in a page."""

import base64
import gzip
import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from nightlatch.bootstrap.settings import ConsoleSettings
from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.console.app import lambda_handler
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.routes import PAGES as CONFIGURATION
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.front.routes import PAGES, STRANGERS
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.oversight.routes import PAGES as OVERSIGHT
from nightlatch.entrypoints.console.site import Site
from nightlatch.services.signing_in import SigningIn
from tests.builders import ISSUER, World
from tests.fakes.provider import CLIENT, PAGE, FakeProvider
from tests.functions.client import SETTINGS, Context, an_api_event

HOST = "console.example.com"
HERE = {"sec-fetch-site": "same-origin", "origin": f"https://{HOST}"}
CONSOLE = ConsoleSettings(issuer=ISSUER, client_id=CLIENT, scopes="openid", sign_in_page="")


class _Read(HTMLParser):
    """Collects what a person reads, and the elements that a browser makes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, {name: text or "" for name, text in attrs}))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: dict[str, str]
    html: str

    @property
    def text(self) -> str:
        """What a person reads, with single blanks."""
        return " ".join(" ".join(_Read(self.html).texts).split())

    @property
    def elements(self) -> list[tuple[str, dict[str, str]]]:
        """The elements with their attributes."""
        return _Read(self.html).elements

    def field(self, name: str) -> str:
        """Read a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        assert found, f"there is no field {name}"
        return unescape(found[1])


@dataclass
class Browser:
    """One person's browser."""

    world: World
    provider: FakeProvider = field(init=False)
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = FakeProvider(self.world.clock)
        world = self.world
        front = FrontDesk(
            **self._everywhere,
            console=lambda: CONSOLE,
            signing_in=self._signing_in,
            sign_ins=lambda: world.sign_ins,
            requests=lambda: world.requests,
            asking=lambda: world.asking,
            others=lambda: world.asking_for_others,
            approvals=lambda: world.approvals,
            anomalies=lambda: world.anomaly_desk,
            anomaly_settings=lambda: world.anomaly_settings,
        )
        oversight = OversightDesk(
            **self._everywhere,
            requests=lambda: world.requests,
            activity=lambda: world.activity,
            lookups=lambda: world.lookups,
            trail=lambda: world.trail,
            audit_reads=lambda: world.audit_reads,
            whole_entries=lambda: world.whole_entries,
            kept_seals=lambda: world.kept_seals,
            trail_proof=lambda: world.trail_proof,
            exports=lambda: world.exports,
            saved_views=lambda: world.saved_views,
            anomalies=lambda: world.anomaly_desk,
        )
        configuration = ConfigurationDesk(
            **self._everywhere,
            flows=lambda: world.flows,
            integrations=lambda: world.integrations,
            destinations=lambda: world.destinations,
            flow_reach=lambda: world.flow_reach,
            audit_settings=lambda: world.audit_settings,
            trail=lambda: world.trail,
            anomaly_settings=lambda: world.anomaly_settings,
            alert_rules=lambda: world.alert_rules,
            replays=lambda: world.replays,
            people=lambda: world.acquaintances,
            requests=lambda: world.requests,
        )
        self.sites = {
            "/oversight/": Site(oversight, OVERSIGHT),
            "/configuration/": Site(configuration, CONFIGURATION),
            "/": Site(front, PAGES, STRANGERS),
        }

    @property
    def _everywhere(self) -> dict[str, Any]:
        world = self.world
        return {
            "settings": lambda: SETTINGS,
            "sessions": lambda: world.sessions,
            "api_reads": lambda: world.api_reads,
            "now": lambda: world.clock.now,
        }

    def get(self, address: str, **headers: str) -> Page:
        """Open an address."""
        return self._call("GET", address, headers=headers)

    def post(self, address: str, fields: Any = (), *, headers: dict[str, str] = HERE) -> Page:
        """Send a form as it is: no token is added."""
        sent = urlencode(fields if isinstance(fields, list) else dict(fields))
        body = base64.b64encode(sent.encode()).decode()
        return self._call("POST", address, body=body, headers=headers)

    def submit(self, page: Page, address: str, /, **fields: str) -> Page:
        """Send a form that stands in a page, and go where that leads."""
        answer = self.post(address, {"form_token": page.field("form_token"), **fields})
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer

    def sign_in(self, principal: Principal, *, return_to: str = "/") -> Page:
        """Sign in at the provider, and come back."""
        return self.sign_in_at(f"/auth/login?{urlencode({'return_to': return_to})}", principal)

    def sign_in_at(self, address: str, principal: Principal) -> Page:
        """Follow a link to sign in, do it at the provider, and come back."""
        away = self.get(address)
        assert away.headers["Location"].startswith(PAGE)
        brought = self.provider.signed_in(away.headers["Location"], principal)
        return self.get(f"/auth/callback?{urlencode(brought)}")

    def _signing_in(self) -> SigningIn:
        return SigningIn(
            provider=self.provider,
            issuer=ISSUER,
            client_id=CLIENT,
            scopes=CONSOLE.scopes,
            clock=self.world.clock,
            randomness=self.world.store.random,
        )

    def _call(self, method: str, address: str, *, headers: dict[str, str], body: str | None = None) -> Page:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        event = an_api_event(method, address, headers={"host": HOST, **named})
        event["cookies"] = [f"{name}={text}" for name, text in self.cookies.items()]
        if body is not None:
            event |= {"body": body, "isBase64Encoded": True}
        site = next(site for prefix, site in self.sites.items() if address.startswith(prefix))
        answered = lambda_handler(site)(event, Context())  # type: ignore[arg-type]  # as much as it looks at
        self._keep(answered["cookies"])
        return Page(answered["statusCode"], answered["headers"], _body(answered))

    def _keep(self, cookies: list[str]) -> None:
        self.set_cookies = cookies
        for cookie in cookies:
            name, _, text = cookie.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0" not in cookie:
                self.cookies[name] = text


def _body(answered: dict[str, Any]) -> str:
    if not answered["isBase64Encoded"]:
        return str(answered["body"])
    content = base64.b64decode(answered["body"])
    packed = answered["headers"].get("Content-Encoding") == "gzip"
    return (gzip.decompress(content) if packed else content).decode("latin-1")


def query_of(address: str) -> dict[str, str]:
    """Read an address's query."""
    return dict(parse_qsl(urlsplit(address).query))
