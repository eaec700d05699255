"""Reading requests and grants. Indexes only say where to look: what is served was read from the table."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from nightlatch.adapters.dynamodb import open_requests
from nightlatch.adapters.dynamodb.keys import grant_key, lease_key, request_id_in, request_key
from nightlatch.adapters.dynamodb.reading import PAGE, pages, read_live, read_many
from nightlatch.adapters.dynamodb.records import (
    DUE_SHARD,
    QUARANTINE_SHARD,
    ByMonth,
    ByRequester,
    ByStatus,
    RequestRecord,
    StateRecord,
    value_of,
)
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.errors import NotFoundError, RequestNotFoundError
from nightlatch.domain.grant import Grant
from nightlatch.domain.identifier import lowest_id
from nightlatch.domain.lease import Lease
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports import Clock, DueRequest, RequestFilter

PREFIX = "req"
BELOW_ALL = "req_"
ABOVE_ALL = "req_~"

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
        """Find requests, newest first."""
        now = self._clock()
        for ids in pages(_distinct(self._ids(wanted, now))):
            records = read_many(StateRecord, map(request_key, ids))
            for record in filter(None, map(records.get, map(request_key, ids))):
                request = value_of(record, AccessRequest)
                if record.is_live(now) and _is_wanted(request, wanted):
                    yield request

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List the requests whose time has come, longest overdue first."""
        shards = (_in_due_shard(shard, at) for shard in (DUE_SHARD, QUARANTINE_SHARD))
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

    def _ids(self, wanted: RequestFilter, now: datetime) -> Iterator[str]:
        low = lowest_id(PREFIX, wanted.since) if wanted.since else BELOW_ALL
        uppers = [wanted.before_id, lowest_id(PREFIX, wanted.until) if wanted.until else None]
        high = min((upper for upper in uppers if upper), default=ABOVE_ALL)
        if low >= high:
            return iter(())
        if wanted.requester_id is not None:
            return _in_partition(StateRecord.by_requester, wanted.requester_id, low, high)
        if wanted.statuses is not None:
            partitions = [_in_partition(StateRecord.by_status, status, low, high) for status in sorted(wanted.statuses)]
            return heapq.merge(*partitions, reverse=True)
        months = _months(now, max(wanted.since or now - OLDEST, now - OLDEST), high)
        return (request_id for month in months for request_id in _in_partition(StateRecord.by_month, month, low, high))


def _in_due_shard(shard: str, at: datetime) -> Iterator[DueRequest]:
    for record in StateRecord.due.query(shard, StateRecord.due_at <= rfc3339(at), page_size=PAGE):
        due_at = datetime.fromisoformat(record.due_at)
        yield DueRequest(request_id_in(record.pk), record.integration_id, due_at)


def _in_partition(index: ByRequester | ByStatus | ByMonth, value: str, low: str, high: str) -> Iterator[str]:
    # Only one condition on the sort key is allowed, and BETWEEN takes its ends in.
    within = RequestRecord.id.between(low, high)
    for record in index.query(value, within, scan_index_forward=False, page_size=PAGE):
        request_id = request_id_in(record.pk)
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


def _is_wanted(request: AccessRequest, wanted: RequestFilter) -> bool:
    # Asked of what was read, not of the index, which lags behind.
    return (wanted.requester_id is None or request.requester.id == wanted.requester_id) and (
        wanted.statuses is None or request.status in wanted.statuses
    )
