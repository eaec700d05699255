"""Targets that do not do as they are told, and the moment at which access ends."""

from dataclasses import dataclass, field
from typing import Any

from nightlatch.domain.access_request import AccessRequest, IntegrationReference
from nightlatch.domain.change import Change
from nightlatch.domain.connector import CheckResult, GrantIntent, Handle, Presence
from nightlatch.domain.errors import PermanentConnectorError, RetryableConnectorError, TargetGoneError
from nightlatch.domain.integration import Integration
from nightlatch.domain.selectors import TargetSelector
from tests.builders import (
    API,
    Outside,
    World,
    a_definition,
    a_flow,
    a_person,
    a_principal,
    a_request,
    an_integration,
)
from tests.fakes.connector import FakeConnector

DOWN = RetryableConnectorError("down")
DENIED = PermanentConnectorError("permission denied")


@dataclass
class ResistingConnector(FakeConnector):
    """A target whose grants or revokes fail as often as told, whatever else is asked of it."""

    grant_errors: list[BaseException] = field(default_factory=list)
    revoke_errors: list[BaseException] = field(default_factory=list)
    observe_errors: list[BaseException] = field(default_factory=list)
    ignored_revokes: int = 0
    unseen: int = 0

    def resist_no_more(self) -> None:
        """Do from now on as one is told."""
        self.grant_errors, self.revoke_errors, self.observe_errors = [], [], []
        self.ignored_revokes = self.unseen = 0

    def grant(self, intent: GrantIntent) -> str | None:
        """Fail as arranged, or grant."""
        if self.grant_errors:
            raise self.grant_errors.pop(0)
        return super().grant(intent)

    def revoke(self, handle: Handle) -> None:
        """Fail as arranged, or say yes and do nothing, or revoke."""
        if self.revoke_errors:
            raise self.revoke_errors.pop(0)
        if self.ignored_revokes:
            self.ignored_revokes -= 1
            return
        super().revoke(handle)

    def observe(self, handle: Handle) -> Presence:
        """Fail as arranged, or say that it cannot be told, or look."""
        if self.observe_errors:
            raise self.observe_errors.pop(0)
        if self.unseen:
            self.unseen -= 1
            return Presence.UNKNOWN
        return super().observe(handle)


@dataclass
class NamelessConnector(FakeConnector):
    """A target for which no access can even be named."""

    def prepare(self, intent: GrantIntent) -> Handle:  # whatever is intended
        """Say that it is impossible."""
        raise PermanentConnectorError("the name is too long")


@dataclass
class VanishingConnector(FakeConnector):
    """A target that can be gone altogether."""

    is_gone: bool = False

    def revoke(self, handle: Handle) -> None:
        """Say that there is nothing to revoke from."""
        if self.is_gone:
            raise TargetGoneError("the database is gone")
        super().revoke(handle)

    def observe(self, handle: Handle) -> Presence:
        """Say that there is nothing to look at."""
        if self.is_gone:
            raise TargetGoneError("the database is gone")
        return super().observe(handle)


@dataclass
class LateConnector(FakeConnector):
    """A target whose first grant call is thought to have failed, and takes effect when it lands."""

    under_way: list[GrantIntent] = field(default_factory=list)

    def grant(self, intent: GrantIntent) -> str | None:
        """Time out."""
        self.under_way.append(intent)
        raise PermanentConnectorError("timed out")

    def land(self) -> None:
        """Let the call take effect."""
        super().grant(self.under_way.pop())


@dataclass
class UnusableConnector(ResistingConnector):
    """A target that can be reached and is not usable."""

    def check(self) -> CheckResult:
        """Say why not."""
        return CheckResult(ok=False, message="CREATEROLE is missing")


@dataclass
class UncheckableConnector(FakeConnector):
    """A target that cannot even be asked whether it is usable."""

    def check(self) -> CheckResult:
        """Fail."""
        raise DOWN


def a_world_at_the_end_of(world: World) -> AccessRequest:
    """Grant, and let the clock stand where access ends."""
    request = world.granted()
    assert request.ends_at is not None
    world.clock.at(request.ends_at)
    return request


@dataclass
class TargetsThrough:
    """Several targets, each of whose calls goes through `outside`."""

    outside: Outside
    targets: dict[str, ResistingConnector]

    def connect(self, integration: Integration) -> Any:
        """Return the integration's own connector."""
        return self.outside.around("connector", self.targets[integration.id])


@dataclass
class ManyTargets(World):
    """A Nightlatch with several integrations, each a target of its own, and people who each ask for one thing."""

    targets: dict[str, ResistingConnector] = field(default_factory=dict)

    def connected(self, outside: Outside) -> Any:
        """Let workers reach all of them."""
        return TargetsThrough(outside, self.targets)

    def at(self, integration_id: str, number: int) -> str:
        """Store an approved request of somebody's own at an integration, and return its id."""
        person = a_principal(f"person-{number}", groups=["developers"])
        flow = self.store.one(integration_id)
        reference = IntegrationReference(id=integration_id, name=integration_id, kind="fake")
        request = a_request("role1", by=person, number=number << 32, at=self.clock(), flow=flow)
        submitted = request.model_copy(update={"integration": reference}).submitted(by=person)
        self.store.commit(submitted.with_entities(a_person(person)), origin=API)
        return request.id

    def granted_at(self, integration_id: str, number: int) -> str:
        """Store such a request, and grant it."""
        return self.provisioning.advance(self.at(integration_id, number)).id


def a_world_of(*integration_ids: str) -> ManyTargets:
    """Connect several targets, where developers may have anything and nobody needs to approve."""
    world = ManyTargets(targets={name: ResistingConnector() for name in integration_ids})
    for name in integration_ids:
        anything = TargetSelector(integration=name, names=("*",), permissions=("*",))
        world.store.commit(Change(an_integration(name)), origin=API)
        world.store.commit(Change(a_flow(name, a_definition(needed=0, what=anything))), origin=API)
    return world
