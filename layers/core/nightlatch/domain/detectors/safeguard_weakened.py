"""Safeguard weakened: somebody takes away a part of what watches them.

That is how long the trail is kept and what it tells of, where it is delivered, and by what anomalies are found.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import JsonValue

from nightlatch.domain.anomaly import TITLES, AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.audit_settings import Reads
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import actor_in
from nightlatch.domain.detectors.choices import Nothing, SafeguardWeakenedChoices
from nightlatch.domain.identity import ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value

RECOMMENDED = (
    "Validate the change with whoever made it, and with another administrator.",
    "Consider taking it back.",
)
ENDINGS: dict[str, str] = {
    EventType.DESTINATION_DISABLED: "disabled",
    EventType.DESTINATION_DELETED: "removed",
}
RULES = frozenset({EventType.ALERT_RULE_UPDATED, EventType.ALERT_RULE_DELETED})
CHANGES = frozenset({EventType.SETTINGS_UPDATED, *RULES, *ENDINGS})
ANOMALIES = "anomalies"
"""The name of the settings of anomalies."""

Part = Mapping[str, JsonValue]


@dataclass(frozen=True)
class SafeguardWeakened:
    """Looks at each change of settings, and at what ends a delivery or an alert rule."""

    choices: SafeguardWeakenedChoices
    kind: ClassVar[AnomalyType] = AnomalyType.SAFEGUARD_WEAKENED
    memory: ClassVar[type[Value]] = Nothing

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Look at what people and services change, not Nightlatch itself; nothing must be remembered."""
        is_own = entry.actor.type is ActorType.SYSTEM or entry.foreign_id is not None
        return () if entry.event_type in CHANGES and not is_own and not self._is_exempt(entry) else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:  # noqa: ARG002  (it has none)
        """Compare what was with what is now."""
        weaker = tuple(_weaker(entry))
        return Look({}, (self._finding(entry, weaker),) if weaker else ())

    def _is_exempt(self, entry: LedgerEntry) -> bool:
        is_of_detection = entry.event_type in RULES or entry.details.get("name") == ANOMALIES
        return entry.actor.id in self.choices.exempt and not is_of_detection

    def _finding(self, entry: LedgerEntry, weaker: tuple[str, ...]) -> Finding:
        what: list[JsonValue] = list(weaker)
        changed = {name: entry.details[name] for name in ("name", "before", "after") if name in entry.details}
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=entry.id,
            window="",
            reason=f"{entry.actor.name} changed safeguards: {', '.join(weaker)}",
            evidence=Evidence(
                entries=(entry.id,),
                values={"weaker": what, "by": {"id": entry.actor.id, "name": entry.actor.name}, **changed},
            ),
            recommended=RECOMMENDED,
            actor=actor_in(entry),
            integration=entry.integration,
        )


def _weaker(entry: LedgerEntry) -> Iterator[str]:
    if entry.event_type in ENDINGS:
        yield f"destination {entry.resource.name or entry.resource.id} was {ENDINGS[entry.event_type]}"
        return
    if entry.event_type in RULES:
        yield from _of_a_rule(entry)
        return
    compared = COMPARED.get(str(entry.details.get("name")))
    if compared:
        yield from compared(_part(entry.details, "before"), _part(entry.details, "after"))


def _of_a_rule(entry: LedgerEntry) -> Iterator[str]:
    """Only a rule that was on watched anything; a change tells of the switch only if it was turned."""
    before, after = _part(entry.details, "before"), _part(entry.details, "after")
    if entry.event_type == EventType.ALERT_RULE_DELETED and before.get("is_active") is True:
        yield f"alert rule {entry.resource.id} was removed"
    if after.get("is_active") is False:
        yield f"alert rule {entry.resource.id} was switched off"


def _of_the_trail(before: Part, after: Part) -> Iterator[str]:
    days, now = before.get("retention_days"), after.get("retention_days")
    if isinstance(days, int) and isinstance(now, int) and now < days:
        yield f"events are kept for {now} days instead of {days}"
    if before.get("reads") == Reads.ALL and after.get("reads") == Reads.SENSITIVE:
        yield "only sensitive reads are events"


def _of_anomalies(before: Part, after: Part) -> Iterator[str]:
    for section in after:
        old, new = _part(before, section), _part(after, section)
        title = TITLES[AnomalyType(section)] if section in set(AnomalyType) else section
        if old.get("enabled") is True and new.get("enabled") is False:
            yield f'"{title}" is not looked for'
        if _listed(new, "exempt") - _listed(old, "exempt"):
            yield f'more people are exempt from "{title}"'
    words = {name: _listed(_part(before, "words"), name) - _listed(_part(after, "words"), name) for name in WORDS}
    yield from (f"{', '.join(sorted(gone))} makes nothing {name}" for name, gone in words.items() if gone)


WORDS = ("elevated", "sensitive")
COMPARED: dict[str, Callable[[Part, Part], Iterator[str]]] = {"audit": _of_the_trail, ANOMALIES: _of_anomalies}


def _part(whole: Part, name: str) -> Part:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _listed(part: Part, name: str) -> set[str]:
    names = part.get(name)
    return {str(one) for one in names} if isinstance(names, list) else set()
