"""Cursors: where a list is read on. They are opaque and signed, so that nobody can point one anywhere else."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends
from itsdangerous import BadData, URLSafeSerializer

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.secrets import cursor_key
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.ledger import canonical_json
from nightlatch.domain.value import rfc3339, to_utc_milliseconds
from nightlatch.services.ports.ambient import Clock

Position = str | int | list[str | int]

LONGEST_AGE = timedelta(hours=24)
FOR_EVER = None
FEED = "feed"
"""The scope of the audit feed's cursors: they belong to nobody and never grow old, because the trail never changes."""


class Cursors:
    """Writes and reads cursors. The key is fetched when the first one is."""

    def __init__(self, key: Callable[[], str], *, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def write(self, position: Position, *, scope: str) -> str:
        """Sign a position for a scope: another list, filter or person makes another scope."""
        return self._serializer().dumps([position, scope, int(self._clock().timestamp())])

    def read(self, cursor: str, *, scope: str, parameter: str, longest_age: timedelta | None) -> Any:
        """Return the position; raise InvalidInputError for a cursor that was changed, is of elsewhere or too old."""
        try:
            position, written_for, written_at = self._serializer().loads(cursor)
        except (BadData, UnicodeError) as error:
            raise InvalidInputError(Fault(f"?{parameter}", "is not a cursor that was given out here")) from error
        if written_for != scope:
            raise InvalidInputError(Fault(f"?{parameter}", "was given out for another query or another caller"))
        age = self._clock() - datetime.fromtimestamp(written_at, tz=self._clock().tzinfo)
        if longest_age is not FOR_EVER and age > longest_age:
            raise InvalidInputError(Fault(f"?{parameter}", "is too old: begin again without it"))
        return position

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._key(), salt="cursor", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )


class Place(NamedTuple):
    """Where a list is read on: below what, how many are passed over, and when its first page was asked for.

    The time stays the first page's, so that what `last=1h` means does not slide while the list is read.
    """

    asked_at: datetime
    below: Any = None
    skip: int = 0


class Page:
    """The page of a list that is asked for, by one caller with one filter."""

    def __init__(self, request: Request, cursors: Cursors) -> None:
        event = request.resolved_event.raw_event
        query = parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)
        self._cursors = cursors
        self._path = event["rawPath"]
        self._query = query
        self._filters = [(name, value) for name, value in query if name not in {"cursor", "offset"}]
        filters = sorted([name, value] for name, value in self._filters if name != "limit")
        asked = {"path": self._path, "filters": filters, "caller": request.context["principal"].id}
        self._scope = hashlib.sha256(canonical_json(asked)).hexdigest()

    def position(self, cursor: str | None) -> Any:
        """Find where to read on; None at the beginning."""
        if cursor is None:
            return None
        return self._cursors.read(cursor, scope=self._scope, parameter="cursor", longest_age=LONGEST_AGE)

    def place(self, cursor: str | None, *, now: datetime, offset: int = 0) -> Place:
        """Find where to read on in a list whose frame may be relative to now."""
        if cursor is None:
            return Place(to_utc_milliseconds(now), skip=offset)
        if offset:
            raise InvalidInputError(Fault("?offset", "goes without cursor: it is for the first page"))
        asked_at, below, skip = self.position(cursor)
        return Place(datetime.fromisoformat(asked_at), below, skip)

    def cursor_below(self, below: str | int | None, *, of: Place, skip: int = 0) -> str | None:
        """Write the cursor of the page after `of`; None when there is none."""
        return self.cursor_at(None if below is None else [rfc3339(of.asked_at), below, skip])

    def cursor_at(self, position: Position | None) -> str | None:
        """Write the cursor of the next page; None when there is none."""
        return None if position is None else self._cursors.write(position, scope=self._scope)

    def links(self, next_cursor: str | None) -> dict[str, str]:
        """Write the addresses of this page and, if there is one, of the next."""
        links = {"self": self._address(self._query)}
        if next_cursor is not None:
            links["next"] = self._address([*self._filters, ("cursor", next_cursor)])
        return links

    def link_from(self, cursor: str) -> str:
        """Write the address at which a feed goes on: with the same filters, `from` a cursor."""
        kept = [(name, value) for name, value in self._query if name != "from"]
        return self._address([*kept, ("from", cursor)])

    def _address(self, query: list[tuple[str, str]]) -> str:
        return f"{self._path}?{urlencode(query)}" if query else str(self._path)


def cursors() -> Cursors:
    """Make the cursors of this deployment."""
    return Cursors(cursor_key, clock=clock.now)


def this_page(request: Request, signer: Annotated[Cursors, Depends(cursors)]) -> Page:
    """Find the page that is asked for."""
    return Page(request, signer)


ThisPage = Annotated[Page, Depends(this_page)]
TheCursors = Annotated[Cursors, Depends(cursors)]
