"""The layout of the Ledger table: the entry's canonical JSON, and beside it what the indexes find it by."""

# ruff: noqa: D106  (PynamoDB's Meta holds settings, and says nothing that the class does not)
# mypy: disable-error-code="no-untyped-call"
# (PynamoDB's Index has an untyped __init_subclass__, which each index class calls by being defined.)

from datetime import timedelta

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from nightlatch.adapters.dynamodb.keys import ledger_key
from nightlatch.adapters.dynamodb.records import Holder, Record, epoch_seconds
from nightlatch.domain.audit_event import Severity
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import LedgerEntry, canonical_json


class ByActor(GlobalSecondaryIndex["LedgerRecord"]):
    """Entries of one person or service, by number. Those of Nightlatch itself, half of all, are left out."""

    class Meta:
        projection = KeysOnlyProjection()

    actor_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ByResource(GlobalSecondaryIndex["LedgerRecord"]):
    """Entries about one resource, by number. Those about a request are in its own index only."""

    class Meta:
        projection = KeysOnlyProjection()

    resource_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ByRequest(GlobalSecondaryIndex["LedgerRecord"]):
    """Entries of one request, by number."""

    class Meta:
        projection = KeysOnlyProjection()

    request_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ByType(GlobalSecondaryIndex["LedgerRecord"]):
    """Entries of one type and UTC day (`access.granted#2026-11-22`), by number."""

    class Meta:
        projection = KeysOnlyProjection()

    type_day = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class BySeverity(GlobalSecondaryIndex["LedgerRecord"]):
    """Warnings and errors, by number. They are rare; what only informs is not in it."""

    class Meta:
        projection = KeysOnlyProjection()

    severity = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class LedgerRecord(Record):
    """An item of the Ledger table. The table's name comes from `connection.bind`."""

    class Meta:
        table_name = ""

    actor_id = UnicodeAttribute(null=True)
    resource_id = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    type_day = UnicodeAttribute()
    severity = UnicodeAttribute(null=True)

    by_actor = ByActor()
    by_resource = ByResource()
    by_request = ByRequest()
    by_type = ByType()
    by_severity = BySeverity()


def record_of_entry(entry: LedgerEntry, *, retention: timedelta) -> LedgerRecord:
    """Lay out an entry. An empty text stays out of the indexes, because none may hold it as a key."""
    pk, sk = ledger_key(entry.seq)
    about_another = entry.resource.id if entry.resource.id != entry.request_id else ""
    by_another = entry.actor.id if entry.actor.id != SYSTEM.id else ""
    return LedgerRecord(
        pk,
        sk,
        body=canonical_json(entry.model_dump(mode="json")).decode(),
        actor_id=by_another or None,
        resource_id=about_another or None,
        request_id=entry.request_id or None,
        type_day=f"{entry.event_type}#{entry.recorded_at:%Y-%m-%d}",
        severity=entry.severity if entry.severity is not Severity.INFO else None,
        expires_at=epoch_seconds(entry.recorded_at + retention),
    )


def entry_of(record: Holder) -> LedgerEntry:
    """Read the entry that a record holds."""
    return LedgerEntry.model_validate_json(record.body)
