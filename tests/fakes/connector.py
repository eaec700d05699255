"""A target system in memory, with the connector contract and the ways in which a real one fails."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import TypeVar

from nightlatch.domain.connector import (
    Capabilities,
    CheckResult,
    DiscoveryPage,
    Entitlement,
    GrantIntent,
    Handle,
    Presence,
)
from nightlatch.domain.errors import (
    ConnectorError,
    PermanentConnectorError,
    RetryableConnectorError,
    TargetGoneError,
)
from nightlatch.domain.integration import Permission, Resource

NAME_LIMIT = 40

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FakeAccess:
    """What one grant made at the target."""

    handle: Handle
    roles: frozenset[str]
    secret: str
    ends_at: datetime


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

    def fail_no_more(self) -> None:
        """Forget the faults that were arranged."""
        self._faults.clear()
        self._lost_replies = 0

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
            kind="fake",
            title="Fake",
            resource_types=("database",),
            holds_end_itself=True,
            shares_entitlements=False,
            tells_own_apart=True,
            settings_schema={},
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
            grant_id=intent.grant_id,
            session_user=f"{holder}_{intent.grant_id}",
            entitlements=intent.entitlements,
            details={"roles": list(roles)},
        )

    def grant(self, intent: GrantIntent) -> str | None:
        """Make the access, or give the one that is there a new secret."""
        return self._call("grant", lambda: self._grant(intent))

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Move the end that the target holds, if the new one is later."""
        self._call("extend", lambda: self._extend(handle, until))

    def revoke(self, handle: Handle) -> None:
        """Remove the access if it is there."""
        self._call("revoke", lambda: self._revoke(handle))

    def observe(self, handle: Handle) -> Presence:
        """Look for the access."""
        return self._call("observe", lambda: self._presence(handle))

    def list_managed(self) -> Iterator[Handle]:
        """List every access."""
        yield from self._call("list_managed", self._managed)

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:
        """Say how the person connects."""
        if secret is None:
            raise PermanentConnectorError(f"the password of {handle.session_user} is not known")
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

    def _refuse_unknown(self, intent: GrantIntent) -> None:
        for entitlement in intent.entitlements:
            if entitlement.resource_type != "database" or entitlement.resource_id not in self.databases:
                raise PermanentConnectorError(f"{entitlement.resource_type} {entitlement.resource_id} does not exist")
            if entitlement.permission not in self.roles:
                raise PermanentConnectorError(f"role {entitlement.permission} does not exist")

    def _grant(self, intent: GrantIntent) -> str | None:
        self._refuse_unknown(intent)
        handle = self.prepare(intent)
        secret = f"secret-{next(self._secrets)}"
        roles = frozenset(entitlement.permission for entitlement in intent.entitlements)
        self.accesses[handle.session_user] = FakeAccess(
            handle=handle, roles=roles, secret=secret, ends_at=intent.ends_at
        )
        return secret

    def _extend(self, handle: Handle, until: datetime) -> None:
        access = self._own(handle)
        if access is None:
            raise TargetGoneError(f"there is no {handle.session_user}")
        self.accesses[handle.session_user] = replace(access, ends_at=max(access.ends_at, until))

    def _managed(self) -> list[Handle]:
        return [access.handle for access in self.accesses.values()]

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


@dataclass
class FakeSharedConnector(FakeConnector):
    """A target where people have accounts of their own: what it holds are (person's id, entitlement) pairs.

    `held` is what Nightlatch gave, `before` what was there before. Unless `tells_own_apart`, the target knows no
    difference: both are observed, both are revoked, and only who calls can leave the latter alone. It holds no end.
    """

    tells_own_apart: bool = False
    held: set[tuple[str, Entitlement]] = field(default_factory=set)
    before: set[tuple[str, Entitlement]] = field(default_factory=set)

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        differences = {
            "kind": "fake-shared",
            "holds_end_itself": False,
            "shares_entitlements": True,
            "tells_own_apart": self.tells_own_apart,
        }
        return super().describe().model_copy(update=differences)

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name the person: their account is there already."""
        return Handle(grant_id=intent.grant_id, session_user=intent.holder_id, entitlements=intent.entitlements)

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Tell nobody: the target holds no end."""

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:
        """Say as whom the person connects; the password is their own."""
        return {"user": handle.session_user}

    def has(self, person: str, entitlement: Entitlement) -> bool:
        """Say whether a person has an entitlement, whoever gave it."""
        return (person, entitlement) in self.held | self.before

    def _grant(self, intent: GrantIntent) -> str | None:
        self._refuse_unknown(intent)
        self.held |= {(intent.holder_id, entitlement) for entitlement in intent.entitlements}
        return None

    def _revoke(self, handle: Handle) -> None:
        pairs = _pairs(handle)
        self.held -= pairs
        if not self.tells_own_apart:
            self.before -= pairs

    def _presence(self, handle: Handle) -> Presence:
        seen = self.held if self.tells_own_apart else self.held | self.before
        return Presence.ABSENT if _pairs(handle).isdisjoint(seen) else Presence.PRESENT

    def _managed(self) -> list[Handle]:
        return [
            Handle(grant_id="", session_user=person, entitlements=(entitlement,)) for person, entitlement in self.held
        ]


def _pairs(handle: Handle) -> set[tuple[str, Entitlement]]:
    return {(handle.session_user, entitlement) for entitlement in handle.entitlements}
