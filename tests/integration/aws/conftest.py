"""The store that a suite is told about: in memory, and on DynamoDB as moto plays it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.adapters.dynamodb.alert_rules import DynamoAlertRules
from nightlatch.adapters.dynamodb.anomalies import DynamoAnomalies
from nightlatch.adapters.dynamodb.anomaly_settings import DynamoAnomalySettings
from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.connection import bind, table_of
from nightlatch.adapters.dynamodb.deployments import DynamoDeployments
from nightlatch.adapters.dynamodb.destinations import DynamoDestinations
from nightlatch.adapters.dynamodb.exports import DynamoExports
from nightlatch.adapters.dynamodb.facts import DynamoFacts
from nightlatch.adapters.dynamodb.flows import DynamoFlows
from nightlatch.adapters.dynamodb.keeping import DynamoKeeping
from nightlatch.adapters.dynamodb.lanes import DynamoLanes, DynamoMemories
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.outbox import DynamoOutbox
from nightlatch.adapters.dynamodb.people import DynamoPeople
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.adapters.dynamodb.requests import DynamoRequests
from nightlatch.adapters.dynamodb.saved_views import DynamoSavedViews
from nightlatch.adapters.dynamodb.seals import DynamoSeals
from nightlatch.adapters.dynamodb.sessions import DynamoSessions
from nightlatch.adapters.dynamodb.tallies import DynamoTallies
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.domain.audit_event import AuditEvent
from nightlatch.domain.change import Change
from nightlatch.domain.ledger import LedgerEntry, PendingEvent, WaitingRow, append
from nightlatch.domain.value import Entity
from nightlatch.services.ports.anomalies import Anomalies
from nightlatch.services.ports.anomaly_settings import AnomalySettingsStore
from nightlatch.services.ports.configuration import AuditSettingsStore, Catalogue, Flows
from nightlatch.services.ports.deliveries import Destinations
from nightlatch.services.ports.deploying import Deployments
from nightlatch.services.ports.detection import AlertRules, Lanes, Memories
from nightlatch.services.ports.evidence import Seals
from nightlatch.services.ports.exporting import Exports
from nightlatch.services.ports.facts import Facts, People
from nightlatch.services.ports.keeping import Keeping
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.sequencing import Outbox
from nightlatch.services.ports.sessions import SavedViewsStore, StoredSessions
from nightlatch.services.ports.tallies import Tallies
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork
from tests.fakes.anomalies import InMemoryAnomalies
from tests.fakes.store import InMemoryStore, predictable
from tests.integration.aws.builders import ORIGIN, Clock
from tests.integration.aws.deployed import Deployed, deployed
from tests.integration.aws.tables import make_anew, table_definition

REGION = "eu-central-1"
TABLES = {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")}
RETENTION = timedelta(days=90)
OPEN_REQUESTS = 500


@dataclass(frozen=True)
class Store:
    """Every storage port of one kind of store."""

    work: UnitOfWork
    requests: Requests
    flows: Flows
    people: People
    facts: Facts
    catalogue: Catalogue
    exports: Exports
    outbox: Outbox
    ledger: Ledger
    settings: AuditSettingsStore
    keeping: Keeping
    tallies: Tallies
    deployments: Deployments
    seals: Seals
    anomalies: Anomalies
    lanes: Lanes
    memories: Memories
    anomaly_settings: AnomalySettingsStore
    alert_rules: AlertRules
    destinations: Destinations
    sessions: StoredSessions
    saved_views: SavedViewsStore
    clock: Clock

    def put(self, *entities: Entity) -> None:
        """Store new entities, without events."""
        for start in range(0, len(entities), 50):
            first, *others = entities[start : start + 50]
            self.work.commit(Change(first, (), tuple(others)), origin=ORIGIN)

    def sequence(self, *events: AuditEvent) -> list[LedgerEntry]:
        """Record events and move them into the ledger at once."""
        self.work.record(*events, origin=ORIGIN)
        standing, rows = self.outbox.standing(), self.waiting()
        head, entries = append(standing.head, self.pending(), at=self.clock(), random=os.urandom)
        self.outbox.append(entries, taking=rows, after=standing.head, head=head, retention=standing.retention)
        self.outbox.clear(row.key for row in rows)
        return entries

    def waiting(self) -> Sequence[WaitingRow]:
        """List the rows that wait."""
        return self.outbox.waiting(taken=self.outbox.standing().taken).rows

    def pending(self) -> list[PendingEvent]:
        """List the events that wait."""
        return [event for row in self.waiting() for event in row.events]


@pytest.fixture
def clock() -> Clock:
    """Stand still."""
    return Clock()


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Play AWS, whatever endpoint and profile the environment names, and say in which region."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        with mock_aws():
            yield REGION


@pytest.fixture(scope="module")
def bound(aws: str) -> DynamoDBClient:
    """Bind the records once: making a client is what takes long."""
    bind(state_table="state", ledger_table="ledger", region=aws)
    return boto3.client("dynamodb")


@pytest.fixture
def dynamodb(bound: DynamoDBClient) -> DynamoDBClient:
    """Begin with empty tables."""
    make_anew(bound, TABLES)
    return bound


def in_memory(clock: Clock) -> Store:
    """Build the store in memory."""
    fake = InMemoryStore(clock=clock, random=predictable(), retention=RETENTION, open_requests=OPEN_REQUESTS)
    found = InMemoryAnomalies(fake)
    return Store(
        work=fake,
        requests=fake,
        flows=fake,
        people=fake,
        facts=fake,
        catalogue=fake,
        exports=fake,
        outbox=fake,
        ledger=fake,
        settings=fake,
        keeping=fake,
        tallies=fake,
        deployments=fake,
        seals=fake,
        anomalies=found,
        lanes=found,
        memories=found,
        anomaly_settings=found,
        alert_rules=found,
        destinations=fake,
        sessions=fake,
        saved_views=fake,
        clock=clock,
    )


def on_dynamodb(clock: Clock) -> Store:
    """Build the store on the bound tables."""
    random, settings = predictable(), DynamoAuditSettings(retention=RETENTION)
    return Store(
        work=DynamoUnitOfWork(
            clock=clock, random=random, settings=settings, open_requests=OPEN_REQUESTS, sleep=lambda _: None
        ),
        requests=DynamoRequests(clock=clock),
        flows=DynamoFlows(),
        people=DynamoPeople(),
        facts=DynamoFacts(clock=clock),
        catalogue=DynamoCatalogue(),
        exports=DynamoExports(clock=clock),
        outbox=DynamoOutbox(random=random, retention=RETENTION),
        ledger=DynamoLedger(clock=clock, retention=RETENTION),
        settings=settings,
        keeping=DynamoKeeping(retention=RETENTION),
        tallies=DynamoTallies(),
        deployments=DynamoDeployments(),
        seals=DynamoSeals(),
        anomalies=DynamoAnomalies(clock=clock),
        lanes=DynamoLanes(clock=clock),
        memories=DynamoMemories(),
        anomaly_settings=DynamoAnomalySettings(),
        alert_rules=DynamoAlertRules(),
        destinations=DynamoDestinations(clock=clock),
        sessions=DynamoSessions(clock=clock),
        saved_views=DynamoSavedViews(),
        clock=clock,
    )


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Store:
    """Give the suite each kind of store in turn."""
    if request.param == "memory":
        return in_memory(clock)
    request.getfixturevalue("dynamodb")
    return on_dynamodb(clock)


@pytest.fixture(scope="module")
def wired(bound: DynamoDBClient) -> Iterator[Deployed]:
    """Wire the real functions once: making clients is what takes long."""
    with pytest.MonkeyPatch.context() as environment, deployed(bound, environment) as one:
        yield one


@pytest.fixture
def nightlatch(wired: Deployed) -> Deployed:
    """Begin with one database, one flow and no request."""
    wired.reset()
    return wired


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    """Answer in DynamoDB's place, on the records' own client."""
    with Stubber(table_of(StateRecord).connection.client) as stubber:
        yield stubber
