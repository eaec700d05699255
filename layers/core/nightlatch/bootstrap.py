"""The only wiring: settings from the environment, and each service made once with the adapters it needs.

No client is made at import but when the first call needs it, so a function pays only for what it uses.

What is imported stays for good, and looking for garbage in it again and again is a sixth of a function's start. So the
collector pauses while this module imports nearly all that a function has, and never looks at it after that.
"""

# ruff: noqa: E402  (the imports are what the collector pauses for)

import gc
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

gc.disable()
from botocore.config import Config
from botocore.session import Session, get_session

from nightlatch.adapters.connectors.registry import ConnectorRegistry
from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.connection import CONNECT_SECONDS, READ_SECONDS, RETRIES, bind
from nightlatch.adapters.dynamodb.facts import DynamoFacts
from nightlatch.adapters.dynamodb.flows import DynamoFlows
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.outbox import DynamoOutbox
from nightlatch.adapters.dynamodb.people import DynamoPeople
from nightlatch.adapters.dynamodb.requests import DynamoRequests
from nightlatch.adapters.dynamodb.transaction import OF_A_CALLER, OF_A_WORKER, Patience
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.adapters.kms import KmsVault
from nightlatch.adapters.lambda_fan_out import LambdaFanOut
from nightlatch.adapters.scheduler import EventBridgeTimer
from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.integrations import Integrations
from nightlatch.services.people import Acquaintances
from nightlatch.services.ports import FanOut
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.sequencer import Sequencer

gc.freeze()
gc.enable()


@dataclass(frozen=True)
class Settings:
    """What template.yaml sets for every function."""

    state_table: str
    ledger_table: str
    retention: timedelta
    time_zone: str
    groups_claim: str
    admin_groups: frozenset[str]
    auditor_groups: frozenset[str]
    cursor_secret: str
    credentials_key: str
    secret_prefix: str
    schedule_group: str
    schedule_role: str
    expiry_function: str
    open_requests: int


@cache
def settings() -> Settings:
    """Read the environment, once."""
    return Settings(
        state_table=_variable("STATE_TABLE"),
        ledger_table=_variable("LEDGER_TABLE"),
        retention=timedelta(days=int(_variable("RETENTION_DAYS"))),
        time_zone=_variable("TIME_ZONE"),
        groups_claim=_variable("GROUPS_CLAIM"),
        admin_groups=_names(_variable("ADMIN_GROUPS")),
        auditor_groups=_names(_variable("AUDITOR_GROUPS")),
        cursor_secret=_variable("CURSOR_SECRET"),
        credentials_key=_variable("CREDENTIALS_KEY"),
        secret_prefix=_variable("SECRET_PREFIX"),
        schedule_group=_variable("SCHEDULE_GROUP"),
        schedule_role=_variable("SCHEDULE_ROLE"),
        expiry_function=_variable("EXPIRY_FUNCTION"),
        open_requests=int(_variable("OPEN_REQUESTS")),
    )


def clock() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@cache
def access_requests() -> AccessRequests:
    """Wire what is done with requests that have been made."""
    return AccessRequests(
        unit_of_work=_unit_of_work(),
        requests=_requests(),
        flows=_flows(),
        catalogue=_catalogue(),
        ledger=_ledger(),
        connectors=_connectors(),
        vault=_vault(),
        clock=clock,
    )


@cache
def asking() -> Asking:
    """Wire the use cases of those who ask."""
    return Asking(
        unit_of_work=_unit_of_work(),
        requests=_requests(),
        flows=_flows(),
        catalogue=_catalogue(),
        facts=_facts(),
        clock=clock,
        randomness=os.urandom,
    )


@cache
def acquaintances() -> Acquaintances:
    """Wire the use cases around people."""
    return Acquaintances(unit_of_work=_unit_of_work(), people=_people(), clock=clock)


@cache
def approvals() -> Approvals:
    """Wire the use cases of approvers."""
    return Approvals(unit_of_work=_unit_of_work(), requests=_requests(), clock=clock)


