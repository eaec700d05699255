"""Anomalies: what was found, why, and what is made of it. Auditors look, administrators act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nightlatch.domain.anomaly import TITLES, Anomaly, AnomalySeverity, AnomalyState, AnomalyType
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import Fault, InvalidInputError, NotFoundError
from nightlatch.domain.identity import Role
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.console import counts
from nightlatch.entrypoints.console.answers import OK, Answer, redirect
from nightlatch.entrypoints.console.forgery import own_path
from nightlatch.entrypoints.console.listing import (
    Choice,
    Filter,
    Query,
    TimeFilter,
    chosen,
    one_of,
    text_of,
    time_filter,
)
from nightlatch.entrypoints.console.oversight.choices import listed, looked_up
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.oversight.evidence import Measure, Step, history_of, measures_of
from nightlatch.entrypoints.console.visit import LONGEST_REASON
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import ANOMALY_STATES, SEVERITIES
from nightlatch.services.ports.anomalies import AnomalyFilter

HERE = "/oversight/anomalies"
PAGE = 25
MOST_HISTORY = 10
BAD_REQUEST = 400


@dataclass(frozen=True)
class Acting:
    """Whether the reader may act, what they typed into a form, and what is wrong of it: both by the fields' names."""

    may_act: bool
    said: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


class Opened(NamedTuple):
    """An anomaly as its panel shows it: the events it rests on, what was measured, and what became of it."""

    anomaly: Anomaly
    is_revocable: bool
    events: list[LedgerEntry]
    measures: list[Measure]
    history: list[Step]


def show(visitor: Visitor[OversightDesk]) -> Answer:
    """Show anomalies, the latest detected first."""
    settings = visitor.desk.settings()
    times = time_filter(visitor.visit, now=visitor.desk.now(), zone=settings.time_zone)
    wanted, query = _wanted(visitor, times), Query(visitor.visit)
    found = visitor.desk.anomalies().find(wanted, limit=PAGE)
    return visitor.page(
        "oversight/anomalies.html",
        query=query,
        times=times,
        filters=_filters(visitor),
        anomalies=found.found,
        older=found.below,
        is_first=wanted.below is None,
        opened=_opened(visitor, visitor.visit.asked("open")),
        back=visitor.visit.address,
        acting=Acting(_may_act(visitor)),
    )


def show_one(visitor: Visitor[OversightDesk], anomaly_id: str) -> Answer:
    """Show an anomaly as a page of its own."""
    return _alone(visitor, anomaly_id)


def count(visitor: Visitor[OversightDesk]) -> Answer:
    """Show how many anomalies nobody has looked at yet."""
    return counts.count(visitor, visitor.desk.anomalies().count_open(), what="open", is_urgent=True)


def acknowledge(visitor: Visitor[OversightDesk], anomaly_id: str) -> Answer:
    """Say that somebody is looking at it."""
    act = lambda note: visitor.desk.anomalies().acknowledge(anomaly_id, visitor.call, note=note)  # noqa: E731
    return _done(visitor, anomaly_id, act, name="note")


def resolve(visitor: Visitor[OversightDesk], anomaly_id: str) -> Answer:
    """Say what came of it."""
    act = lambda note: visitor.desk.anomalies().resolve(anomaly_id, visitor.call, note=note)  # noqa: E731
    return _done(visitor, anomaly_id, act, name="note", missing="say what came of it")


def revoke(visitor: Visitor[OversightDesk], anomaly_id: str) -> Answer:
    """End the access that it is about."""
    act = lambda reason: visitor.desk.anomalies().revoke(anomaly_id, visitor.call, reason=reason)  # noqa: E731
    return _done(visitor, anomaly_id, act, name="reason", missing="say why the access ends")


def _done(
    visitor: Visitor[OversightDesk],
    anomaly_id: str,
    act: Callable[[str], object],
    *,
    name: str,
    missing: str = "",
) -> Answer:
    """Do what a form asks for and go back to where it stood, or show it again with what is wrong of it."""
    said = visitor.visit.said(name)
    try:
        act(_checked(said, name=name, missing=missing))
    except InvalidInputError as error:
        faults = {name: "; ".join(fault.message for fault in error.faults)}
        acting = Acting(_may_act(visitor), said={name: said}, faults=faults)
        return _alone(visitor, anomaly_id, acting=acting, status=BAD_REQUEST)
    return redirect(_back(visitor) or f"{HERE}/{anomaly_id}")


