"""Giving access, and telling a target of a later end.

claim ─► timer ─► join the leases (only where entitlements are shared) ─► connector.grant ─► the clock starts
"""

from datetime import datetime, timedelta

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.connector import Entitlement, GrantIntent, Presence
from nightlatch.domain.eligibility import objection
from nightlatch.domain.errors import (
    ConnectorError,
    NotAllowedError,
    PermanentConnectorError,
    RetryableConnectorError,
    RivalChangeError,
    TargetGoneError,
)
from nightlatch.domain.grant import GRANT_ATTEMPTS, Failure, Grant
from nightlatch.domain.lease import Lease, differing, to_give
from nightlatch.domain.value import Entity
from nightlatch.services.ending import Ending
from nightlatch.services.ports.configuration import Flows
from nightlatch.services.ports.facts import People
from nightlatch.services.ports.targets import Connector, Timer, Vault
from nightlatch.services.workbench import CLAIM, NO_ANSWER, Workbench

Leases = tuple[Lease, ...]

SOONEST_WAKE = timedelta(seconds=2)
"""Sooner, a timer might be too late to be set. And one that came early, by this worker's clock, still stands for the
time that it was set for: set again for the same, there would be none."""


class Granting:
    """Carries requests from APPROVED to access."""

    def __init__(
        self, bench: Workbench, *, ending: Ending, flows: Flows, people: People, timer: Timer, vault: Vault
    ) -> None:
        self._bench = bench
        self._ending = ending
        self._flows = flows
        self._people = people
        self._timer = timer
        self._vault = vault

    def await_start(self, request: AccessRequest) -> AccessRequest:
        """See that a timer stands where an approved request is to be taken up."""
        if request.due_at is not None:
            self._wake(request.id, at=request.due_at)
        return request

    def stay(self, request: AccessRequest) -> AccessRequest:
        """See that a timer stands at the end; a timer that came early, or before an extension, sets the next."""
        if request.ends_at is not None:
            self._wake(request.id, at=request.ends_at)
        return request

    def begin(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """Store what is intended, and grant it, if the request may still begin."""
        if request.starts_at is not None and request.starts_at > at:
            return self.await_start(request)
        intent = _intent(request, at)
        try:
            given = self._grounds(request, at)
            grant = _prepared(intent, request, self._bench.connector(request.integration.id))
        except (NotAllowedError, ConnectorError) as error:
            return self._bench.commit(request.fail(Failure.of(error, attempts=0), at=at, watch_until=None))
        leases = self._bench.leases(grant)
        if _is_blocked(leases):
            return self._bench.commit(request.hold_back(at=at, due_at=self._bench.after_pause(1, at=at)))
        claim = request.begin_granting(at=at, due_at=at + CLAIM).if_still(*given)
        return self._attempt(self._bench.commit(claim, grant), grant, leases)

    def resume(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """Take up a grant whose worker died or failed, or give it up."""
        before = self._bench.requests.grant(request.id)
        if before.given_up:
            return self._ending.take_back(request, before, at)
        grant = before.changed(intent=_intent(request, at), attempts=before.attempts + 1)
        claimed = self._bench.commit(request.wait(at=at, due_at=at + CLAIM), grant)
        if before.attempts >= GRANT_ATTEMPTS:
            return self._ending.give_up(claimed, grant, Failure.of(NO_ANSWER, attempts=before.attempts))
        return self._attempt(claimed, grant, self._bench.leases(grant))

    def tell(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """Tell the target of a later end. Until it is told it ends the access too early, never too late."""
        grant, until = self._bench.requests.grant(request.id), (request.ends_at or at) + CLAIM
        self.stay(request)
        try:
            self._bench.connector(grant.integration_id).extend(grant.handle, until=until)
        except TargetGoneError:
            return self._bench.commit(request.missed(at=self._bench.clock()))
        except ConnectorError as error:
            untold = grant.not_told(Failure.of(error, attempts=grant.untold + 1))
            now = self._bench.clock()
            later = request.tell_later(at=now, due_at=self._bench.after_pause(untold.untold, at=now))
            return self._bench.commit(later, untold)
        return self._bench.commit(request.told(at=self._bench.clock()), grant.told(until=until))

    # Within

    def _wake(self, request_id: str, *, at: datetime) -> None:
        self._timer.wake(request_id, at=max(at, self._bench.clock() + SOONEST_WAKE))

    def _grounds(self, request: AccessRequest, at: datetime) -> list[Entity]:
        """Look again whether the request may begin, by the flow and the person as they are now, and return the two.

        Raises NotAllowedError when it may not.
        """
        flow, person = self._flows.one(request.flow.id), self._people.person(request.requester.id)
        groups = person.groups if person else ()
        if reason := objection(request, flow, requester_groups=groups, at=at):
            raise NotAllowedError(reason)
        return [entity for entity in (flow, person) if entity]

    def _attempt(self, request: AccessRequest, grant: Grant, leases: Leases) -> AccessRequest:
        """Make the claimed attempt, unless another grant is just leaving what this one is to have."""
        self._timer.wake(request.id, at=grant.intent.ends_at)
        if _is_blocked(leases):
            return self._hold_back(request, grant)
        try:
            joined = self._joined(grant, leases)
        except ConnectorError as error:
            return self._failed(request, grant, error)
        if joining := differing(leases, joined):
            at = self._bench.clock()
            try:
                request = self._bench.commit(request.wait(at=at, due_at=at + CLAIM), *joining)
            except RivalChangeError:
                return self._hold_back(request, grant)
        return self._grant(request, grant, joined)

    def _joined(self, grant: Grant, leases: Leases) -> Leases:
        """Look, where only the target can tell, what was there before, and return the leases with this grant."""
        return tuple(
            lease
            if grant.request_id in lease.holders
            else lease.join(grant.request_id, prior=lease.must_look and self._is_there(grant, lease.entitlement))
            for lease in leases
        )

    def _is_there(self, grant: Grant, entitlement: Entitlement) -> bool:
        connector = self._bench.connector(grant.integration_id)
        if connector.describe().tells_own_apart:
            return False
        presence = connector.observe(grant.handle.narrowed([entitlement]))
        if presence is Presence.UNKNOWN:
            raise RetryableConnectorError(f"nobody can tell whether {entitlement.permission} is there already")
        return presence is Presence.PRESENT

    def _hold_back(self, request: AccessRequest, grant: Grant) -> AccessRequest:
        at = self._bench.clock()
        return self._bench.commit(request.wait(at=at, due_at=self._bench.after_pause(1, at=at)), grant.held_back())

    def _grant(self, request: AccessRequest, grant: Grant, leases: Leases) -> AccessRequest:
        intent = to_give(grant.intent, leases)
        try:
            secret = self._bench.connector(grant.integration_id).grant(intent) if intent else None
        except ConnectorError as error:
            return self._failed(request, grant, error)
        sealed = None if secret is None else self._vault.seal(secret, request_id=request.id)
        change = request.grant(grant.handle, at=self._bench.clock())
        try:
            granted = self._bench.commit(change, grant.given(sealed_secret=sealed))
        except RivalChangeError:
            # Who stopped it meanwhile may have looked before this call landed, and would not look again for minutes.
            self._ending.catch_up(request.id)
            raise
        return self.stay(granted)

    def _failed(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        failure = Failure.of(error, attempts=grant.attempts)
        if isinstance(error, PermanentConnectorError) or grant.attempts >= GRANT_ATTEMPTS:
            return self._ending.give_up(request, grant, failure)
        at = self._bench.clock()
        waiting = request.wait(at=at, due_at=self._bench.after_pause(grant.attempts, at=at))
        return self._bench.commit(waiting, grant.changed(last_failure=failure))


def _prepared(intent: GrantIntent, request: AccessRequest, connector: Connector) -> Grant:
    return Grant(
        request_id=request.id,
        integration_id=request.integration.id,
        intent=intent,
        handle=connector.prepare(intent),
        shares_entitlements=connector.describe().shares_entitlements,
    )


def _is_blocked(leases: Leases) -> bool:
    return any(lease.leaving for lease in leases)


def _intent(request: AccessRequest, at: datetime) -> GrantIntent:
    """Say what is to be granted now. The end is the latest at which this attempt's access can have to end."""
    return GrantIntent(
        grant_id=request.id,
        holder_id=request.requester.id,
        holder=request.requester.name,
        entitlements=tuple(
            Entitlement(resource_type=item.resource_type, resource_id=item.resource_id, permission=item.permission)
            for item in request.items
        ),
        ends_at=at + CLAIM + request.duration,
    )
