"""A report of requests, as a file: everything that Activity shows of each, in the deployment's zone."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from nightlatch.adapters.exports.csv_table import BYTE_ORDER_MARK, guarded, line
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.local_time import LocalTime
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.console.answers import Answer, attachment
from nightlatch.entrypoints.console.listing import Query
from nightlatch.entrypoints.console.oversight.activity import times_of, wanted_of
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import source_word
from nightlatch.services.ports.requests import RequestFilter

Column = Callable[[AccessRequest], str]

TIMES: dict[str, Callable[[AccessRequest], datetime | None]] = {
    "Asked": lambda request: request.created_at,
    "Updated": lambda request: request.updated_at,
    "Start": lambda request: request.granted_at or request.starts_at,
    "End": lambda request: request.closed_at or request.ends_at,
}
COLUMNS: dict[str, Column] = {
    "Request": lambda request: request.id,
    "Status": lambda request: request.status,
    "Requester": lambda request: request.requester.name,
    "Requester e-mail": lambda request: request.requester.email,
    "Integration": lambda request: request.integration.name,
    "Resource types": lambda request: _each(item.resource_type for item in request.items),
    "Resources": lambda request: _each(item.resource_name for item in request.items),
    "Permissions": lambda request: _each(item.permission for item in request.items),
    "Duration in seconds": lambda request: str(int(request.duration.total_seconds())),
    "Access flow": lambda request: request.flow.name,
    "Approved by": lambda request: _each(vote.approver.name for item in request.items for vote in item.votes_in_order),
    "Approvals needed for each item": lambda request: str(request.approvals_needed),
    "Session user": lambda request: request.session_user,
    "Justification": lambda request: request.justification,
    "Ticket": lambda request: request.ticket,
    "Source": lambda request: source_word(request.source),
}


def ask(visitor: Visitor[OversightDesk]) -> Answer:
    """Show what may be chosen of a report."""
    return visitor.page("oversight/report.html", query=Query(visitor.visit), times=times_of(visitor))


def download(visitor: Visitor[OversightDesk]) -> Answer:
    """Answer with a report of the requests of a time, filtered if that is wished."""
    wanted = wanted_of(visitor, times_of(visitor))
    if not visitor.visit.asked("include_filters"):
        wanted = RequestFilter(since=wanted.since, until=wanted.until)
    form = visitor.visit.asked("format")
    if form not in {"csv", "json"}:
        raise InvalidInputError(Fault("?format", "must be csv or json"))
    requests, now = visitor.desk.activity().report(wanted, visitor.call), visitor.desk.now()
    zone = visitor.desk.settings().time_zone
    if form == "json":
        return attachment(_json(requests), "application/json", f"nightlatch-activity-{now:%Y-%m-%d}.json")
    begin = min((request.created_at for request in requests), default=now)
    text = _csv(requests, LocalTime.between(begin, now, zone=zone))
    return attachment(text, "text/csv; charset=utf-8", f"nightlatch-activity-{now:%Y-%m-%d}.csv")


def _csv(requests: Sequence[AccessRequest], times: LocalTime) -> str:
    header = [*(f"{name} ({times.label})" for name in TIMES), *COLUMNS]
    rows = ([*_times(request, times.text), *map(guarded, _texts(request))] for request in requests)
    return BYTE_ORDER_MARK + line(header) + "".join(map(line, rows))


def _json(requests: Sequence[AccessRequest]) -> str:
    names = [*TIMES, *COLUMNS]
    rows = [dict(zip(names, (*_times(each, rfc3339), *_texts(each)), strict=True)) for each in requests]
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _times(request: AccessRequest, write: Callable[[datetime], str]) -> list[str]:
    return [write(at) if (at := find(request)) else "" for find in TIMES.values()]


def _texts(request: AccessRequest) -> list[str]:
    return [write(request) for write in COLUMNS.values()]


def _each(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))
