"""Which entries of the trail are looked for: by an address of the list, or by the form of an export."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nightlatch.domain.audit_event import Severity, Source
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.time_frame import TimeFrame, zone_named
from nightlatch.entrypoints.asked_frame import AskedFrame
from nightlatch.entrypoints.console.entry_words import SEVERITIES, STATES
from nightlatch.entrypoints.console.listing import Choice, Filter, Query, chosen, one_of, text_of, time_filter
from nightlatch.entrypoints.console.oversight.choices import listed, looked_up
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import SOURCES

WORDS = {mark.word: mark for mark in STATES.values()}
TIMES = frozenset({"since", "until", "zone", "amount", "unit", "round", "when"})


class Wanted(NamedTuple):
    """What is looked for. `since` and `until` are as a form shows them, in the deployment's zone."""

    entries: EntryFilter
    frame: TimeFrame
    since: str
    until: str
    query: Query

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """What is looked for beside the time."""
        return [(name, value) for name, value in self.query.filters if name not in TIMES]


def wanted_by_address(visitor: Visitor[OversightDesk]) -> Wanted:
    """Read what an address asks for; raise InvalidInputError."""
    times = time_filter(visitor.visit, now=visitor.desk.now(), zone=visitor.desk.settings().time_zone)
    return _wanted(visitor, times.frame)


def wanted_by_form(visitor: Visitor[OversightDesk]) -> Wanted:
    """Read what the form of an export asks for: its own times, and the filters of its address."""
    said, zone = visitor.visit.said, visitor.desk.settings().time_zone
    since, until = _moment(said("since"), "since"), _moment(said("until"), "until")
    asked = AskedFrame(zone=_zone(said("zone") or zone), since=since, until=until)
    return _wanted(visitor, asked.read(now=visitor.desk.now(), own_zone=zone))


def filters_of(visitor: Visitor[OversightDesk]) -> list[Filter]:
    """Make the filters that are always there."""
    visit = visitor.visit
    states = [Choice(word, word, mark=mark) for word, mark in sorted(WORDS.items())]
    sources = [Choice(source, word) for source, word in SOURCES.items()]
    severities = [Choice(severity, mark.word, mark=mark) for severity, mark in SEVERITIES.items()]
    return [
        listed(visit, "state", "State", "wait", states),
        looked_up(visitor, "actor", "Actor", "person", kind="person"),
        listed(visit, "source", "Source", "plug", sources),
        listed(visit, "severity", "Severity", "alert", severities),
    ]


def more_filters_of(visitor: Visitor[OversightDesk]) -> list[Filter]:
    """Make the filters that are behind a button."""
    return [looked_up(visitor, "integration", "Integration", "database")]


def _wanted(visitor: Visitor[OversightDesk], frame: TimeFrame) -> Wanted:
    visit, zone = visitor.visit, ZoneInfo(visitor.desk.settings().time_zone)
    words = one_of(WORDS, chosen(visit, "state"), "state")
    entries = EntryFilter(
        since=frame.since,
        until=frame.until,
        event_types=chosen(visit, "event_type").union(name for name, mark in STATES.items() if mark.word in words),
        severities=one_of(Severity, chosen(visit, "severity"), "severity"),
        actors=chosen(visit, "actor"),
        resources=chosen(visit, "resource"),
        request_ids=chosen(visit, "request_id"),
        integrations=chosen(visit, "integration"),
        sources=one_of(Source, chosen(visit, "source"), "source"),
        text=text_of(visit),
    )
    return Wanted(entries, frame, _shown(frame.since, zone), _shown(frame.until, zone), Query(visit))


def _shown(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""


def _moment(text: str, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInputError(Fault(f"/{name}", "is no date and time")) from error


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except ValueError as error:
        raise InvalidInputError(Fault("/zone", str(error))) from error
    return name
