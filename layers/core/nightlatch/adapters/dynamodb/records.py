"""The layout of items: all of it as JSON in `body`, and beside it only what keys, conditions, indexes and TTL need.

Bodies are stored deflated (RFC 1950): writes are charged by the kilobyte, and most bodies come to fit into one.

Where they lie is drawn in `keys`. No other package knows these classes.
"""

# ruff: noqa: D106  (PynamoDB's Meta holds settings, and says nothing that the class does not)
# mypy: disable-error-code="no-untyped-call"
# (PynamoDB's Index has an untyped __init_subclass__, which each index class calls by being defined.)

import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import singledispatch
from typing import Protocol, TypeVar

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import BINARY
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

from nightlatch.adapters.dynamodb.keys import key_of
from nightlatch.domain.access_request import CLOSED, AccessRequest, Status
from nightlatch.domain.grant import Grant
from nightlatch.domain.lease import Lease
from nightlatch.domain.value import Entity, Retained, Value, rfc3339

V = TypeVar("V", bound=Value)

PENDING_SHARD = "pending"
DUE_SHARD = "0"
QUARANTINE_SHARD = "quarantined"
"""Where what is quarantined is due: apart, so that it can be counted without reading anything else."""

DUE_SHARDS = (PENDING_SHARD, DUE_SHARD, QUARANTINE_SHARD)
"""Every shard, in the order in which a request comes through them."""

RINGS = "yes"


class ByRequester(GlobalSecondaryIndex["StateRecord"]):
    """Requests of one person, by id and so by creation."""

    class Meta:
        projection = KeysOnlyProjection()

    requester_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ByStanding(GlobalSecondaryIndex["StateRecord"]):
    """Requests that closed with one status, by id and so by creation. Sparse: what is open is in `due`."""

    class Meta:
        projection = KeysOnlyProjection()

    standing = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ByMonth(GlobalSecondaryIndex["StateRecord"]):
    """Requests of one month (`2026-11`), by id and so by creation; anomalies of one (`ANOMALY#2026-11`)."""

    class Meta:
        projection = KeysOnlyProjection()

    month = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ByIntegration(GlobalSecondaryIndex["StateRecord"]):
    """Requests for one integration, by id and so by creation."""

    class Meta:
        projection = KeysOnlyProjection()

    integration_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ByFlow(GlobalSecondaryIndex["StateRecord"]):
    """Requests under one access flow, by id and so by creation."""

    class Meta:
        projection = KeysOnlyProjection()

    flow_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class Due(GlobalSecondaryIndex["StateRecord"]):
    """Requests that must be woken, by `listed_at`, and for which target. Sparse: only they have the two attributes.

    Every open request must be woken some time, so this is also where they are listed.
    """

    class Meta:
        projection = IncludeProjection(["integration_id"])

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)
    integration_id = UnicodeAttribute()


class DeflatedTextAttribute(Attribute[str]):
    """A text that is stored deflated."""

    attr_type = BINARY

    def serialize(self, value: str) -> bytes:
        """Deflate."""
        return zlib.compress(value.encode())

    def deserialize(self, value: bytes) -> str:
        """Inflate."""
        return inflated(value)


def inflated(stored: bytes) -> str:
    """Inflate a text."""
    return zlib.decompress(stored).decode()


class Holder(Protocol):
    """What holds a value: an item of either table."""

    @property
    def body(self) -> str:
        """The value as JSON."""
        ...


class Record(Model):
    """An item of either table. At `expires_at` (epoch seconds) its time is over; DynamoDB removes it days later."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    body = DeflatedTextAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    def is_live(self, now: datetime) -> bool:
        """Whether the item's time is not over yet."""
        return self.expires_at is None or self.expires_at > epoch_seconds(now)


class StateRecord(Record):
    """An item of the State table. The table's name comes from `connection.bind`."""

    class Meta:
        table_name = ""

    version = NumberAttribute(null=True)
    # A request's, but an index answers in the class that it stands in.
    due_at = UnicodeAttribute(null=True)
    integration_id = UnicodeAttribute(null=True)

    due = Due()
    by_requester = ByRequester()
    by_standing = ByStanding()
    by_month = ByMonth()
    by_integration = ByIntegration()
    by_flow = ByFlow()


class RequestRecord(StateRecord):
    """A request, with what the indexes find it by. `rings` is there only when the stream is to wake a worker."""

    id = UnicodeAttribute()
    requester_id = UnicodeAttribute()
    standing = UnicodeAttribute(null=True)
    month = UnicodeAttribute()
    flow_id = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    rings = UnicodeAttribute(null=True)


class HeadRecord(StateRecord):
    """Where the chain stands, with what the sequencer's condition compares."""

    seq = NumberAttribute()
    hash = UnicodeAttribute()


@singledispatch
def record_of(entity: Entity, *, expires_at: int | None = None) -> StateRecord:
    """Lay out an entity. Kinds that only some functions store are registered where they are read."""
    pk, sk = key_of(entity)
    body = entity.model_dump_json()
    if not isinstance(entity, AccessRequest):
        return StateRecord(pk, sk, version=entity.version, body=body, expires_at=expires_at)
    return RequestRecord(
        pk,
        sk,
        version=entity.version,
        body=body,
        expires_at=expires_at,
        id=entity.id,
        requester_id=entity.requester.id,
        integration_id=entity.integration.id,
        standing=None if entity.is_open else entity.status.value,
        month=f"{entity.created_at:%Y-%m}",
        flow_id=entity.flow.id,
        due_shard=_due_shard(entity),
        due_at=rfc3339(entity.listed_at) if entity.listed_at else None,
        rings=RINGS if entity.rings else None,
    )


def _due_shard(request: AccessRequest) -> str | None:
    if request.due_at is None:
        return None
    if request.is_pending:
        return PENDING_SHARD
    return QUARANTINE_SHARD if request.quarantined else DUE_SHARD


def due_shards(statuses: frozenset[Status]) -> tuple[str, ...]:
    """Say in which shards the open requests of these statuses are.

    Those between approval and end share theirs: a change of an index's key costs two writes, and they are few.
    """
    pending, under_way = statuses & {Status.PENDING}, statuses - CLOSED - {Status.PENDING}
    return (*([PENDING_SHARD] if pending else []), *([DUE_SHARD, QUARANTINE_SHARD] if under_way else []))


def value_of(record: Holder, kind: type[V]) -> V:
    """Read the value that a record holds."""
    return kind.model_validate_json(record.body)


def kept_from(entity: Entity, *, beside: Iterable[Entity]) -> datetime | None:
    """Return the time from which an entity is kept for the retention only, or None while it must be kept.

    That is when a request was closed. Its grant goes with it, which finds it in `beside`; so does a lease that is
    nobody's any more, from the change that let it go.
    """
    if isinstance(entity, Retained):
        return entity.retained_from
    if isinstance(entity, Grant):
        requests = (other for other in beside if isinstance(other, AccessRequest) and other.id == entity.request_id)
        return next((request.closed_at for request in requests), None)
    if isinstance(entity, Lease) and entity.is_nobodys:
        return next((other.updated_at for other in beside if isinstance(other, AccessRequest)), None)
    return None


def epoch_seconds(at: datetime) -> int:
    """Write a time as DynamoDB's TTL reads it."""
    return int(at.timestamp())
