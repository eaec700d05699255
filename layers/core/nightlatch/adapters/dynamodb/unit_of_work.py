"""The only way to write: entities, their events and the receipt in one transaction."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from nightlatch.adapters.dynamodb import open_requests
from nightlatch.adapters.dynamodb.keys import OUTBOX, flow_version_key, key_of, receipt_key
from nightlatch.adapters.dynamodb.outbox import rows_of
from nightlatch.adapters.dynamodb.reading import read_live
from nightlatch.adapters.dynamodb.records import StateRecord, epoch_seconds, kept_from, record_of, value_of
from nightlatch.adapters.dynamodb.transaction import OF_A_CALLER, Patience, Sleep, Transaction
from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.audit_event import AuditEvent, ForeignEvent, Origin
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import LOG_KEPT, Delivery
from nightlatch.domain.detection_lane import DetectionLane, DetectorMemory
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.export import KEPT, Export
from nightlatch.domain.identifier import RANDOM_BYTES, uuid7
from nightlatch.domain.ledger import PendingEvent
from nightlatch.domain.session import Session
from nightlatch.domain.value import Entity
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.configuration import AuditSettingsStore
from nightlatch.services.ports.writing import Receipt

RECEIPTS_KEPT = timedelta(hours=24)


class DynamoUnitOfWork:
    """`settings` say how long a closed request and its grant are kept; `open_requests` is how many a person may have.

    The settings are read by the few commits that close something, and only by them.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        random: Randomness,
        settings: AuditSettingsStore,
        open_requests: int,
        patience: Patience = OF_A_CALLER,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._clock = clock
        self._random = random
        self._settings = settings
        self._open_requests = open_requests
        self._patience = patience
        self._sleep = sleep

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        """Write the change's entities and events in one transaction, or nothing at all."""
        transaction = self._transaction()
        beside = (*change.entities, *change.given)
        retention = cache(lambda: self._settings.audit_settings().retention)
        for entity in change.entities:
            since = kept_from(entity, beside=beside)
            until = since + retention() if since else _kept_until(entity)
            self._put_entity(transaction, entity, expires_at=epoch_seconds(until) if until else None)
        self._check_given(transaction, change)
        if receipt:
            self._put_receipt(transaction, receipt, self._clock())
        self._put_events(transaction, change.events, origin)
        open_requests.move(transaction, change.entities, limit=self._open_requests)
        try:
            transaction.commit()
        except RivalChangeError:
            open_requests.explain(change.entities, limit=self._open_requests)
            raise

    def record(self, *events: AuditEvent | ForeignEvent, origin: Origin, ending: Sequence[Entity] = ()) -> None:
        """Write events that go with no change of state, and remove what they put an end to.

        A transaction even for one: a plain put that is sent again after a lost reply would bring an event back
        that the sequencer has taken meanwhile, and the ledger would hold it twice.
        """
        if not events and not ending:
            return
        transaction = self._transaction()
        for entity in ending:
            transaction.delete(StateRecord(*key_of(entity)), StateRecord.version == entity.version)
        self._put_events(transaction, events, origin)
        transaction.commit()

    def receipt(self, principal_id: str, key: str) -> Receipt | None:
        """Find the receipt of an earlier command."""
        record = read_live(StateRecord, receipt_key(principal_id, key), now=self._clock())
        return value_of(record, Receipt) if record else None

    def _transaction(self) -> Transaction:
        return Transaction(random=self._random, patience=self._patience, sleep=self._sleep)

    def _put_entity(self, transaction: Transaction, entity: Entity, *, expires_at: int | None) -> None:
        is_new = StateRecord.pk.does_not_exist()
        follows = is_new if entity.version == 1 else StateRecord.version == entity.version - 1
        transaction.put(record_of(entity, expires_at=expires_at), follows)
        if isinstance(entity, AccessFlow):
            version = StateRecord(*flow_version_key(entity), version=entity.version, body=entity.model_dump_json())
            transaction.put(version, is_new)

    def _check_given(self, transaction: Transaction, change: Change[Any]) -> None:
        # One transaction cannot name an item twice, and a written one has its own condition.
        written = {key_of(entity) for entity in change.entities}
        for key, entity in {key_of(entity): entity for entity in change.given}.items():
            if key not in written:
                stands = StateRecord.version == entity.version if entity.version else StateRecord.pk.does_not_exist()
                transaction.check(StateRecord(*key), stands)

    def _put_receipt(self, transaction: Transaction, receipt: Receipt, now: datetime) -> None:
        record = StateRecord(
            *receipt_key(receipt.principal_id, receipt.key),
            body=receipt.model_dump_json(),
            expires_at=epoch_seconds(now + RECEIPTS_KEPT),
        )
        is_free = StateRecord.pk.does_not_exist() | (StateRecord.expires_at <= epoch_seconds(now))
        transaction.put(record, is_free)

    def _put_events(
        self, transaction: Transaction, events: Iterable[AuditEvent | ForeignEvent], origin: Origin
    ) -> None:
        for row in rows_of([self._pending(index, event, origin) for index, event in enumerate(events)]):
            record = StateRecord(OUTBOX, row.key, body=row.model_dump_json())
            transaction.put(record, StateRecord.pk.does_not_exist())

    def _pending(self, index: int, event: AuditEvent | ForeignEvent, origin: Origin) -> PendingEvent:
        # What another system tells of may have happened long ago: it waits from now on, as ids that sort by time say.
        waits_from = event.timestamp if isinstance(event, AuditEvent) else self._clock()
        event_id = str(uuid7(waits_from, index=index, random=self._random(RANDOM_BYTES)))
        return PendingEvent.of(event, event_id=event_id, origin=origin)


def _kept_until(entity: Entity) -> datetime | None:
    """Return the time of an entity that has one of its own, whatever the retention is."""
    if isinstance(entity, DetectionLane | DetectorMemory):
        return entity.kept_until
    if isinstance(entity, Delivery):
        return entity.attempt.at + LOG_KEPT
    if isinstance(entity, Session):
        return entity.ends_at
    return entity.requested_at + KEPT if isinstance(entity, Export) else None
