"""Alert rules: so many events within a window, counted as the rule says.

A rule and what it counts apart (an actor, a resource, an address) make at most one anomaly for each window. A window
begins at a multiple of its length, so that whoever looks again finds the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from nightlatch.domain.alert_rule import AlertRule, CountedPer
from nightlatch.domain.anomaly import MOST_ENTRIES, AnomalyType, Evidence, Finding, NamedResource
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import actor_in, asked_in
from nightlatch.domain.identifier import EPOCH
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value

RECOMMENDED = ("Look at the events, and whether they are as they should be.",)
WINDOWS_REMEMBERED = 10
"""What is told late may be of a window before the last one."""

ATTEMPTS = "attempts"
"""Where an event that tells of several failed sign-ins says of how many."""


class Hit(Value):
    """An entry that was counted. `times` is how often what it tells of happened."""

    at: Instant
    entry: str
    times: int = Field(default=1, ge=1)


class Hits(Value):
    """What was counted, in the order of the ledger, and the last windows of which an anomaly was told."""

    hits: tuple[Hit, ...] = ()
    told: tuple[int, ...] = ()


@dataclass(frozen=True)
class AlertRules:
    """Remembers for each rule, and each thing that it counts apart, the last entries that were counted."""

    rules: tuple[AlertRule, ...]
    kind: ClassVar[AnomalyType] = AnomalyType.ALERT_RULE
    memory: ClassVar[type[Value]] = Hits

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something for each rule that counts the entry."""
        return tuple(self._concerned(entry)) or None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Count the entry by each of these rules."""
        rules = self._concerned(entry)
        hits = {subject: memory for subject, memory in memories.items() if isinstance(memory, Hits)}
        looks = [_counted(rules[subject], entry, memory, subject) for subject, memory in hits.items()]
        memories = {subject: memory for look in looks for subject, memory in look.memories.items()}
        return Look(memories, tuple(finding for look in looks for finding in look.findings))

    def _concerned(self, entry: LedgerEntry) -> dict[str, AlertRule]:
        counted = {rule.id: _counted_apart(rule, entry) for rule in self.rules if rule.counts(entry)}
        return {f"{rule.id}#{counted[rule.id]}": rule for rule in self.rules if counted.get(rule.id) is not None}


def _counted_apart(rule: AlertRule, entry: LedgerEntry) -> str | None:
    """Name what is counted apart; None when the entry has none such."""
    match rule.choices.per:
        case CountedPer.ACTOR:
            return entry.actor.id
        case CountedPer.RESOURCE:
            return f"{entry.resource.type}/{entry.resource.id}"
        case CountedPer.ADDRESS:
            return entry.ip_address
        case CountedPer.ALL:
            return ""


def _counted(rule: AlertRule, entry: LedgerEntry, memory: Hits, subject: str) -> Look:
    hits = (*memory.hits, Hit(at=entry.timestamp, entry=entry.id, times=_times(entry)))[-2 * rule.choices.count :]
    near = _fullest_window(hits, entry.timestamp, rule.choices.window)
    window = (max(hit.at for hit in near) - EPOCH) // rule.choices.window
    if _number(near) < rule.choices.count or window in memory.told:
        return Look({subject: memory.model_copy(update={"hits": hits})})
    return Look(
        {subject: Hits(told=(*memory.told, window)[-WINDOWS_REMEMBERED:])},
        (_finding(rule, entry, near, scope=subject, window=window),),
    )


def _fullest_window(hits: tuple[Hit, ...], at: datetime, window: timedelta) -> list[Hit]:
    """Choose the window in which most happened, of those that hold what happened now: it may be told late."""
    ends = {hit.at for hit in hits if at <= hit.at <= at + window}
    windows = ([hit for hit in hits if end - window <= hit.at <= end] for end in sorted(ends))
    return max(windows, key=_number)


def _number(hits: Iterable[Hit]) -> int:
    return sum(hit.times for hit in hits)


def _times(entry: LedgerEntry) -> int:
    """Say how often it happened: failed sign-ins are told together, with their number."""
    attempts = entry.details.get(ATTEMPTS) if entry.event_type == EventType.LOGIN_FAILED else 1
    return max(attempts, 1) if isinstance(attempts, int) else 1


def _finding(rule: AlertRule, entry: LedgerEntry, near: list[Hit], *, scope: str, window: int) -> Finding:
    chosen, number = rule.choices, _number(near)
    actor, resource = entry.actor, entry.resource
    apart = {
        CountedPer.ACTOR: f" by {actor.name or actor.id}",
        CountedPer.RESOURCE: f" at {resource.name or resource.id}",
        CountedPer.ADDRESS: f" from {entry.ip_address}",
        CountedPer.ALL: "",
    }[chosen.per]
    # Of several entries only what all of them have in common is named: nobody must revoke what is not meant.
    is_one, per = len(near) == 1, chosen.per
    is_of_one_actor, is_of_one_resource = is_one or per is CountedPer.ACTOR, is_one or per is CountedPer.RESOURCE
    is_of_one_request = is_one or (is_of_one_resource and resource.id == entry.request_id)
    asked = asked_in(entry) if is_of_one_request else None
    requester = asked.requester if asked else None
    named = NamedResource(type=resource.type, id=resource.id, name=resource.name)
    return Finding(
        type=AnomalyType.ALERT_RULE,
        severity=chosen.severity,
        scope=scope,
        window=str(window),
        reason=f"{chosen.name}: {number} within {chosen.window_minutes} minutes{apart}",
        evidence=Evidence(
            entries=tuple(hit.entry for hit in near[-MOST_ENTRIES:]),
            values={"count": number, "event_type": entry.event_type},
            thresholds={
                "count": chosen.count,
                "window_minutes": chosen.window_minutes,
                "per": chosen.per.value,
                "hours": chosen.hours and str(chosen.hours.hours),
            },
        ),
        recommended=RECOMMENDED,
        requester=requester,
        actor=actor_in(entry, requester) if is_of_one_actor else None,
        request_id=entry.request_id if is_of_one_request else None,
        resources=(named,) if is_of_one_resource else (),
        integration=entry.integration if is_of_one_resource else None,
        rule=rule.id,
    )
