"""High risk access: an elevated permission on a sensitive resource is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import JsonValue

from nightlatch.domain.anomaly import AnomalyType, Evidence, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.detection import Look
from nightlatch.domain.detectors.asked import Asked, AskedItem, actor_in, asked_in
from nightlatch.domain.detectors.choices import HighRiskAccessChoices, Nothing, RiskWords
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value

RECOMMENDED = ("Investigate the request.", "Consider revoking the access.")


@dataclass(frozen=True)
class HighRiskAccess:
    """Looks at each request as it is made."""

    choices: HighRiskAccessChoices
    words: RiskWords
    kind: ClassVar[AnomalyType] = AnomalyType.HIGH_RISK_ACCESS
    memory: ClassVar[type[Value]] = Nothing

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Look at requests; nothing must be remembered."""
        return () if entry.event_type == EventType.ACCESS_REQUESTED else None

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:  # noqa: ARG002  (it has none)
        """Find the items that are elevated and sensitive at once."""
        asked = asked_in(entry, exempt=self.choices.exempt)
        risky = tuple(filter(self._is_risky, asked.items)) if asked else ()
        return Look({}, (self._finding(entry, asked, risky),) if asked and risky else ())

    def _is_risky(self, item: AskedItem) -> bool:
        return bool(self.words.elevates(item.permission) and item.sensitive_by(self.words))

    def _finding(self, entry: LedgerEntry, asked: Asked, risky: tuple[AskedItem, ...]) -> Finding:
        first, more = risky[0], f" and {len(risky) - 1} more" if len(risky) > 1 else ""
        values: list[JsonValue] = [
            {
                "permission": item.permission,
                "elevated_by": self.words.elevates(item.permission),
                "resource": item.resource,
                "sensitive_by": item.sensitive_by(self.words),
            }
            for item in risky
        ]
        return Finding(
            type=self.kind,
            severity=self.choices.severity,
            scope=str(entry.request_id),
            window="",
            reason=f"{asked.requester.name} asked for {first.permission} on {first.resource}{more}",
            evidence=Evidence(
                entries=(entry.id,),
                values={"items": values},
                thresholds={"elevated": list(self.words.elevated), "sensitive": list(self.words.sensitive)},
            ),
            recommended=RECOMMENDED,
            requester=asked.requester,
            actor=actor_in(entry, asked.requester),
            request_id=entry.request_id,
            flow=asked.under,
            resources=asked.resources,
            integration=entry.integration,
        )
