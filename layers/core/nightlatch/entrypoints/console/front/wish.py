"""What somebody is about to ask for, as a form or an address holds it: `item=orders-db/database/orders/role1`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode
from zoneinfo import ZoneInfo

from nightlatch.domain.duration import iso_8601, parse_duration
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.flow_advice import Advice
from nightlatch.services.asking import Submission, WantedItem

MOST_PICKS = 20
LONGEST_JUSTIFICATION = 2000
LONGEST_TICKET = 100

Fields = Mapping[str, list[str]]


@dataclass(frozen=True, order=True)
class Pick:
    """One permission on one resource of one integration."""

    integration: str
    resource_type: str
    resource: str
    permission: str

    @classmethod
    def read(cls, text: str) -> "Pick":
        """Read it from its form in an address."""
        parts = [unquote(part) for part in text.split("/")]
        if len(parts) != 4 or not all(parts):  # noqa: PLR2004  (the four fields)
            raise InvalidInputError(Fault("/items", f"cannot be read: {text[:100]}"))
        return cls(*parts)

    def __str__(self) -> str:
        """Write it as an address holds it."""
        return "/".join(quote(part, safe="") for part in (self.integration, *self._named))

    @property
    def item(self) -> WantedItem:
        """Say it in the words of the service."""
        return WantedItem(*self._named)

    @property
    def _named(self) -> tuple[str, str, str]:
        return (self.resource_type, self.resource, self.permission)


class Draft(NamedTuple):
    """A request as it stands in the form; texts are as they were typed."""

    picks: tuple[Pick, ...] = ()
    search: str = ""
    duration: str = ""
    starts_at: str = ""
    justification: str = ""
    ticket: str = ""
    on_behalf_of: str = ""
    person_search: str = ""

    @classmethod
    def of(cls, fields: Fields) -> "Draft":
        """Read a form or an address, with what a button of it adds, removes or takes over. `for` is chosen by one."""
        fields = {**fields, **parse_qs(_first(fields, "take"), keep_blank_values=True)}
        picks = [Pick.read(text) for text in (*fields.get("item", ()), *fields.get("add", ()))]
        removed = {Pick.read(text) for text in fields.get("remove", ())}
        return cls(
            picks=tuple(pick for pick in dict.fromkeys(picks) if pick not in removed)[:MOST_PICKS],
            search=_first(fields, "q").strip(),
            duration=_first(fields, "duration").strip(),
            starts_at=_first(fields, "starts_at").strip(),
            justification=_first(fields, "justification").strip()[:LONGEST_JUSTIFICATION],
            ticket=_first(fields, "ticket").strip()[:LONGEST_TICKET],
            on_behalf_of=_first(fields, "for" if "for" in fields else "on_behalf_of").strip(),
            person_search=_first(fields, "person").strip(),
        )

    def submissions(self, zone: str) -> list[Submission]:
        """Make a request for each integration; raise InvalidInputError naming what cannot be read."""
        duration, starts_at = self._duration(), self._start(ZoneInfo(zone))
        return [
            Submission(
                integration=integration,
                items=[pick.item for pick in picks],
                justification=self.justification,
                ticket=self.ticket,
                duration=duration,
                starts_at=starts_at,
                on_behalf_of=self.on_behalf_of or None,
            )
            for integration, picks in groupby(sorted(self.picks), key=lambda pick: pick.integration)
        ]

    def taking(self, advice: Advice, zone: str) -> str:
        """Write what an advice would change, for a button to bring back. Items of other integrations stay."""
        wish = advice.wish
        advised = [Pick(wish.integration, one.type, one.id, permission.name) for one, permission in wish.targets]
        others = [pick for pick in self.picks if pick.integration != wish.integration]
        start = wish.starts_at.astimezone(ZoneInfo(zone)) if wish.starts_at else None
        fields = [("item", str(pick)) for pick in (*others, *advised)]
        fields.append(("duration", iso_8601(wish.duration) if wish.duration else ""))
        fields.append(("starts_at", start.strftime("%Y-%m-%dT%H:%M") if start else ""))
        return urlencode(fields)

    def _duration(self) -> timedelta | None:
        try:
            return parse_duration(self.duration) if self.duration else None
        except ValueError as error:
            raise InvalidInputError(Fault("/duration", str(error))) from error

    def _start(self, zone: ZoneInfo) -> datetime | None:
        """Read a time in the deployment's zone, as the form says that it is."""
        if not self.starts_at:
            return None
        try:
            return datetime.fromisoformat(self.starts_at).replace(tzinfo=zone).astimezone(UTC)
        except ValueError as error:
            raise InvalidInputError(Fault("/starts_at", "is no date and time")) from error


def again(integration: str, items: Iterable[WantedItem]) -> tuple[Pick, ...]:
    """Pick what a request asked for."""
    return tuple(Pick(integration, item.resource_type, item.resource, item.permission) for item in items)


def _first(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[0]
