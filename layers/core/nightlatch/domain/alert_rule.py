"""Alert rules: what administrators themselves want to be told of, as a filter of events and a count in a window.

Some come with Nightlatch. They hold without being stored, at version 0, until somebody changes them.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from nightlatch.domain.anomaly import AnomalySeverity
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference, Source
from nightlatch.domain.change import Change
from nightlatch.domain.destination import Selection
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.value import Entity, Value

MOST_RULES = 20
"""So many match one entry at most, and what they find is kept in one transaction."""

MOST_COUNTED = 50
LONGEST_WINDOW = timedelta(days=1)


class CountedPer(StrEnum):
    """What is counted apart: what each actor does, what happens to each resource, what comes from each address."""

    ACTOR = "actor"
    RESOURCE = "resource"
    ADDRESS = "address"
    ALL = "all"


class EventFilter(Selection):
    """Which events are counted. Empty means all; all that is not empty must be so."""

    sources: frozenset[Source] = frozenset()

    def admits(self, entry: LedgerEntry) -> bool:
        """Whether an event is counted."""
        return super().admits(entry) and (not self.sources or entry.source in self.sources)


class LocalHours(Value):
    """Only what happens outside of these hours is counted, or only what happens within them."""

    hours: OpeningHours
    outside: bool = Field(default=True, strict=True, description="Whether what happens outside of them is meant.")

    def admit(self, at: datetime) -> bool:
        """Whether what happens at this moment is counted."""
        return self.hours.are_open(at) is not self.outside


class AlertRuleChoices(Value):
    """What is chosen of a rule, whole: an administrator replaces all of it."""

    name: str = Field(min_length=1, max_length=100)
    is_active: bool = Field(default=True, strict=True)
    events: EventFilter
    hours: LocalHours | None = None
    count: int = Field(default=1, ge=1, le=MOST_COUNTED, strict=True, description="So many events make an anomaly.")
    window_minutes: Annotated[int, Field(ge=1, le=LONGEST_WINDOW // timedelta(minutes=1), strict=True)] = 10
    per: CountedPer = CountedPer.ACTOR
    severity: AnomalySeverity = AnomalySeverity.MEDIUM

    @property
    def window(self) -> timedelta:
        """How far apart what is counted together may be."""
        return timedelta(minutes=self.window_minutes)


class AlertRule(Entity):
    """A rule in force, or one that is switched off."""

    id: str
    choices: AlertRuleChoices

    @property
    def is_delivered(self) -> bool:
        """Whether it came with Nightlatch."""
        return self.id in DELIVERED

    def counts(self, entry: LedgerEntry) -> bool:
        """Whether an entry is one of those that the rule counts."""
        chosen = self.choices
        return chosen.events.admits(entry) and (chosen.hours is None or chosen.hours.admit(entry.timestamp))

    def created(self, *, by: Principal, at: datetime) -> Change["AlertRule"]:
        """Put a new rule in force."""
        details: dict[str, JsonValue] = {"before": None, "after": self.told()}
        return Change(self, (self._event(EventType.ALERT_RULE_CREATED, "made", details, by=by, at=at),))

    def chosen(self, choices: AlertRuleChoices, *, by: Principal, at: datetime) -> Change["AlertRule"]:
        """Choose otherwise; the event holds what was different before and what is now."""
        after = self.changed(choices=choices)
        was, now = self.told(), after.told()
        names = [name for name in now if now[name] != was[name]]
        details: dict[str, JsonValue] = {
            "before": {name: was[name] for name in names},
            "after": {name: now[name] for name in names},
        }
        return Change(after, (self._event(EventType.ALERT_RULE_UPDATED, "changed", details, by=by, at=at),))

    def deleted(self, *, by: Principal, at: datetime) -> AuditEvent:
        """Tell that the rule is taken away."""
        details: dict[str, JsonValue] = {"before": self.told(), "after": None}
        return self._event(EventType.ALERT_RULE_DELETED, "removed", details, by=by, at=at)

    def told(self) -> dict[str, JsonValue]:
        """Write what is chosen; sets in an order, so that the same is the same."""
        told: dict[str, JsonValue] = self.choices.model_dump(mode="json")
        events = self.choices.events.model_dump(mode="json")
        return {**told, "events": {name: sorted(values) for name, values in events.items()}}

    def _event(
        self, event_type: EventType, verb: str, details: dict[str, JsonValue], *, by: Principal, at: datetime
    ) -> AuditEvent:
        return AuditEvent(
            event_type=event_type,
            timestamp=at,
            actor=by.as_actor(),
            resource=ResourceReference(type="alert_rule", id=self.id, name=self.choices.name),
            description=f"{by.label} {verb} the alert rule {self.id}",
            details=details,
        )


DELIVERED = ("failed-sign-ins", "settings-out-of-hours")
"""The ids of the rules that come with Nightlatch."""


def delivered() -> tuple[AlertRule, ...]:
    """Make the rules that come with Nightlatch, as they are until somebody changes them."""
    failed = AlertRuleChoices(
        name="Five sign-ins of one person failed within ten minutes",
        events=EventFilter(event_types=(EventType.LOGIN_FAILED.value,)),
        count=5,
    )
    night = AlertRuleChoices(
        name="Settings were changed outside working hours",
        is_active=False,
        events=EventFilter(event_types=(EventType.SETTINGS_UPDATED.value,)),
        hours=LocalHours(hours=OpeningHours(zone="UTC", days=WEEK[:5], start="08:00", end="18:00")),
        window_minutes=60,
    )
    return tuple(
        AlertRule(id=name, version=0, choices=choices) for name, choices in zip(DELIVERED, (failed, night), strict=True)
    )


def in_force(stored: list[AlertRule]) -> list[AlertRule]:
    """Join the rules that are stored with those that come with Nightlatch and were never changed, by id."""
    known = {rule.id: rule for rule in (*delivered(), *stored)}
    return [known[name] for name in sorted(known)]
