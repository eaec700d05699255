"""Access automation: similar requests are made again and again by code.

Similar are requests of one person for one resource with the same or a higher permission (an elevated one is as high as
any other). Four signals, each with thresholds of its own, tell code from a person:

    regular   the gaps between requests hardly differ
    burst     many requests within minutes
    renewal   asked again within seconds of the end of what there was, several times
    client    asked by a program that scripts are written with, several times

An automation that goes on is one anomaly a UTC day, and another when it has become worse on the same day.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import ClassVar

from pydantic import JsonValue

from nightlatch.domain.anomaly import AnomalySeverity, AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, AskedItem, actor_in, asked_in, places_of
from nightlatch.domain.detectors.choices import AccessAutomationChoices, RiskWords
from nightlatch.domain.detectors.matching import found_in
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value

RECOMMENDED = ("Investigate with the requester what makes the requests, and whether it should.",)
ENDINGS = frozenset({EventType.ACCESS_RETURNED, EventType.ACCESS_REVOKED})
BEGINNINGS = frozenset({EventType.ACCESS_GRANTED, EventType.ACCESS_EXTENDED})
CONCERNING = ENDINGS | BEGINNINGS | {EventType.ACCESS_REQUESTED}
RANKS = tuple(AnomalySeverity)
MOST_ENTRIES = 15
TWO = 2


class Made(Value):
    """A request for a resource: with which permissions, until when access was given, by what it was made."""

    at: Instant
    entry: str
    request_id: str
    permissions: tuple[str, ...]
    end: Instant | None = None
    is_renewal: bool = False
    is_scripted: bool = False


class Habit(Value):
    """Somebody's requests for a resource, the newest last, and how bad an anomaly was told on which day."""

    made: tuple[Made, ...] = ()
    told_day: str = ""
    told: AnomalySeverity | None = None


Signals = dict[str, dict[str, JsonValue]]
"""What was measured, by the signal that it gives."""


