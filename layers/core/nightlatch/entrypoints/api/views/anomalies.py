"""Anomalies."""

from collections.abc import Mapping

from pydantic import JsonValue
from typing_extensions import TypedDict

from nightlatch.domain.anomaly import (
    TITLES,
    Anomaly,
    AnomalySeverity,
    AnomalyState,
    AnomalyType,
    Finding,
    NamedFlow,
    NamedResource,
)
from nightlatch.domain.identity import Person
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.cursors import Page, Place
from nightlatch.entrypoints.api.views.base import Link, Links, Time, links_of, view
from nightlatch.services.anomalies import SeenAnomaly
from nightlatch.services.paging import Found


@view
class EntryLink(TypedDict):
    """An event that an anomaly rests on, and where it is read."""

    id: str
    href: str


@view
class EvidenceView(TypedDict):
    """What an anomaly rests on: events, and what was measured against which thresholds."""

    entries: list[EntryLink]
    values: dict[str, JsonValue]
    thresholds: dict[str, JsonValue]


@view
class AnomalyView(TypedDict):
    """An anomaly. Its links lead to the request, its timeline and its flow, and to its end while there is access.

    `actor` is who did it, where that is neither Nightlatch nor the requester. `rule` is the id of the alert rule that
    matched.
    """

    id: str
    type: AnomalyType
    title: str
    severity: AnomalySeverity
    state: AnomalyState
    detected_at: Time
    updated_at: Time
    reason: str
    request_id: str | None
    requester: Person | None
    actor: Person | None
    flow: NamedFlow | None
    resources: list[NamedResource]
    integration: str | None
    rule: str | None
    evidence: EvidenceView
    recommended: list[str]
    note: str
    acknowledged_by: Person | None
    resolved_by: Person | None
    _links: Links


@view
class AnomalyList(TypedDict):
    """A page of anomalies, the latest detected first. For a page at most 2,000 are looked at, so that a filtered one
    may be shorter than its limit, even empty, and still have a next one.
    """

    anomalies: list[AnomalyView]
    next_cursor: str | None
    _links: Links


def anomaly_view(seen: SeenAnomaly) -> AnomalyView:
    """Show an anomaly whose request was looked at."""
    end = {"revoke": f"{_address(seen.anomaly)}/revoke"} if seen.is_revocable else {}
    return _anomaly_view(seen.anomaly, more=end)


def anomaly_list(read: Found[Anomaly], *, page: Page, place: Place) -> AnomalyList:
    """Show what was read for one page. Whether access can be ended, each one by itself says."""
    next_cursor = page.cursor_below(read.below, of=place, skip=read.skip)
    shown = [_anomaly_view(anomaly, more={}) for anomaly in read.found]
    return AnomalyList(anomalies=shown, next_cursor=next_cursor, _links=links_of(page.links(next_cursor)))


def _anomaly_view(anomaly: Anomaly, *, more: Mapping[str, str]) -> AnomalyView:
    finding = anomaly.finding
    return AnomalyView(
        id=anomaly.id,
        type=finding.type,
        title=TITLES[finding.type],
        severity=finding.severity,
        state=anomaly.state,
        detected_at=rfc3339(anomaly.detected_at),
        updated_at=rfc3339(anomaly.updated_at),
        reason=finding.reason,
        request_id=finding.request_id,
        requester=finding.requester,
        actor=finding.actor,
        flow=finding.flow,
        resources=list(finding.resources),
        integration=finding.integration,
        rule=finding.rule,
        evidence=_evidence_view(finding),
        recommended=list(finding.recommended),
        note=anomaly.note,
        acknowledged_by=anomaly.acknowledged_by,
        resolved_by=anomaly.resolved_by,
        _links={"self": Link(href=_address(anomaly)), **_links_of(finding), **links_of(dict(more))},
    )


def _evidence_view(finding: Finding) -> EvidenceView:
    evidence = finding.evidence
    entries = [EntryLink(id=entry, href=f"/v1/audit/entries/{entry}") for entry in evidence.entries]
    return EvidenceView(entries=entries, values=evidence.values, thresholds=evidence.thresholds)


def _links_of(finding: Finding) -> Links:
    request = f"/v1/requests/{finding.request_id}" if finding.request_id else None
    addresses = {
        "request": request,
        "timeline": f"{request}/timeline" if request else None,
        "flow": f"/v1/flows/{finding.flow.id}" if finding.flow else None,
        "rule": f"/v1/alert-rules/{finding.rule}" if finding.rule else None,
    }
    return links_of({name: address for name, address in addresses.items() if address})


def _address(anomaly: Anomaly) -> str:
    return f"/v1/anomalies/{anomaly.id}"
