"""Lists: what their address asks for, and how another one is written. Every filter is a field of one form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.time_frame import TimeFrame, zone_named
from nightlatch.entrypoints.asked_frame import AskedFrame
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.wording import Mark

MOST_CHOICES = 50
"""So many are shown to choose from; the others are found by typing."""
MOST_VALUES = 50
LONGEST_VALUE = 200
PLACES = frozenset({"before", "open"})
"""What says where somebody is in a list, not what they look for."""


class Query:
    """What the address of a list holds, and the addresses that its links lead to."""

    def __init__(self, visit: Visit) -> None:
        self.path = visit.path
        sent = parse_qsl(visit.event.get("rawQueryString") or "", keep_blank_values=True)
        self._fields = [(name, value) for name, value in sent if value.strip()]

    def with_(self, **fields: str | None) -> str:
        """Write the address with other values of these fields; None leaves one out."""
        kept = [(name, value) for name, value in self._fields if name not in fields]
        return self._address([*kept, *((name, value) for name, value in fields.items() if value is not None)])

    def without(self, *names: str) -> str:
        """Write the address of the list's first page without these fields."""
        return self._address([(name, value) for name, value in self._fields if name not in PLACES.union(names)])

    @property
    def filters(self) -> list[tuple[str, str]]:
        """What is looked for, as fields and values."""
        return [(name, value) for name, value in self._fields if name not in PLACES]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.filters)

    def _address(self, fields: list[tuple[str, str]]) -> str:
        return f"{self.path}?{urlencode(fields)}" if fields else self.path


class Choice(NamedTuple):
    """Something that may be chosen."""

    value: str
    label: str
    note: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class Filter:
    """A filter of several values, of which one is enough.

    The choices of one with a `lookup` are fetched from there when it is opened, and found there by typing.
    """

    name: str
    label: str
    icon: str
    choices: Sequence[Choice] = ()
    chosen: frozenset[str] = frozenset()
    lookup: str = ""

    @cached_property
    def shown(self) -> list[Choice]:
        """What is chosen, then what else may be."""
        known = {choice.value: choice for choice in self.choices}
        chosen = [known.get(value, Choice(value, value)) for value in sorted(self.chosen)]
        others = [choice for choice in self.choices if choice.value not in self.chosen]
        return [*chosen, *others[: max(MOST_CHOICES - len(chosen), 0)]] if self.lookup else list(self._in_order())

    @property
    def summary(self) -> str:
        """Say what is chosen: the one value, or how many."""
        labels = [choice.label for choice in self.shown if choice.value in self.chosen]
        return labels[0] if len(labels) == 1 else str(len(self.chosen))

    def _in_order(self) -> Iterable[Choice]:
        known = {choice.value for choice in self.choices}
        yield from self.choices
        yield from (Choice(value, value) for value in sorted(self.chosen - known))


class TimeFilter(NamedTuple):
    """The time that a list is about, as the form has it: the last so many of a unit, or from and to in a zone."""

    amount: str
    unit: str
    is_rounded: bool
    since: str
    until: str
    zone: str
    is_absolute: bool
    frame: TimeFrame

    @property
    def is_on(self) -> bool:
        """Whether the time is bounded at all."""
        return self.frame != TimeFrame()

    def is_quick(self, amount: str, unit: str) -> bool:
        """Whether it is one of the spans that are offered at once."""
        return not self.is_absolute and (self.amount, self.unit) == (amount, unit)


def chosen(visit: Visit, name: str) -> frozenset[str]:
    """Read the values of a filter; raise InvalidInputError when they are too many or too long."""
    values = frozenset(value.strip() for value in visit.query.get(name, ()) if value.strip())
    if len(values) > MOST_VALUES:
        raise InvalidInputError(Fault(f"?{name}", f"must not have more than {MOST_VALUES} values"))
    if any(len(value) > LONGEST_VALUE for value in values):
        raise InvalidInputError(Fault(f"?{name}", f"must not be longer than {LONGEST_VALUE} characters"))
    return values


def one_of(known: Iterable[str], values: frozenset[str], name: str) -> frozenset[str]:
    """Return the values if all are known; raise InvalidInputError naming the one that is not."""
    if strange := sorted(values - set(known)):
        raise InvalidInputError(Fault(f"?{name}", f"cannot be {strange[0]}"))
    return values


def text_of(visit: Visit) -> str | None:
    """Read what is searched for; None when nothing is."""
    text = visit.asked("q")
    if len(text) > LONGEST_VALUE:
        raise InvalidInputError(Fault("?q", f"must not be longer than {LONGEST_VALUE} characters"))
    return text or None


def time_filter(visit: Visit, *, now: datetime, zone: str, most_recent: tuple[str, str] | None = None) -> TimeFilter:
    """Read the time that a list is about; raise InvalidInputError. `zone` is the deployment's.

    `most_recent` is the amount and unit that hold when nothing is said: `amount=all` says that all time is meant.
    """
    is_absolute = visit.asked("when") == "absolute" or bool(visit.asked("since") or visit.asked("until"))
    amount, unit = visit.asked("amount"), visit.asked("unit") or "d"
    if not (is_absolute or amount) and most_recent:
        amount, unit = most_recent
    amount = "" if amount == "all" else amount
    read_in = visit.asked("zone") or zone
    since, until = visit.asked("since"), visit.asked("until")
    asked = AskedFrame(
        last=None if is_absolute or not amount else f"{amount}{unit}",
        rounded="hour" if visit.asked("round") and amount and not is_absolute else None,
        zone=_zone(read_in),
        since=_time(since, "since") if is_absolute else None,
        until=_time(until, "until") if is_absolute else None,
    )
    return TimeFilter(
        amount=amount,
        unit=unit,
        is_rounded=bool(visit.asked("round")),
        since=since,
        until=until,
        zone=read_in,
        is_absolute=is_absolute,
        frame=_read(asked, now=now, zone=zone),
    )


def _read(asked: AskedFrame, *, now: datetime, zone: str) -> TimeFrame:
    try:
        return asked.read(now=now, own_zone=zone)
    except ValueError as error:
        raise InvalidInputError(Fault("?amount", str(error))) from error


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except ValueError as error:
        raise InvalidInputError(Fault("?zone", str(error))) from error
    return name


def _time(text: str, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInputError(Fault(f"?{name}", "is no date and time")) from error