@cache
def access_flows() -> AccessFlows:
    """Wire the use cases around access flows."""
    return AccessFlows(unit_of_work=_unit_of_work(), flows=_flows(), requests=_requests(), clock=clock)


@cache
def integrations() -> Integrations:
    """Wire the use cases around integrations."""
    return Integrations(
        unit_of_work=_unit_of_work(),
        catalogue=_catalogue(),
        connectors=_connectors(),
        secrets=_secrets(),
        clock=clock,
        randomness=os.urandom,
    )


@cache
def audit_trail() -> AuditTrail:
    """Wire the reading of the ledger."""
    return AuditTrail(ledger=_ledger())


@cache
def provisioning(source: Source) -> Provisioning:
    """Wire the work at the targets, as it is woken by `source`."""
    chosen = settings()
    return Provisioning(
        unit_of_work=_unit_of_work(OF_A_WORKER),
        requests=_requests(),
        flows=_flows(),
        people=_people(),
        catalogue=_catalogue(),
        connectors=_connectors(),
        timer=EventBridgeTimer(
            lambda: _client("scheduler"),
            group=chosen.schedule_group,
            role=chosen.schedule_role,
            function=chosen.expiry_function,
        ),
        vault=_vault(),
        clock=clock,
        randomness=os.urandom,
        origin=Origin(source=source),
    )


@cache
def fan_out() -> FanOut:
    """Wire how the sweep hands on what is due."""
    return LambdaFanOut(lambda: _client("lambda"), function=settings().expiry_function)


@cache
def sequencer() -> Sequencer:
    """Wire the sequencer."""
    _bind_tables()
    return Sequencer(
        outbox=DynamoOutbox(random=os.urandom, retention=settings().retention), clock=clock, random=os.urandom
    )


@cache
def cursor_key() -> str:
    """Read the key that cursors are signed with."""
    return _secrets().get(settings().cursor_secret)


@cache
def _unit_of_work(patience: Patience = OF_A_CALLER) -> DynamoUnitOfWork:
    _bind_tables()
    chosen = settings()
    return DynamoUnitOfWork(
        clock=clock,
        random=os.urandom,
        retention=chosen.retention,
        open_requests=chosen.open_requests,
        patience=patience,
    )


@cache
def _requests() -> DynamoRequests:
    _bind_tables()
    return DynamoRequests(clock=clock)


@cache
def _flows() -> DynamoFlows:
    _bind_tables()
    return DynamoFlows()


@cache
def _people() -> DynamoPeople:
    _bind_tables()
    return DynamoPeople()


@cache
def _facts() -> DynamoFacts:
    _bind_tables()
    return DynamoFacts(clock=clock)


@cache
def _catalogue() -> DynamoCatalogue:
    _bind_tables()
    return DynamoCatalogue()


@cache
def _ledger() -> DynamoLedger:
    _bind_tables()
    return DynamoLedger(clock=clock)


@cache
def _connectors() -> ConnectorRegistry:
    return ConnectorRegistry(secrets=_secrets())


@cache
def _secrets() -> SecretsManagerSecrets:
    return SecretsManagerSecrets(lambda: _client("secretsmanager"), prefix=settings().secret_prefix)


@cache
def _vault() -> KmsVault:
    return KmsVault(lambda: _client("kms"), key_id=settings().credentials_key)


@cache
def _bind_tables() -> None:
    bind(state_table=settings().state_table, ledger_table=settings().ledger_table, session=_session())


def _client(service: str) -> Any:  # botocore makes the clients' classes from JSON, when they are asked for
    return _session().create_client(service)


@cache
def _session() -> Session:
    # One for all clients: each session reads the partitions, the defaults and the credentials anew.
    session = get_session()
    # botocore would wait a minute for each of five attempts: longer than a function may run, and a sweep with it.
    patience = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": RETRIES + 1}
    )
    session.set_default_client_config(patience)
    return session


def _variable(name: str) -> str:
    return os.environ[f"NIGHTLATCH_{name}"]


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
