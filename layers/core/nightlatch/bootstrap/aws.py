"""The clients of AWS's services, which share one session, and the session's patience."""

from functools import cache
from typing import Any

from botocore import __version__
from botocore.config import Config
from botocore.session import Session, get_session

from nightlatch.adapters.dynamodb.connection import PATIENT, Patience, bind
from nightlatch.bootstrap.settings import settings

USER_AGENT = f"Nightlatch Botocore/{__version__}"
"""Who CloudTrail and the logs of AWS's services say has called."""


@cache
def session() -> Session:
    """Make the session: one for all clients, because each reads the partitions, defaults and credentials anew."""
    made = get_session()
    # botocore would wait a minute for each of five attempts: longer than a function may run, and a sweep with it.
    defaults = Config(
        connect_timeout=PATIENT.connect_seconds,
        read_timeout=PATIENT.read_seconds,
        retries={"total_max_attempts": PATIENT.retries + 1},
        # botocore would put its own name together anew for every call, which takes a quarter of the call's time.
        user_agent=USER_AGENT,
    )
    made.set_default_client_config(defaults)
    return made


@cache
def bind_tables(patience: Patience = PATIENT) -> None:
    """Tell the records their tables and their session."""
    tables = settings()
    bind(state_table=tables.state_table, ledger_table=tables.ledger_table, session=session(), patience=patience)


def client(
    service: str, config: Config | None = None, **credentials: Any
) -> Any:  # botocore makes the clients' classes from JSON, when they are asked for
    """Make the client of a service, with the session's patience where `config` says no other.

    `credentials` are botocore's names for a region and credentials other than the function's own.
    """
    return session().create_client(service, config=config, **credentials)
