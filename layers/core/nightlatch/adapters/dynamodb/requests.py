"""Reading requests and grants. Indexes only say where to look: what is served was read from the table."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pynamodb.indexes import GlobalSecondaryIndex

from nightlatch.adapters.dynamodb import open_requests
from nightlatch.adapters.dynamodb.keys import grant_key, lease_key, request_id_in, request_key
from nightlatch.adapters.dynamodb.reading import PAGE, pages, read_index, read_live, read_many
from nightlatch.adapters.dynamodb.records import (
    DUE_SHARDS,
    QUARANTINE_SHARD,
    RequestRecord,
    StateRecord,
    due_shards,
    value_of,
)
from nightlatch.domain.access_request import CLOSED, AccessRequest, Status
from nightlatch.domain.errors import NotFoundError, RequestNotFoundError
from nightlatch.domain.grant import Grant
from nightlatch.domain.identifier import lowest_id
from nightlatch.domain.lease import Lease
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.requests import DueRequest, RequestFilter

PREFIX = "req"
BELOW_ALL = "req_"
ABOVE_ALL = "req_~"

RequestIndex = GlobalSecondaryIndex[StateRecord]

Places = list[tuple[RequestIndex, str]]
"""Partitions of indexes, together all that may hold what is looked for."""

OLDEST = timedelta(days=425)
"""No closed request is older: a year of retention, thirty days of access and the waiting before."""


class DynamoRequests:
    """Reads requests and grants, but none whose retention is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def request(self, request_id: str) -> AccessRequest:
        """Read one request."""
        record = read_live(StateRecord, request_key(request_id), now=self._clock())
        if record is None:
            raise RequestNotFoundError(f"there is no request {request_id}")
        return value_of(record, AccessRequest)

    def grant(self, request_id: str) -> Grant:
        """Read the grant of a request."""
        record = read_live(StateRecord, grant_key(request_id), now=self._clock())
        if record is None:
            raise NotFoundError(f"request {request_id} has no grant")
        return value_of(record, Grant)

    def open_of(self, person_id: str) -> dict[str, str]:
        """Read, consistently, the ids of somebody's open requests, by `content_key`."""
        return open_requests.of_person(person_id)

    def find(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Find requests, newest first. The filter is asked of what was read, not of the index, which lags behind."""
        return filter(wanted.admits, self.candidates(wanted))

    def candidates(self, wanted: RequestFilter, *, at_first: int = PAGE) -> Iterator[AccessRequest]:
        """Read what the most selective index names, newest first."""
        now = self._clock()
        for ids in pages(_distinct(_ids(wanted, now)), at_first=at_first):
            records = read_many(StateRecord, map(request_key, ids))
            for record in filter(None, map(records.get, map(request_key, ids))):
                if record.is_live(now):
                    yield value_of(record, AccessRequest)

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List the requests whose time has come, longest overdue first."""
        shards = (_in_due_shard(shard, at) for shard in DUE_SHARDS)
        return heapq.merge(*shards, key=lambda due: due.due_at)

    def quarantined(self) -> int:
        """Count what is due among the quarantined, now or later: everything quarantined is."""
        return StateRecord.due.count(QUARANTINE_SHARD)

    def leases(self, grant: Grant) -> tuple[Lease, ...]:
        """Read the lease of each entitlement of a grant. What is past its time is nobody's, and so no harm."""
        wanted = [
            Lease(integration_id=grant.integration_id, person_id=grant.intent.holder_id, entitlement=entitlement)
            for entitlement in dict.fromkeys(grant.intent.entitlements)
        ]
        found = read_many(StateRecord, map(lease_key, wanted))
        records = ((lease, found.get(lease_key(lease))) for lease in wanted)
        return tuple(value_of(record, Lease) if record else lease for lease, record in records)


def _ids(wanted: RequestFilter, now: datetime) -> Iterator[str]:
    low = lowest_id(PREFIX, wanted.since) if wanted.since else BELOW_ALL
    uppers = [wanted.before_id, lowest_id(PREFIX, wanted.until) if wanted.until else None]
    high = min((upper for upper in uppers if upper), default=ABOVE_ALL)
    if low >= high:
        return iter(())
    if (places := _most_selective(wanted)) is not None:
        return heapq.merge(*(_in_place(*place, low, high) for place in places), reverse=True)
    months = _months(now, max(wanted.since or now - OLDEST, now - OLDEST), high)
    return (request_id for month in months for request_id in _in_partition(StateRecord.by_month, month, low, high))


def _most_selective(wanted: RequestFilter) -> Places | None:
    """Choose the places that leave the least: few are quarantined, or open, and most of an integration are closed."""
    by_status = None if wanted.statuses is None else _by_status(wanted.statuses)
    is_of_open = wanted.statuses is not None and wanted.statuses.isdisjoint(CLOSED)
    quarantine: Places = [(StateRecord.due, QUARANTINE_SHARD)]
    choices = (
        quarantine if wanted.quarantined else None,
        _partitions(StateRecord.by_requester, wanted.requesters),
        by_status if is_of_open else None,
        _partitions(StateRecord.by_flow, wanted.flows),
        _partitions(StateRecord.by_integration, wanted.integrations),
        by_status,
    )
    return next((places for places in choices if places is not None), None)


def _by_status(statuses: frozenset[Status]) -> Places:
    # In the order of a request's life: what moves on while it is looked for is met again, not missed.
    still_open: Places = [(StateRecord.due, shard) for shard in due_shards(statuses)]
    return still_open + [(StateRecord.by_standing, status.value) for status in sorted(statuses & CLOSED)]


def _partitions(index: RequestIndex, values: frozenset[str] | None) -> Places | None:
    return None if values is None else [(index, value) for value in sorted(values)]


def _in_place(index: RequestIndex, value: str, low: str, high: str) -> Iterator[str]:
    if index is StateRecord.due:
        return _open_in_shard(value, low, high)
    return _in_partition(index, value, low, high)


def _open_in_shard(shard: str, low: str, high: str) -> Iterator[str]:
    # By time, not by id: the shard is read whole, and as fast as can be, for it changes meanwhile.
    found = (request_id_in(pk) for pk, _ in read_index(StateRecord, StateRecord.due, shard))
    yield from sorted({request_id for request_id in found if low <= request_id < high}, reverse=True)


def _in_due_shard(shard: str, at: datetime) -> Iterator[DueRequest]:
    for record in StateRecord.due.query(shard, StateRecord.due_at <= rfc3339(at), page_size=PAGE):
        due_at = datetime.fromisoformat(record.due_at)
        yield DueRequest(request_id_in(record.pk), record.integration_id, due_at)


def _in_partition(index: RequestIndex, value: str, low: str, high: str) -> Iterator[str]:
    # Only one condition on the sort key is allowed, and BETWEEN takes its ends in.
    within = RequestRecord.id.between(low, high)
    # One more than a page of a list: a list asks whether anything comes after it.
    for pk, _ in read_index(StateRecord, index, value, within, page_size=PAGE + 1):
        request_id = request_id_in(pk)
        if request_id != high:
            yield request_id


def _months(newest: datetime, oldest: datetime, high: str) -> Iterator[str]:
    newest, oldest = newest.astimezone(UTC), oldest.astimezone(UTC)
    first = newest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while (first.year, first.month) >= (oldest.year, oldest.month):
        if lowest_id(PREFIX, first) < high:
            yield f"{first:%Y-%m}"
        first = (first - timedelta(days=1)).replace(day=1)


def _distinct(ids: Iterator[str]) -> Iterator[str]:
    # A request that changes its status while two partitions are read may be met in both, one after the other.
    last = ""
    for request_id in ids:
        if request_id != last:
            yield request_id
        last = request_id
