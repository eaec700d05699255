"""I4: what another system tells, however large, on DynamoDB and S3 as moto plays them."""

import os
from dataclasses import dataclass

import boto3
import pytest

from nightlatch.adapters.dynamodb.foreign_ids import DynamoForeignIds
from nightlatch.adapters.evidence import S3Evidence
from nightlatch.domain.audit_settings import AuditChoices, Reads, Writer
from nightlatch.domain.ingestion import LARGEST_ENTRY, LARGEST_IN_LEDGER, LONGEST_KEY, EntryToWrite
from nightlatch.domain.ledger import Head, LedgerEntry, first_break
from nightlatch.services.audit_settings import AuditSettingsDesk
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.ingestion import Ingestion, Written
from nightlatch.services.sequencer import Sequencer
from nightlatch.services.whole_entries import WholeEntries
from tests.builders import ADA, ROBOT, a_call, a_large_entry, an_entry_to_write
from tests.integration.aws.builders import NOW, Clock
from tests.integration.aws.conftest import Store, on_dynamodb

BUCKET = "evidence-large-entries"

pytestmark = pytest.mark.usefixtures("dynamodb")


@dataclass(frozen=True)
class Stage:
    """Those who take part."""

    store: Store
    evidence: S3Evidence

    def write(self, *entries: EntryToWrite) -> Written:
        """Let the robot write a batch."""
        ingestion = Ingestion(
            unit_of_work=self.store.work,
            settings=self.store.settings,
            foreign_ids=DynamoForeignIds(),
            evidence=self.evidence,
            clock=self.store.clock,
        )
        return ingestion.write(entries, a_call(ROBOT))

    def numbered(self) -> list[LedgerEntry]:
        """Number all that waits, and read what the robot told of, as the feed serves it."""
        Sequencer(outbox=self.store.outbox, clock=self.store.clock, random=os.urandom).drain(batches=100)
        assert self.store.pending() == []
        feed = AuditTrail(ledger=self.store.ledger).feed(after=None, limit=1000).entries
        assert first_break(feed, after=Head()) is None
        return [entry for entry in feed if entry.foreign_id]

    def whole(self, entry: LedgerEntry) -> LedgerEntry:
        """Read an entry with its body."""
        return WholeEntries(evidence=self.evidence).whole(entry)


@pytest.fixture(scope="module")
def evidence(aws: str) -> S3Evidence:
    """Make the bucket."""
    s3 = boto3.client("s3", region_name=aws)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3Evidence(lambda: s3, bucket=BUCKET)


@pytest.fixture
def stage(evidence: S3Evidence) -> Stage:
    """Begin with empty tables, and with the robot as a writer."""
    store = on_dynamodb(Clock())
    desk = AuditSettingsDesk(unit_of_work=store.work, store=store.settings, clock=store.clock)
    choices = AuditChoices(retention_days=90, reads=Reads.SENSITIVE, writers=(Writer(principal_id=ROBOT.id),))
    desk.put(choices, a_call(ADA), if_match=0)
    return Stage(store, evidence)


def test_an_event_of_1_mb_is_numbered_served_and_known_again(stage: Stage) -> None:
    """I4."""
    sent = a_large_entry(LARGEST_ENTRY, timestamp=NOW)

    assert stage.write(sent) == Written(accepted=1, known=0)

    (entry,) = stage.numbered()
    assert stage.whole(entry).details["text"] == sent.details["text"]
    assert stage.write(sent) == Written(accepted=0, known=1)


def test_a_batch_of_as_much_as_there_can_be_is_numbered(stage: Stage) -> None:
    """I4: the sequencer does not stall."""
    sizes = [LARGEST_IN_LEDGER, LARGEST_IN_LEDGER + 1] * 15
    batch = [a_large_entry(size, id=str(number), timestamp=NOW) for number, size in enumerate(sizes)]

    assert stage.write(*batch) == Written(accepted=30, known=0)

    entries = stage.numbered()
    assert [stage.whole(entry).details["text"] for entry in entries] == [sent.details["text"] for sent in batch]


def test_the_longest_ids_can_be_numbered(stage: Stage) -> None:
    """I4: an index takes them, so that what comes behind them does not wait forever."""
    longest = "x" * LONGEST_KEY
    actor, resource = {"type": "user", "id": longest}, {"type": "team", "id": longest}
    stage.write(an_entry_to_write(timestamp=NOW, actor=actor, resource=resource))
    assert [entry.resource.id for entry in stage.numbered()] == [longest]
