"""Somebody who is signed in, at one page: what every page is given."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from nightlatch.domain.identity import Principal
from nightlatch.domain.session import Session
from nightlatch.entrypoints.api.caller import roles_of
from nightlatch.entrypoints.console.answers import NEVER_KEPT, NOT_MODIFIED, OK, REVALIDATED, Answer, html
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.entrypoints.console.menu import menu_of
from nightlatch.entrypoints.console.templating import rendered
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.services.call import Call

D = TypeVar("D", bound=Desk)


@dataclass(frozen=True)
class Visitor(Generic[D]):
    """A visit with whose it is, and what its page may call. Roles are those that the session's groups have now."""

    visit: Visit
    session: Session
    desk: D
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @cached_property
    def principal(self) -> Principal:
        """Who is signed in."""
        groups = frozenset(self.session.groups)
        return self.session.principal(roles_of(groups, self.desk.settings(), is_service=False))

    @cached_property
    def call(self) -> Call:
        """The call that services are given. What a form must do once only carries a key."""
        key = self.visit.said("once") or None
        fields = sorted((name, values) for name, values in self.visit.form.items())
        fingerprint = hashlib.sha256(repr((self.visit.path, fields)).encode()).hexdigest()
        return Call(self.principal, self.visit.origin, idempotency_key=key, fingerprint=fingerprint)

    def page(self, template: str, status: int = OK, *, keep: str = REVALIDATED, **shown: object) -> Answer:
        """Show a page; one that the browser has already is not sent again."""
        body = self._rendered(template, shown)
        if status != OK or keep == NEVER_KEPT or self.visit.method != "GET":
            return html(body, nonce=self.nonce, status=status, keep=NEVER_KEPT)
        # A page that htmx asks for is kept apart: it would take the page's own nonce in it for a stolen one.
        content = f"{body.replace(self.nonce, '')}{self.visit.headers.get('hx-request', '')}"
        etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
        if self.visit.headers.get("if-none-match") == etag:
            return Answer(NOT_MODIFIED, headers={"ETag": etag, "Cache-Control": keep, "Vary": "HX-Request"})
        return html(body, nonce=self.nonce, keep=keep).with_headers(ETag=etag, Vary="HX-Request")

    def _rendered(self, template: str, shown: Mapping[str, object]) -> str:
        return rendered(
            template,
            nonce=self.nonce,
            zone=self.desk.settings().time_zone,
            now=self.desk.now(),
            me=self.principal,
            session=self.session,
            here=self.visit.path.removesuffix("/check"),
            menu=menu_of(self.principal),
            **shown,
        )
