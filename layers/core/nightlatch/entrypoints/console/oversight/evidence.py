"""What an anomaly rests on and what became of it, as people read it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from nightlatch.domain.anomaly import Anomaly, AnomalyState, Evidence
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.console.wording import ANOMALY_STATES, Mark

Text = str | datetime

STATES = {
    EventType.ANOMALY_ACKNOWLEDGED: AnomalyState.ACKNOWLEDGED,
    EventType.ANOMALY_RESOLVED: AnomalyState.RESOLVED,
}
DETECTED = Mark("Detected", "shield", "bad")


class Measure(NamedTuple):
    """What was measured, and against which threshold. Each value is a list of lines."""

    name: str
    found: list[Text]
    threshold: list[Text]


class Step(NamedTuple):
    """Something that was made of an anomaly: what, by whom, when, and what was said of it."""

    mark: Mark
    by: str
    at: datetime
    note: str = ""


def measures_of(evidence: Evidence) -> list[Measure]:
    """Set what was measured beside its thresholds; what has a threshold comes first."""
    values, thresholds = evidence.values, evidence.thresholds
    both = [name for name in values if name in thresholds]
    names = dict.fromkeys([*both, *values, *thresholds])
    return [Measure(_words(name), _lines(name, values), _lines(name, thresholds)) for name in names]


def history_of(anomaly: Anomaly, entries: Iterable[LedgerEntry]) -> list[Step]:
    """Tell what became of an anomaly, the latest first. What is not in the ledger yet is told as it is kept."""
    told = [_step(entry) for entry in entries if entry.event_type in STATES]
    latest = ANOMALY_STATES[anomaly.state]
    if anomaly.state is not AnomalyState.OPEN and latest not in [step.mark for step in told]:
        by = anomaly.resolved_by or anomaly.acknowledged_by
        told.insert(0, Step(latest, by.name if by else "", anomaly.updated_at, anomaly.note))
    return [*told, Step(DETECTED, "Nightlatch", anomaly.detected_at)]


def _step(entry: LedgerEntry) -> Step:
    mark = ANOMALY_STATES[STATES[EventType(entry.event_type)]]
    return Step(mark, entry.actor.name or entry.actor.id, entry.timestamp, str(entry.details.get("note", "")))


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _lines(name: str, values: Mapping[str, JsonValue]) -> list[Text]:
    if name not in values:
        return []
    value = values[name]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [_text(each) for each in value]
    return [_time(value) if name.endswith("_at") and isinstance(value, str) else _text(value)]


def _time(text: str) -> Text:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _text(value: JsonValue) -> str:
    """Write a value as people do."""
    if isinstance(value, dict):
        return str(value["name"]) if set(value) == {"id", "name"} else _pairs(value)
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _pairs(value: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{_words(name).lower()} {_text(each)}" for name, each in value.items() if name != "id")


def _listed(value: Sequence[JsonValue]) -> str:
    return ", ".join(_text(each) for each in value) or "none"
