"""The environment, read once."""

import os
from datetime import timedelta
from functools import cache
from typing import NamedTuple


class Settings(NamedTuple):
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
    egress_exceptions: frozenset[str]
    api_url: str
    code: str
    evidence_bucket: str
    seal_key: str
    exports_bucket: str
    export_jobs_function: str
    anomaly_detection_function: str
    reports_function: str
    delivery_queue: str
    destination_secret_prefix: str

    @property
    def policy(self) -> dict[str, str]:
        """What the deployer decided of who may do what, and how long it is known."""
        return {
            "admin_groups": ", ".join(sorted(self.admin_groups)),
            "auditor_groups": ", ".join(sorted(self.auditor_groups)),
            "groups_claim": self.groups_claim,
            "open_requests": str(self.open_requests),
            "retention_days": str(self.retention.days),
            "time_zone": self.time_zone,
        }


class ConsoleSettings(NamedTuple):
    """What template.yaml sets for the console besides. `sign_in_page` is there on the local stack only."""

    issuer: str
    client_id: str
    scopes: str
    sign_in_page: str

    @property
    def scheme(self) -> str:
        """How a browser reaches the console."""
        return "http" if self.sign_in_page else "https"


@cache
def console_settings() -> ConsoleSettings:
    """Read the console's part of the environment, once."""
    return ConsoleSettings(
        issuer=_variable("ISSUER"),
        client_id=_variable("CONSOLE_CLIENT"),
        scopes=_variable("CONSOLE_SCOPES"),
        sign_in_page=_variable("SIGN_IN_PAGE"),
    )


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
        egress_exceptions=_names(_variable("EGRESS_EXCEPTIONS")),
        api_url=_variable("API_URL"),
        code=_variable("CODE"),
        evidence_bucket=_variable("EVIDENCE_BUCKET"),
        seal_key=_variable("SEAL_KEY"),
        exports_bucket=_variable("EXPORTS_BUCKET"),
        export_jobs_function=_variable("EXPORT_JOBS_FUNCTION"),
        anomaly_detection_function=_variable("ANOMALY_DETECTION_FUNCTION"),
        reports_function=_variable("REPORTS_FUNCTION"),
        delivery_queue=_variable("DELIVERY_QUEUE"),
        destination_secret_prefix=_variable("DESTINATION_SECRET_PREFIX"),
    )


def _variable(name: str) -> str:
    return os.environ[f"NIGHTLATCH_{name}"]


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())
