"""How PostgreSQL is reached: settings, sessions with bounded waits, and its errors in our words."""

import re
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from typing import Annotated, TypeVar

import pg8000.native  # type: ignore[import-untyped]  # pg8000 ships no types; everything it returns is validated here
from pydantic import AfterValidator, Field, StringConstraints
from scramp import ScramException  # type: ignore[import-untyped]  # the driver's own SCRAM, which it does not wrap

from nightlatch.adapters.connectors.postgresql_statements import identifier
from nightlatch.domain.errors import (
    ConnectorError,
    PermanentConnectorError,
    RetryableConnectorError,
    TargetGoneError,
)
from nightlatch.domain.value import Value

_UNDEFINED_OBJECT = "42704"
_STILL_NEEDED = "2BP01"  # an administrator must know by what
_RETRYABLE_CLASSES = frozenset({"08", "40", "53", "58"})  # connection, rollback, resources, the server's system
_RETRYABLE = frozenset({
    "25006",  # read only: we reached the standby of a failover
    "42710",  # a rival made the same role just now: next time it is found
    "23505",  # the same, told by the catalog's index
    "55006",  # object in use
    "55P03",  # lock not available
    "57014",  # statement timeout
    "57P01", "57P02", "57P03", "57P05",  # shutting down, crashed, starting, idle for too long
    "XX000",  # "tuple concurrently updated": two GRANTs touched one catalog row
})  # fmt: skip


def _quotable(name: str) -> str:
    try:
        identifier(name)
    except PermanentConnectorError as error:
        raise ValueError(str(error)) from error
    return name


def _loadable(pem: str) -> str:
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, TypeError, ValueError) as error:
        raise ValueError("must be certificates in PEM form") from error
    return pem


Name = Annotated[str, AfterValidator(_quotable)]
Pem = Annotated[str, StringConstraints(min_length=1), AfterValidator(_loadable)]
Host = Annotated[
    str,
    StringConstraints(
        max_length=253, pattern=r"^([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"
    ),
]


