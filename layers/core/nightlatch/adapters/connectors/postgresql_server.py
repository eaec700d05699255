"""One PostgreSQL server as every kind of PostgreSQL connector works with it: who we are there, and how we get in."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

from nightlatch.adapters.connectors.postgresql_connection import ServerSettings, Session, Timeouts, open_session
from nightlatch.adapters.connectors.postgresql_roles import OwnRole, grantable, other_roles, own_role
from nightlatch.domain.connector import CheckResult
from nightlatch.domain.errors import ConnectorError

OLDEST_VERSION = 140000
DEFAULT_PAGE_SIZE = 500
DEFAULT_TIMEOUTS = Timeouts()

Missing = Callable[[Session, OwnRole], str | None]
"""Says the first thing that a kind of connector still needs."""


class PostgresqlServer:
    """A server, 14 or later. `password` is called before the first connection, and only once."""

    def __init__(self, settings: ServerSettings, password: Callable[[], str], *, timeouts: Timeouts) -> None:
        self._settings = settings
        self._password = cache(password)
        self._timeouts = timeouts

    def session(self, database: str | None = None) -> AbstractContextManager[Session]:
        """Open a session, in the database of the settings unless another is named."""
        return open_session(self._settings, self._password(), timeouts=self._timeouts, database=database)

    def check(self, missing: Missing) -> CheckResult:
        """Try the connection and the rights it needs; an unreachable server is an answer too."""
        try:
            with self.session() as session:
                said = self._missing(session, missing)
                count = len(grantable(other_roles(session)))
        except ConnectorError as error:
            return CheckResult(ok=False, message=str(error))
        if said:
            return CheckResult(ok=False, message=said)
        return CheckResult(ok=True, message=f"connected as {self._settings.user}; {count} roles can be granted")

    def _missing(self, session: Session, missing: Missing) -> str | None:
        own = own_role(session)
        if own.server_version < OLDEST_VERSION:
            return f"the server is older than version {OLDEST_VERSION // 10000}"
        if said := missing(session, own):
            return said
        if not grantable(other_roles(session)):
            return f"{self._settings.user} has ADMIN OPTION on no role, so there is nothing it could grant"
        return None