@dataclass(frozen=True)
class AccessAutomation:
    """Remembers for each person and resource when and how it was asked for, and when access ended."""

    choices: AccessAutomationChoices
    words: RiskWords
    kind: ClassVar[AnomalyType] = AnomalyType.ACCESS_AUTOMATION
    memory: ClassVar[type[Value]] = Habit

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Remember something of the requester at each of the resources."""
        asked = asked_in(entry, exempt=self.choices.exempt) if entry.event_type in CONCERNING else None
        return tuple(places_of(entry, asked)) if asked else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Remember an end, or a request, which is measured against those before."""
        asked = asked_in(entry)
        habits = {subject: memory for subject, memory in memories.items() if isinstance(memory, Habit)}
        if asked is None:
            return Look({})
        if entry.event_type != EventType.ACCESS_REQUESTED:
            end = _end_told(entry)
            return Look({subject: _ended(habit, str(entry.request_id), end) for subject, habit in habits.items()})
        return self._asked(entry, asked, habits)

    def _asked(self, entry: LedgerEntry, asked: Asked, habits: Mapping[str, Habit]) -> Look:
        places = places_of(entry, asked)
        after = {subject: self._with(habits[subject], entry, items) for subject, items in places.items()}
        signals = {subject: self._signals(habit) for subject, habit in after.items()}
        worst = max(signals, key=lambda subject: len(signals[subject]))
        if not signals[worst]:
            return Look(after)
        severity = self._severity(asked, signals[worst])
        day = f"{entry.timestamp:%Y-%m-%d}"
        if not _is_worse(severity, after[worst], day):
            return Look(after)
        told = {"told_day": day, "told": severity}
        memories = {
            subject: habit.model_copy(update=told if signals[subject] else {}) for subject, habit in after.items()
        }
        finding = self._finding(entry, asked, after[worst], signals[worst], scope=worst, severity=severity)
        return Look(memories, (finding,))

    def _with(self, habit: Habit, entry: LedgerEntry, items: Sequence[AskedItem]) -> Habit:
        permissions = tuple(sorted({item.permission for item in items}))
        kept = [one for one in habit.made if entry.timestamp - one.at <= timedelta(days=self.choices.days)]
        alike = self._alike(kept, permissions)
        span = timedelta(seconds=self.choices.renewal_seconds)
        ends = [one.end for one in alike if one.end]
        made = Made(
            at=entry.timestamp,
            entry=entry.id,
            request_id=str(entry.request_id),
            permissions=permissions,
            is_renewal=bool(ends) and abs(entry.timestamp - ends[-1]) <= span,
            is_scripted=found_in(entry.user_agent or "", self.choices.clients) is not None,
        )
        return habit.model_copy(update={"made": (*kept, made)[-self._most :]})

    @property
    def _most(self) -> int:
        """How many requests are remembered: more than are measured, for not all of them are alike."""
        return TWO * max(self.choices.regular_gaps + 1, self.choices.burst_requests, self.choices.regular_requests)

    def _alike(self, made: Sequence[Made], permissions: Sequence[str]) -> list[Made]:
        is_higher = any(self.words.elevates(permission) for permission in permissions)
        alike = [one for one in made if is_higher or not set(permissions).isdisjoint(one.permissions)]
        return sorted(alike, key=lambda one: one.at)

    def _signals(self, habit: Habit) -> Signals:
        """Measure the newest request and those before that are like it."""
        alike = self._alike(habit.made, habit.made[-1].permissions)
        last = alike[-(self.choices.regular_gaps + 1) :]
        measured = {
            "regular": self._regular(last, len(alike)),
            "burst": self._burst(alike),
            "renewal": self._renewal(last),
            "client": self._client(last),
        }
        return {name: values for name, values in measured.items() if values}

    def _regular(self, last: Sequence[Made], requests: int) -> dict[str, JsonValue]:
        gaps = [(one.at - before.at).total_seconds() for before, one in pairwise(last)]
        if requests < self.choices.regular_requests or not gaps or not sum(gaps):
            return {}
        variation, middle = _variation(gaps), _median(gaps)
        deviation = _median([abs(gap - middle) for gap in gaps])
        is_frequent = middle < self.choices.regular_hours * 3600
        if variation * 100 >= self.choices.regular_variation_percent:
            return {}
        if not is_frequent and deviation >= self.choices.regular_seconds:
            return {}
        return {
            "requests": requests,
            "gaps": len(gaps),
            "variation_percent": round(variation * 100),
            "median_seconds": round(middle),
            "deviation_seconds": round(deviation),
        }

    def _burst(self, alike: Sequence[Made]) -> dict[str, JsonValue]:
        since = alike[-1].at - timedelta(minutes=self.choices.burst_minutes)
        number = sum(one.at >= since for one in alike)
        return {"requests": number} if number >= self.choices.burst_requests else {}

    def _renewal(self, last: Sequence[Made]) -> dict[str, JsonValue]:
        number = sum(one.is_renewal for one in last)
        return {"renewals": number} if last[-1].is_renewal and number >= self.choices.renewals else {}

    def _client(self, last: Sequence[Made]) -> dict[str, JsonValue]:
        number = sum(one.is_scripted for one in last)
        return {"requests": number} if last[-1].is_scripted and number >= self.choices.client_requests else {}

    def _severity(self, asked: Asked, signals: Signals) -> AnomalySeverity:
        if asked.is_sensitive(self.words):
            return self.choices.sensitive_severity
        return self.choices.repeated_severity if len(signals) >= TWO else self.choices.severity

    def _finding(
        self,
        entry: LedgerEntry,
        asked: Asked,
        habit: Habit,
        signals: Signals,
        *,
        scope: str,
        severity: AnomalySeverity,
    ) -> Finding:
        permissions = habit.made[-1].permissions
        entries = tuple(one.entry for one in self._alike(habit.made, permissions)[-MOST_ENTRIES:])
        chosen = self.choices.model_dump(mode="json", exclude={"enabled", "exempt", "clients"})
        return Finding(
            type=self.kind,
            severity=severity,
            scope=scope,
            window=f"{entry.timestamp:%Y-%m-%d} {severity}",
            reason=f"{asked.requester.name} seems to ask by a program: {_told(signals)}",
            evidence=Evidence(
                entries=entries,
                values={**signals, "user_agent": entry.user_agent},
                thresholds={name: value for name, value in chosen.items() if not name.endswith("severity")},
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )


WORDS = {
    "regular": "at regular times",
    "burst": "many times within minutes",
    "renewal": "as soon as the access before was over",
    "client": "with a scripting client",
}


# Written out: the standard library's statistics would be imported at every function's start.


def _variation(gaps: Sequence[float]) -> float:
    """Divide the standard deviation by the mean."""
    mean = sum(gaps) / len(gaps)
    return math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean


def _median(numbers: Sequence[float]) -> float:
    half, ordered = len(numbers) // 2, sorted(numbers)
    return (ordered[half] + ordered[-half - 1]) / 2


def _told(signals: Signals) -> str:
    return " and ".join(WORDS[name] for name in signals)


def _end_told(entry: LedgerEntry) -> datetime | None:
    """Read when access ends, or has ended. An expiry needs no look: its time was told with the grant."""
    if entry.event_type in ENDINGS:
        return entry.timestamp
    end = entry.details.get("end")
    return datetime.fromisoformat(end) if isinstance(end, str) else None


def _ended(habit: Habit, request_id: str, end: datetime | None) -> Habit:
    made = tuple(
        one.model_copy(update={"end": end or one.end}) if one.request_id == request_id else one for one in habit.made
    )
    return habit.model_copy(update={"made": made})


def _is_worse(severity: AnomalySeverity, habit: Habit, day: str) -> bool:
    if habit.told is None or habit.told_day != day:
        return True
    return RANKS.index(severity) > RANKS.index(habit.told)
