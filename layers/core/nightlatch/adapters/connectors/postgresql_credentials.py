"""How a person connects to PostgreSQL, in the forms that their tools take."""

import shlex
from urllib.parse import quote

from nightlatch.adapters.connectors.postgresql_connection import ServerSettings, Tls

_SSL_MODES = {Tls.DISABLE: "disable", Tls.REQUIRE: "require", Tls.VERIFY: "verify-full"}


def connection_url(settings: ServerSettings, *, database: str, user: str, password: str) -> str:
    """Write a connection URL; everything that could end a part of it early is percent-encoded."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    path = quote(database, safe="")
    return f"postgresql://{login}@{host}:{settings.port}/{path}?sslmode={_SSL_MODES[settings.tls]}"


def psql_command(settings: ServerSettings, *, database: str, user: str | None) -> str:
    """Write a psql command. It asks for the password, so that none is left in a shell's history.

    Without a user the person names their own. `dbname=` keeps a database's name from being read as connection settings
    of its own (`host=…` is a valid name).
    """
    parts = {
        "host": settings.host,
        "port": str(settings.port),
        "dbname": database,
        **({} if user is None else {"user": user}),
        "sslmode": _SSL_MODES[settings.tls],
    }
    return "psql " + shlex.quote(" ".join(f"{key}={_conninfo(value)}" for key, value in parts.items()))


def _conninfo(value: str) -> str:
    if value and all(character.isalnum() or character in "._-:" for character in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
