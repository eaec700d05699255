"""Approvals: what waits for me, with what it takes to decide, and my word on it."""

from dataclasses import dataclass
from itertools import islice

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.detectors.asked import RiskWords
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.front.risk import Risk, risks_of
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import plural

PAGE = 20
MOST_REMEMBERED = 20
"""So far back goes what is told of a requester."""


@dataclass(frozen=True)
class Waiting:
    """A request that waits for the reader: how risky it is, and what came of those before it."""

    request: AccessRequest
    risks: list[Risk]
    before: list[AccessRequest]

    @property
    def record(self) -> str:
        """Count what came of former requests."""
        if not self.before:
            return "Asks for this system for the first time"
        granted = sum(1 for one in self.before if one.granted_at)
        refused = sum(1 for one in self.before if one.status is Status.REJECTED)
        number = plural(len(self.before), "request") if len(self.before) < MOST_REMEMBERED else "Many requests"
        return f"{number} before: {granted} granted, {refused} rejected"


def show(visitor: Visitor[FrontDesk]) -> Answer:
    """Show what waits for the reader, the newest first."""
    before = visitor.visit.asked("before") or None
    found = list(islice(visitor.desk.approvals().waiting(visitor.call, before_id=before), PAGE + 1))
    shown, words = found[:PAGE], visitor.desk.anomaly_settings().show().choices.words
    return visitor.page(
        "deciding.html",
        waiting=[_waiting(visitor, request, words) for request in shown],
        older=f"/approvals?before={shown[-1].id}" if len(found) > PAGE else None,
        is_first=before is None,
    )


def approve(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Say yes, to all that asks for it or to some items."""
    items = visitor.visit.form.get("items", [])
    visitor.desk.approvals().approve(request_id, visitor.call, items=items, reason=visitor.visit.reason)
    return redirect(f"/requests/{request_id}")


def reject(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Say no. One rejected item rejects the whole request."""
    items = visitor.visit.form.get("items", [])
    visitor.desk.approvals().reject(request_id, visitor.call, items=items, reason=visitor.visit.reason)
    return redirect(f"/requests/{request_id}")


def _waiting(visitor: Visitor[FrontDesk], request: AccessRequest, words: RiskWords) -> Waiting:
    before = list(islice(visitor.desk.approvals().history(request, visitor.call), MOST_REMEMBERED))
    return Waiting(request, risks_of(request, words), before)
