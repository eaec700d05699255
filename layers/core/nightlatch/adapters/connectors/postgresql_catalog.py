"""What a scan of a PostgreSQL server finds: databases, roles and schemas, in one order, a page at a time.

For session users the databases carry the permissions: where one connects, as which roles. For people with a role of
their own it is the roles themselves, since to be a member of a role means the same in every database: two names for
one membership would end it twice.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from itertools import islice
from typing import NamedTuple

from nightlatch.adapters.connectors.postgresql_connection import Session
from nightlatch.adapters.connectors.postgresql_roles import Role, grantable, other_roles
from nightlatch.domain.connector import DiscoveryPage
from nightlatch.domain.errors import PermanentConnectorError
from nightlatch.domain.integration import Permission, Resource, tags_in
from nightlatch.domain.value import Value

MEMBER = "member"
"""What a person with a role of their own can become of another role."""

# datconnlimit -2 marks a database whose removal was interrupted: nobody can connect to it.
_DATABASES = """
SELECT d.datname AS name, coalesce(s.description, '') AS comment
  FROM pg_database d
  LEFT JOIN pg_shdescription s ON s.objoid = d.oid AND s.classoid = CAST('pg_database' AS regclass)
 WHERE d.datallowconn AND NOT d.datistemplate AND d.datconnlimit <> -2
"""
_SCHEMAS = """
SELECT n.nspname AS name, coalesce(obj_description(n.oid, 'pg_namespace'), '') AS comment
  FROM pg_namespace n
 WHERE NOT starts_with(n.nspname, 'pg_') AND n.nspname <> 'information_schema'
"""


class Database(Value):
    """A database of the server."""

    name: str
    comment: str


class Schema(Value):
    """A schema of one database."""

    name: str
    comment: str


class Place(NamedTuple):
    """Where a resource stands in the order of a scan."""

    type: str
    name: str
    inner_name: str = ""


Open = Callable[[str], AbstractContextManager[Session]]
"""Opens a session in the named database."""


def discover(session: Session, open_database: Open, *, cursor: str | None, page_size: int) -> DiscoveryPage:
    """Read the page of resources that follows `cursor`: databases, then roles, then schemas.

    The cursor is the last place served, so that what is made or dropped between two pages neither hides nor doubles
    anything else. A database that the connector may not enter is listed, but not its schemas: only databases carry
    permissions.
    """
    with closing(_resources(session, open_database, after=_place(cursor))) as resources:
        return _page(resources, page_size)


def discover_roles(session: Session, *, cursor: str | None, page_size: int) -> DiscoveryPage:
    """Read the page of roles that follows `cursor`: those that one can be made a member of, and nothing else."""
    after = _place(cursor)
    membership = (Permission(name=MEMBER),)
    found = _roles(grantable(other_roles(session)), membership)
    return _page(((place, resource) for place, resource in found if place > after), page_size)


def _page(resources: Iterable[tuple[Place, Resource]], page_size: int) -> DiscoveryPage:
    found = list(islice(resources, page_size + 1))
    page = found[:page_size]
    is_last = len(found) <= page_size
    return DiscoveryPage(
        resources=tuple(resource for _, resource in page), cursor=None if is_last else json.dumps(page[-1][0])
    )


def _place(cursor: str | None) -> Place:
    if cursor is None:
        return Place("", "")
    try:
        return Place(*map(str, json.loads(cursor)))
    except (TypeError, ValueError) as error:
        raise PermanentConnectorError("the cursor is not one that this connector gave") from error


def _resources(session: Session, open_database: Open, *, after: Place) -> Generator[tuple[Place, Resource]]:
    roles = other_roles(session)
    databases = sorted(session.select(Database, _DATABASES), key=lambda database: database.name)
    listed = [*_databases(databases, roles), *_roles(roles)]
    yield from ((place, resource) for place, resource in listed if place > after)
    for database in databases:
        if Place("schema", database.name, chr(0x10FFFF)) > after:
            schemas = _schemas(database, open_database)
            yield from ((place, resource) for place, resource in schemas if place > after)


def _databases(databases: list[Database], roles: list[Role]) -> Iterator[tuple[Place, Resource]]:
    """List databases, each with all grantable roles: a PostgreSQL role holds for the whole server.

    Where a role has rights is the server's business; the database says where the person connects.
    """
    permissions = tuple(
        Permission(name=role.name, description=role.comment, tags=tags_in(role.comment))
        for role in sorted(grantable(roles), key=lambda role: role.name)
    )
    for database in databases:
        yield (
            Place("database", database.name),
            _resource("database", database.name, database.name, database.comment, permissions),
        )


def _roles(roles: list[Role], permissions: tuple[Permission, ...] = ()) -> Iterator[tuple[Place, Resource]]:
    for role in sorted(roles, key=lambda role: role.name):
        yield Place("role", role.name), _resource("role", role.name, role.name, role.comment, permissions)


def _schemas(database: Database, open_database: Open) -> Iterator[tuple[Place, Resource]]:
    """List a database's schemas; none if it does not let us in: by CONNECT, by pg_hba.conf, or dropped since."""
    try:
        with open_database(database.name) as session:
            schemas = session.select(Schema, _SCHEMAS)
    except PermanentConnectorError:
        return
    for schema in sorted(schemas, key=lambda schema: schema.name):
        resource = _resource("schema", f"{database.name}.{schema.name}", schema.name, schema.comment)
        yield Place("schema", database.name, schema.name), resource


def _resource(kind: str, identity: str, name: str, comment: str, permissions: tuple[Permission, ...] = ()) -> Resource:
    return Resource(
        type=kind, id=identity, name=name, description=comment, tags=tags_in(comment), permissions=permissions
    )
