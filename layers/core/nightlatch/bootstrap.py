"""The only wiring: settings from the environment, and each service made once with the adapters it needs.

Nothing here runs at import. A client is made when the first call needs it, so a function pays only for what it uses.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from nightlatch.adapters.connectors.registry import ConnectorRegistry
from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.connection import CONNECT_SECONDS, READ_SECONDS, RETRIES, bind
from nightlatch.adapters.dynamodb.flows import DynamoFlows
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.outbox import DynamoOutbox
from nightlatch.adapters.dynamodb.requests import DynamoRequests
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.adapters.kms import KmsVault
from nightlatch.adapters.scheduler import EventBridgeTimer
from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.approvals import Approvals
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.integrations import Integrations
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.sequencer import Sequencer

if TYPE_CHECKING:
    import boto3


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
    )


def clock() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@cache
def access_requests() -> AccessRequests:
    """Wire the use cases of requesters."""
    return AccessRequests(
        unit_of_work=_unit_of_work(),
        requests=_requests(),
        flows=_flows(),
        catalogue=_catalogue(),
        ledger=_ledger(),
        connectors=_connectors(),
        vault=_vault(),
        clock=clock,
        randomness=os.urandom,
    )


@cache
def approvals() -> Approvals:
    """Wire the use cases of approvers."""
    return Approvals(unit_of_work=_unit_of_work(), requests=_requests(), clock=clock)


@cache
def access_flows() -> AccessFlows:
    """Wire the use cases around access flows."""
    return AccessFlows(unit_of_work=_unit_of_work(), flows=_flows(), clock=clock)


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
        unit_of_work=_unit_of_work(),
        requests=_requests(),
        flows=_flows(),
        catalogue=_catalogue(),
        connectors=_connectors(),
        timer=EventBridgeTimer(
            lambda: _session().client("scheduler"),
            group=chosen.schedule_group,
            role=chosen.schedule_role,
            function=chosen.expiry_function,
        ),
        vault=_vault(),
        clock=clock,
        origin=Origin(source=source),
    )


@cache
def sequencer() -> Sequencer:
    """Wire the sequencer."""
    _bind_tables()
    return Sequencer(outbox=DynamoOutbox(random=os.urandom, retention=settings().retention), clock=clock)


@cache
def cursor_key() -> str:
    """Read the key that cursors are signed with."""
    return _secrets().get(settings().cursor_secret)


@cache
def _unit_of_work() -> DynamoUnitOfWork:
    _bind_tables()
    return DynamoUnitOfWork(clock=clock, random=os.urandom, retention=settings().retention)


@cache
def _requests() -> DynamoRequests:
    _bind_tables()
    return DynamoRequests(clock=clock)


@cache
def _flows() -> DynamoFlows:
    _bind_tables()
    return DynamoFlows()


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
    return SecretsManagerSecrets(lambda: _session().client("secretsmanager"), prefix=settings().secret_prefix)


@cache
def _vault() -> KmsVault:
    return KmsVault(lambda: _session().client("kms"), key_id=settings().credentials_key)


@cache
def _bind_tables() -> None:
    bind(state_table=settings().state_table, ledger_table=settings().ledger_table)


@cache
def _session() -> "boto3.Session":
    # Imported here: most calls need DynamoDB only, which has a client of its own.
    import boto3  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # botocore would wait a minute for each of five attempts: longer than a function may run, and a sweep with it.
    patience = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": RETRIES + 1}
    )
    base = botocore.session.get_session()
    base.set_default_client_config(patience)
    return boto3.Session(botocore_session=base)


def _variable(name: str) -> str:
    return os.environ[f"NIGHTLATCH_{name}"]


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
