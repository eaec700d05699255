"""The one connection that the records of both tables share: a function makes one client, and only if it uses it."""

from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.models import Model

from nightlatch.adapters.dynamodb.answers import AnswerParsers
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.domain.errors import StoreUnavailableError


class Patience(NamedTuple):
    """How long a call is waited for. Whole seconds would do, but not for Cognito."""

    connect_seconds: float
    read_seconds: float
    retries: int


PATIENT = Patience(connect_seconds=1, read_seconds=3, retries=2)
"""Three attempts of at most four seconds fit into a function's fifteen."""

HASTY = Patience(connect_seconds=0.5, read_seconds=1, retries=0)
"""Two calls fit into the five seconds that Cognito waits, and a cold start before them."""

UNAVAILABLE = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InternalServerError",
        "KMSAccessDeniedException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionInProgressException",
        "UnrecognizedClientException",
    }
)
"""What DynamoDB answers when it is not about the items: too busy, broken, or not for us."""


class SharedConnection(Connection):
    """A connection of a given session, that does not ask what each call consumed: nobody reads the answer."""

    def __init__(self, session: Session, *, region: str | None, patience: Patience) -> None:
        super().__init__(
            region=region,
            connect_timeout_seconds=patience.connect_seconds,
            read_timeout_seconds=patience.read_seconds,
            max_retry_attempts=patience.retries,
        )
        self._session = session

    @property
    def session(self) -> Session:
        """Return the session. PynamoDB would make one for each thread; a function has one thread."""
        return self._session

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        """Make one call; raise StoreUnavailableError when DynamoDB does not take part."""
        try:
            return super().dispatch(operation_name, {"ReturnConsumedCapacity": "NONE", **operation_kwargs})
        except BotoCoreError as error:
            raise StoreUnavailableError(f"DynamoDB cannot be reached: {type(error).__name__}") from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code not in UNAVAILABLE:
                raise
            raise StoreUnavailableError(f"DynamoDB refused {operation_name}: {code}") from error


def bind(
    *,
    state_table: str,
    ledger_table: str,
    session: Session | None = None,
    region: str | None = None,
    patience: Patience = PATIENT,
) -> None:
    """Tell the records their tables. Calls nothing yet."""
    session = session or get_session()
    session.register_component("response_parser_factory", AnswerParsers())
    shared = SharedConnection(session, region=region, patience=patience)
    for record, table_name in ((StateRecord, state_table), (LedgerRecord, ledger_table)):
        record.Meta.table_name = table_name
        # PynamoDB keeps a connection per model class, which the classes below it inherit.
        record._connection = None  # noqa: SLF001
        table = table_of(record)
        shared.add_meta_table(table.get_meta_table())
        table.connection = shared


def table_of(record: type[Model]) -> TableConnection:
    """Return the connection to a record's table. PynamoDB has no public name for it."""
    return record._get_connection()  # noqa: SLF001