def _checked(said: str, *, name: str, missing: str) -> str:
    if missing and not said:
        raise InvalidInputError(Fault(f"/{name}", missing))
    if len(said) > LONGEST_REASON:
        raise InvalidInputError(Fault(f"/{name}", f"must not have more than {LONGEST_REASON} characters"))
    return said


def _back(visitor: Visitor[OversightDesk]) -> str:
    """Find the page that a form stood in; empty when that is none of ours."""
    back = own_path(visitor.visit.said("back"))
    return back if back.partition("?")[0].startswith(HERE) else ""


def _alone(
    visitor: Visitor[OversightDesk], anomaly_id: str, *, acting: Acting | None = None, status: int = OK
) -> Answer:
    return visitor.page(
        "oversight/anomaly.html",
        status,
        opened=_looked_at(visitor, anomaly_id),
        back=_back(visitor),
        acting=acting or Acting(_may_act(visitor)),
    )


def _may_act(visitor: Visitor[OversightDesk]) -> bool:
    return visitor.principal.has(Role.ADMIN)


def _opened(visitor: Visitor[OversightDesk], anomaly_id: str) -> Opened | None:
    """Read what the panel shows: nothing, when no anomaly is opened or it is kept no longer."""
    try:
        return _looked_at(visitor, anomaly_id) if anomaly_id else None
    except NotFoundError:
        return None


def _looked_at(visitor: Visitor[OversightDesk], anomaly_id: str) -> Opened:
    """Read an anomaly with its records: that these were read is told in the trail, like any reading of it."""
    seen, trail = visitor.desk.anomalies().show(anomaly_id), visitor.desk.trail()
    anomaly = seen.anomaly
    events = trail.several(anomaly.finding.evidence.entries)
    about = EntryFilter(resources=frozenset({anomaly.id}))
    history = trail.page(about, before=None, limit=MOST_HISTORY).entries
    visitor.desk.audit_reads().count(visitor.call, [*events, *history], query=visitor.visit.address)
    return Opened(
        anomaly,
        seen.is_revocable,
        events=events,
        measures=measures_of(anomaly.finding.evidence),
        history=history_of(anomaly, history),
    )


def _wanted(visitor: Visitor[OversightDesk], times: TimeFilter) -> AnomalyFilter:
    """Say which anomalies an address asks for; raise InvalidInputError."""
    visit = visitor.visit
    return AnomalyFilter(
        types=frozenset(map(AnomalyType, one_of(AnomalyType, chosen(visit, "type"), "type"))) or None,
        severities=frozenset(map(AnomalySeverity, one_of(AnomalySeverity, chosen(visit, "severity"), "severity")))
        or None,
        states=frozenset(map(AnomalyState, one_of(AnomalyState, chosen(visit, "state"), "state"))) or None,
        resource_types=chosen(visit, "resource_type") or None,
        resources=chosen(visit, "resource") or None,
        people=chosen(visit, "requester") or None,
        integrations=chosen(visit, "integration") or None,
        text=text_of(visit),
        since=times.frame.since,
        until=times.frame.until,
        below=visit.asked("before") or None,
    )


def _filters(visitor: Visitor[OversightDesk]) -> list[Filter]:
    visit = visitor.visit
    return [
        listed(visit, "type", "Type", "shield", [Choice(one, title) for one, title in TITLES.items()]),
        listed(visit, "severity", "Severity", "alert", [Choice(one, m.word, mark=m) for one, m in SEVERITIES.items()]),
        listed(visit, "state", "State", "wait", [Choice(one, m.word, mark=m) for one, m in ANOMALY_STATES.items()]),
        looked_up(visitor, "resource_type", "Resource type", "box"),
        looked_up(visitor, "resource", "Resource", "database"),
        looked_up(visitor, "requester", "User", "person", kind="person"),
        looked_up(visitor, "integration", "Integration", "plug"),
    ]
