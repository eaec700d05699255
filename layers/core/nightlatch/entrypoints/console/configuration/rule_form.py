"""The form of an alert rule: what is typed, and the rule that it says."""

from dataclasses import dataclass

from nightlatch.domain.alert_rule import AlertRule, AlertRuleChoices
from nightlatch.domain.opening_hours import WEEK
from nightlatch.entrypoints.console.configuration.chosen import checked, lines, number, slug
from nightlatch.entrypoints.console.visit import Visit

ANY_TIME, OUTSIDE, WITHIN = "", "outside", "within"


@dataclass(frozen=True)
class RuleForm:
    """What is typed. `when` says whether the hours count: at any time, outside of them or within them."""

    id: str
    name: str
    is_active: bool
    event_types: str
    severities: tuple[str, ...]
    sources: tuple[str, ...]
    integrations: str
    when: str
    days: tuple[str, ...]
    start: str
    end: str
    zone: str
    count: str
    window_minutes: str
    per: str
    severity: str

    @classmethod
    def empty(cls, zone: str) -> "RuleForm":
        """Begin a rule; the hours are those of an office in the deployment's zone."""
        return cls(
            id="",
            name="",
            is_active=True,
            event_types="",
            severities=(),
            sources=(),
            integrations="",
            when=ANY_TIME,
            days=WEEK[:5],
            start="08:00",
            end="18:00",
            zone=zone,
            count="1",
            window_minutes="10",
            per="actor",
            severity="medium",
        )

    @classmethod
    def of(cls, rule: AlertRule, zone: str) -> "RuleForm":
        """Write a rule."""
        chosen, events = rule.choices, rule.choices.events
        office = cls.empty(zone)
        hours = chosen.hours.hours if chosen.hours else None
        return cls(
            id=rule.id,
            name=chosen.name,
            is_active=chosen.is_active,
            event_types="\n".join(events.event_types),
            severities=tuple(sorted(events.severities)),
            sources=tuple(sorted(events.sources)),
            integrations="\n".join(sorted(events.integrations)),
            when=ANY_TIME if chosen.hours is None else OUTSIDE if chosen.hours.outside else WITHIN,
            days=hours.days if hours else office.days,
            start=hours.start if hours else office.start,
            end=hours.end if hours else office.end,
            zone=hours.zone if hours else office.zone,
            count=str(chosen.count),
            window_minutes=str(chosen.window_minutes),
            per=chosen.per,
            severity=chosen.severity,
        )

    @classmethod
    def sent(cls, visit: Visit) -> "RuleForm":
        """Read what was typed."""
        return cls(
            id=visit.said("id"),
            name=visit.said("name"),
            is_active="is_active" in visit.form,
            event_types=visit.said("event_types"),
            severities=tuple(visit.form.get("severities", [])),
            sources=tuple(visit.form.get("sources", [])),
            integrations=visit.said("integrations"),
            when=visit.said("when"),
            days=tuple(visit.form.get("days", [])),
            start=visit.said("start"),
            end=visit.said("end"),
            zone=visit.said("zone"),
            count=visit.said("count"),
            window_minutes=visit.said("window_minutes"),
            per=visit.said("per"),
            severity=visit.said("severity"),
        )

    def checked_id(self) -> str:
        """Read the id; raise InvalidInputError when it is none."""
        return slug(self.id)

    def choices(self) -> AlertRuleChoices:
        """Make the choices; raise InvalidInputError with a fault for each field that is wrong."""
        events = {
            "event_types": lines(self.event_types),
            "severities": self.severities,
            "sources": self.sources,
            "integrations": lines(self.integrations),
        }
        hours = {"zone": self.zone, "days": self.days, "start": self.start, "end": self.end}
        values = {
            "name": self.name,
            "is_active": self.is_active,
            "events": events,
            "hours": {"hours": hours, "outside": self.when == OUTSIDE} if self.when else None,
            "count": number(self.count),
            "window_minutes": number(self.window_minutes),
            "per": self.per,
            "severity": self.severity,
        }
        return checked(AlertRuleChoices, values)