class Tls(StrEnum):
    """How the connection is protected. DISABLE is for the loopback only; REQUIRE encrypts but trusts any server."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY = "verify"


class ServerSettings(Value):
    """Where a server is and who the connector is there.

    `database` is only where the connector itself connects first; grants are not confined to it. `certificate_authority`
    is PEM text for servers whose certificate no public authority signed (a cloud provider's own, for example).
    """

    host: Host
    port: int = Field(default=5432, ge=1, le=65535)
    database: Name
    user: Name
    tls: Tls = Tls.VERIFY
    certificate_authority: Pem | None = None


class Timeouts(Value):
    """How long to wait, in seconds.

    `silence` is for any answer of the server, and above `statement`: it ends only what the server cannot end itself.
    After `abandoned` the server ends a session of ours that fell silent, and with it its lock.
    """

    connect: float = 5
    lock: float = 5
    statement: float = 15
    silence: float = 20
    abandoned: float = 60


Row = TypeVar("Row", bound=Value)


class Session:
    """One open connection to one database."""

    def __init__(self, connection: pg8000.native.Connection) -> None:
        self._connection = connection

    def run(self, *statements: str) -> None:
        """Run complete statements one after the other, each its own transaction unless they say BEGIN."""
        for statement in statements:
            self._connection.run(statement)

    def select(self, row: type[Row], query: str, **parameters: str | int | list[str]) -> list[Row]:
        """Run a query with `:name` parameters; each result becomes a `row` by its column names."""
        rows = self._connection.run(query, **parameters)
        names = [column["name"] for column in self._connection.columns]
        return [row.model_validate(dict(zip(names, values, strict=True))) for values in rows]

    def lock(self, name: str) -> None:
        """Wait until nobody else works on a role of that name; held until the session ends."""
        identifier(name)
        self._connection.run("SELECT pg_advisory_lock(hashtextextended(:name, 0))", name=name)


@contextmanager
def open_session(
    settings: ServerSettings, password: str, *, timeouts: Timeouts, database: str | None = None
) -> Iterator[Session]:
    """Connect, and close at the end. Whatever goes wrong meanwhile comes out as a ConnectorError."""
    database = database or settings.database
    with _in_our_words(f"{settings.host}:{settings.port}/{database}"):
        connection = _connect(settings, password, database, timeouts)
        try:
            connection.run(_preparation(timeouts))
            yield Session(connection)
        finally:
            with suppress(pg8000.native.Error, OSError):
                connection.close()


def _preparation(timeouts: Timeouts) -> str:
    """Say what every session begins with. No name is looked up in `public`: anybody may have put a function there."""
    return f"""
        SET search_path = '';
        SET standard_conforming_strings = on;
        SET lock_timeout = '{timeouts.lock * 1000:.0f}ms';
        SET statement_timeout = '{timeouts.statement * 1000:.0f}ms';
        SET idle_session_timeout = '{timeouts.abandoned * 1000:.0f}ms';
        SET idle_in_transaction_session_timeout = '{timeouts.abandoned * 1000:.0f}ms';
    """


def _connect(settings: ServerSettings, password: str, database: str, timeouts: Timeouts) -> pg8000.native.Connection:
    """Open the socket ourselves: the driver knows one timeout, and connecting deserves a shorter one than waiting."""
    context = _ssl_context(settings)
    channel = socket.create_connection((settings.host, settings.port), timeout=timeouts.connect)
    channel.settimeout(timeouts.silence)
    # The driver writes a query in several small packets: with Nagle's algorithm each would cost 40 ms.
    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with ExitStack() as on_failure, _introduced(settings):
        on_failure.callback(channel.close)
        connection = pg8000.native.Connection(
            settings.user,
            host=settings.host,
            database=database,
            password=password,
            ssl_context=context,
            sock=channel,
            application_name="nightlatch",
            startup_params={"client_encoding": "UTF8"},
        )
        on_failure.pop_all()
    return connection


@contextmanager
def _introduced(settings: ServerSettings) -> Iterator[None]:
    """Translate what the driver lets through when the other side speaks another protocol, or cannot prove who it is."""
    try:
        yield
    except ssl.SSLError:  # a failed verification is a ValueError too
        raise
    except (AttributeError, KeyError, ValueError, struct.error, ScramException) as error:
        raise PermanentConnectorError(
            f"{settings.host}:{settings.port} does not answer as the PostgreSQL server that knows {settings.user}"
        ) from error


def _ssl_context(settings: ServerSettings) -> ssl.SSLContext | bool:
    if settings.tls is Tls.DISABLE:
        return False
    context = ssl.create_default_context(cadata=settings.certificate_authority)
    if settings.tls is Tls.REQUIRE:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _in_our_words(server: str) -> Iterator[None]:
    try:
        yield
    except pg8000.native.DatabaseError as error:
        raise _translated(error, server) from error
    except ssl.SSLCertVerificationError as error:
        raise PermanentConnectorError(f"{server}: the certificate is not trusted: {error.verify_message}") from error
    except pg8000.native.InterfaceError as error:
        raise _misunderstanding(error, server) from error
    except OSError as error:
        raise RetryableConnectorError(f"{server} cannot be reached: {error}") from error


def _translated(error: pg8000.native.DatabaseError, server: str) -> ConnectorError:
    fields = error.args[0]
    state, text = fields.get("C", ""), fields.get("M", "")
    if state == _STILL_NEEDED:
        text += f": {fields.get('D', '')}"
    message = f"{server}: {text} (SQLSTATE {state})"
    if state == _UNDEFINED_OBJECT:
        return TargetGoneError(message)
    if state in _RETRYABLE or state[:2] in _RETRYABLE_CLASSES:
        return RetryableConnectorError(message)
    return PermanentConnectorError(message)


def _misunderstanding(error: pg8000.native.InterfaceError, server: str) -> ConnectorError:
    """Tell a lost connection, which may come back, from a server that will never agree with us."""
    if re.search("refuses SSL|Authentication method", str(error)):
        return PermanentConnectorError(f"{server}: {error}")
    return RetryableConnectorError(f"{server}: the connection was lost: {error}")
