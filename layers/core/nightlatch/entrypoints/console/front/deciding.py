"""Approvals: what waits for me, with what it takes to decide, and my word on it."""

from collections.abc import Mapping, Sequence
from itertools import islice, takewhile
from typing import NamedTuple
from urllib.parse import urlencode

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.anomaly import Anomaly
from nightlatch.domain.detectors.choices import RiskWords
from nightlatch.domain.errors import FreshSignInRequiredError
from nightlatch.entrypoints.console import counts
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.front.risk import Risk, risks_of
from nightlatch.entrypoints.console.site import READERS
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import plural
from nightlatch.services.ports.anomalies import AnomalyFilter

REFUSED = 403
PAGE = 20
MOST_REMEMBERED = 20
"""So far back goes what is told of a requester."""

MOST_FOUND = 100
"""So much is told of what was found about the requests of one page."""


class Waiting(NamedTuple):
    """A request that waits for the reader: how risky it is, what was found about it, what came of those before it."""

    request: AccessRequest
    risks: list[Risk]
    found: list[Anomaly]
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


class News(NamedTuple):
    """How what waits differs from what a page shows."""

    more: int = 0
    fewer: int = 0
    is_many: bool = False


def show(visitor: Visitor[FrontDesk]) -> Answer:
    """Show what waits for the reader, the newest first."""
    before = visitor.visit.asked("before") or None
    found = list(islice(visitor.desk.approvals().waiting(visitor.call, before_id=before), PAGE + 1))
    shown, words = found[:PAGE], visitor.desk.anomaly_settings().show().choices.words
    anomalies = _found(visitor, shown)
    return visitor.page(
        "deciding.html",
        waiting=[_waiting(visitor, request, words, anomalies) for request in shown],
        older=f"/approvals?before={shown[-1].id}" if len(found) > PAGE else None,
        is_first=before is None,
        news=News(),
        poll=_poll(shown),
    )


def news(visitor: Visitor[FrontDesk]) -> Answer:
    """Say how what waits differs from what a page shows, which is left as it is: somebody may be about to decide."""
    told = _news(visitor, frozenset(visitor.visit.query.get("seen", [])[:PAGE]))
    return visitor.page("deciding_news.html", news=told, poll=visitor.visit.address)


def count(visitor: Visitor[FrontDesk]) -> Answer:
    """Show how many requests wait for the reader."""
    return counts.count(visitor, visitor.desk.approvals().count_waiting(visitor.call), what="waiting")


def approve(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Say yes, to all that asks for it or to some items."""
    items = visitor.visit.form.get("items", [])
    try:
        visitor.desk.approvals().approve(request_id, visitor.call, items=items, reason=visitor.visit.reason)
    except FreshSignInRequiredError as error:
        return _ask_to_sign_in_again(visitor, request_id, error)
    return redirect(f"/requests/{request_id}")


def reject(visitor: Visitor[FrontDesk], request_id: str) -> Answer:
    """Say no. One rejected item rejects the whole request."""
    items = visitor.visit.form.get("items", [])
    visitor.desk.approvals().reject(request_id, visitor.call, items=items, reason=visitor.visit.reason)
    return redirect(f"/requests/{request_id}")


def _ask_to_sign_in_again(visitor: Visitor[FrontDesk], request_id: str, error: FreshSignInRequiredError) -> Answer:
    again = f"/auth/login?{urlencode({'return_to': f'/requests/{request_id}', 'fresh': 1})}"
    return visitor.page("fresh_sign_in.html", REFUSED, again=again, within=error.within)


def _waiting(
    visitor: Visitor[FrontDesk], request: AccessRequest, words: RiskWords, found: Mapping[str, list[Anomaly]]
) -> Waiting:
    before = list(islice(visitor.desk.approvals().history(request, visitor.call), MOST_REMEMBERED))
    return Waiting(request, risks_of(request, words), found.get(request.id, []), before)


def _found(visitor: Visitor[FrontDesk], shown: Sequence[AccessRequest]) -> dict[str, list[Anomaly]]:
    """Find what was found about requests, for those who read the trail: nobody else is told who stands out."""
    if not shown or not visitor.principal.has(*READERS):
        return {}
    wanted = AnomalyFilter(
        request_ids=frozenset(request.id for request in shown), since=min(request.created_at for request in shown)
    )
    by_request: dict[str, list[Anomaly]] = {}
    for anomaly in visitor.desk.anomalies().find(wanted, limit=MOST_FOUND).found:
        by_request.setdefault(str(anomaly.finding.request_id), []).append(anomaly)
    return by_request


def _poll(shown: Sequence[AccessRequest]) -> str:
    return f"/approvals/news?{urlencode([('unasked', '1'), *(('seen', request.id) for request in shown)])}"


def _news(visitor: Visitor[FrontDesk], seen: frozenset[str]) -> News:
    """Compare down to the oldest that is shown: ids sort by time."""
    oldest = min(seen, default="")
    waiting = visitor.desk.approvals().waiting(visitor.call)
    now = [request.id for request in islice(takewhile(lambda request: request.id >= oldest, waiting), 2 * PAGE + 1)]
    is_many = len(now) > 2 * PAGE
    return News(more=len(set(now) - seen), fewer=0 if is_many else len(seen.difference(now)), is_many=is_many)
