"""Reading anomalies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nightlatch.domain.anomaly import TITLES, Anomaly, AnomalySeverity, AnomalyState, AnomalyType
from nightlatch.domain.value import rfc3339


@dataclass(frozen=True)
class AnomalyFilter:
    """Which anomalies are wanted. None means any; of several values one is enough; all that is not None must be so.

    `since` is inclusive, `until` exclusive, both by detection. `resources` are ids or names, `people` ids of requesters
    or actors. `text` is found anywhere, in any case. `below` is the place (as `place_of` says it) of what was listed
    last.
    """

    types: frozenset[AnomalyType] | None = None
    severities: frozenset[AnomalySeverity] | None = None
    states: frozenset[AnomalyState] | None = None
    resource_types: frozenset[str] | None = None
    resources: frozenset[str] | None = None
    people: frozenset[str] | None = None
    integrations: frozenset[str] | None = None
    request_ids: frozenset[str] | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    below: str | None = None

    def admits(self, anomaly: Anomaly) -> bool:
        """Whether an anomaly is wanted."""
        finding, resources = anomaly.finding, anomaly.finding.resources
        return (
            self.admits_place_of(anomaly)
            and _is_one_of(self.types, finding.type)
            and _is_one_of(self.severities, finding.severity)
            and _is_one_of(self.states, anomaly.state)
            and _is_one_of(self.resource_types, *(resource.type for resource in resources))
            and _is_one_of(self.resources, *(word for one in resources for word in (one.id, one.name)))
            and _is_one_of(self.people, *(person.id for person in finding.people))
            and _is_one_of(self.integrations, *([finding.integration] if finding.integration else []))
            and _is_one_of(self.request_ids, *([finding.request_id] if finding.request_id else []))
            and (self.text is None or _holds(anomaly, self.text.casefold()))
        )

    def admits_place_of(self, anomaly: Anomaly) -> bool:
        """Whether an anomaly is of the wanted time, and below what was listed last."""
        return (
            (self.since is None or anomaly.detected_at >= self.since)
            and (self.until is None or anomaly.detected_at < self.until)
            and (self.below is None or place_of(anomaly) < self.below)
        )


class Anomalies(Protocol):
    """Reading anomalies."""

    def anomaly(self, anomaly_id: str) -> Anomaly:
        """Read one, consistently. Raises NotFoundError."""
        ...

    def known(self, ids: Iterable[str]) -> set[str]:
        """Say, consistently, which of these there are."""
        ...

    def candidates(self, wanted: AnomalyFilter, *, expected: int = 0) -> Iterator[Anomaly]:
        """Read all of the wanted time and place, the latest detected first, no further than consumed.

        `expected` is how many are likely to be consumed, if anybody knows: no more are read at first.
        """
        ...


def place_of(anomaly: Anomaly) -> str:
    """Say where an anomaly stands in the list: texts sort like times."""
    return f"{rfc3339(anomaly.detected_at)}#{anomaly.id}"


def _is_one_of(wanted: frozenset[str] | None, *values: str) -> bool:
    return wanted is None or not wanted.isdisjoint(values)


def _holds(anomaly: Anomaly, text: str) -> bool:
    finding, flow = anomaly.finding, anomaly.finding.flow
    texts = [anomaly.id, TITLES[finding.type], finding.reason, finding.request_id, finding.integration, anomaly.note]
    texts += [word for person in finding.people for word in (person.name, person.email)]
    texts += [flow.name] if flow else []
    texts += [word for one in finding.resources for word in (one.name, one.permission)]
    return any(text in one.casefold() for one in texts if one)
