"""A target system in memory, with the connector contract and the ways in which a real one fails."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from nightlatch.domain.connector import Capabilities, CheckResult, DiscoveryPage, GrantIntent, Handle, Presence
from nightlatch.domain.errors import ConnectorError, PermanentConnectorError, RetryableConnectorError
from nightlatch.domain.integration import Permission, Resource

NAME_LIMIT = 40

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FakeAccess:
    """What one grant made at the target."""

    handle: Handle
    roles: frozenset[str]
    secret: str


@dataclass
class FakeConnector:
    """Implements Connector over dictionaries.

    `accesses` is what is at the target, by session user. `standing` are (person, role) pairs that were there before.
    Faults are arranged with `fail_next` and `lose_next_reply`; `calls` names the calls that reached the target.
    """

    databases: tuple[str, ...] = ("orders",)
    roles: tuple[str, ...] = ("role1", "role3")
    standing: frozenset[tuple[str, str]] = frozenset({("omar", "role1")})
    page_size: int = 500
    accesses: dict[str, FakeAccess] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _faults: deque[ConnectorError] = field(default_factory=deque)
    _lost_replies: int = 0
    _secrets: Iterator[int] = field(default_factory=count)

    def fail_next(self, error: ConnectorError | None = None, *, times: int = 1) -> None:
        """Let the next calls fail before they change anything, as if the target were down unless told otherwise."""
        self._faults.extend([error or RetryableConnectorError("the target is down")] * times)

    def lose_next_reply(self) -> None:
        """Let the next call do its work, and then fail as if the reply had been lost."""
        self._lost_replies += 1

    def admits(self, user: str, secret: str) -> bool:
        """Say whether a person could enter the target now."""
        access = self.accesses.get(user)
        return access is not None and access.secret == secret

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        return Capabilities(
            kind="fake", title="Fake", resource_types=("database",), holds_end_itself=False, settings_schema={}
        )

    def check(self) -> CheckResult:
        """Answer as usable, unless a fault was arranged."""
        try:
            return self._call("check", lambda: CheckResult(ok=True, message="usable"))
        except ConnectorError as error:
            return CheckResult(ok=False, message=str(error))

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """List the databases, each with every role."""
        return self._call("discover", lambda: self._page(cursor))

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name the session user by holder and grant id."""
        holder = re.sub("[^a-z0-9]+", "_", intent.holder.lower())[:NAME_LIMIT]
        roles = dict.fromkeys(entitlement.permission for entitlement in intent.entitlements)
        return Handle(
            grant_id=intent.grant_id, session_user=f"{holder}_{intent.grant_id}", details={"roles": list(roles)}
        )

    def grant(self, intent: GrantIntent) -> str:
        """Make the access, or give the one that is there a new secret."""
        return self._call("grant", lambda: self._grant(intent))

    def revoke(self, handle: Handle) -> None:
        """Remove the access if it is there."""
        self._call("revoke", lambda: self._revoke(handle))

    def observe(self, handle: Handle) -> Presence:
        """Look for the access."""
        return self._call("observe", lambda: self._presence(handle))

    def list_managed(self) -> Iterator[Handle]:
        """List every access."""
        yield from self._call("list_managed", lambda: [access.handle for access in self.accesses.values()])

    def credentials(self, handle: Handle, secret: str) -> dict[str, str]:
        """Say how the person connects."""
        return {"user": handle.session_user, "password": secret}

    def _call(self, name: str, work: Callable[[], Answer]) -> Answer:
        self.calls.append(name)
        if self._faults:
            raise self._faults.popleft()
        answer = work()
        if self._lost_replies:
            self._lost_replies -= 1
            raise RetryableConnectorError("the reply was lost")
        return answer

    def _page(self, cursor: str | None) -> DiscoveryPage:
        start = int(json.loads(cursor or "0"))
        end = start + self.page_size
        permissions = tuple(Permission(name=role) for role in self.roles)
        resources = tuple(
            Resource(type="database", id=name, name=name, permissions=permissions) for name in self.databases[start:end]
        )
        return DiscoveryPage(resources=resources, cursor=json.dumps(end) if end < len(self.databases) else None)

    def _grant(self, intent: GrantIntent) -> str:
        for entitlement in intent.entitlements:
            if entitlement.resource_type != "database" or entitlement.resource_id not in self.databases:
                raise PermanentConnectorError(f"{entitlement.resource_type} {entitlement.resource_id} does not exist")
            if entitlement.permission not in self.roles:
                raise PermanentConnectorError(f"role {entitlement.permission} does not exist")
        handle = self.prepare(intent)
        secret = f"secret-{next(self._secrets)}"
        roles = frozenset(entitlement.permission for entitlement in intent.entitlements)
        self.accesses[handle.session_user] = FakeAccess(handle=handle, roles=roles, secret=secret)
        return secret

    def _own(self, handle: Handle) -> FakeAccess | None:
        access = self.accesses.get(handle.session_user)
        if access is not None and access.handle.grant_id != handle.grant_id:
            raise PermanentConnectorError(f"{handle.session_user} was not made for {handle.grant_id}")
        return access

    def _revoke(self, handle: Handle) -> None:
        if self._own(handle) is not None:
            del self.accesses[handle.session_user]

    def _presence(self, handle: Handle) -> Presence:
        access = self.accesses.get(handle.session_user)
        if access is None:
            return Presence.ABSENT
        return Presence.PRESENT if access.handle.grant_id == handle.grant_id else Presence.UNKNOWN
