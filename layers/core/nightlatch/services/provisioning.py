"""The work that gives and ends access at a target: whoever rings, the record decides what is to be done.

    PENDING  ──► (nobody decided within the approval window) ─► LAPSED
    APPROVED ──► intent, handle and end are stored ─► timer ─► connector.grant ─► GRANTED
    GRANTING ──► (its claim is over: the worker died) ─► again, or given up: connector.revoke ─► FAILED
    GRANTED  ──► (its time is over) ─► REVOKING
    REVOKING ──► connector.revoke ─► read back ─► EXPIRED | REVOKED | CANCELED, or later again, for ever
    closed   ──► looked at once more, when a grant call that was still under way can no longer land

`advance` may be called any number of times, by anybody, at any moment, and may die at any line: the stored request
says where to go on, and its `due_at` when the sweeper will. Each attempt is counted when it is claimed.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Origin
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Entitlement, GrantIntent, Presence
from nightlatch.domain.eligibility import objection
from nightlatch.domain.errors import (
    ConnectorError,
    NotAllowedError,
    PermanentConnectorError,
    RetryableConnectorError,
    StoreUnavailableError,
    TargetGoneError,
)
from nightlatch.domain.grant import (
    GRANT_ATTEMPTS,
    LONGEST_PAUSE,
    QUARANTINE_AFTER,
    Failure,
    Grant,
    pause_before,
)
from nightlatch.domain.value import Entity
from nightlatch.services.ports import (
    Catalogue,
    Clock,
    Connector,
    Connectors,
    Flows,
    People,
    Requests,
    Timer,
    UnitOfWork,
    Vault,
)

CLAIM = timedelta(seconds=90)
"""How long a worker has a request to itself: longer than a function may run (60 s in template.yaml)."""

WATCH = 2 * CLAIM
"""How long after the end a target is looked at once more: no call of an earlier worker can land any later."""

CLOCK_SKEW = timedelta(seconds=2)
"""So far ahead may the clock be that wrote a `due_at`: a doorbell must not come too early for it."""

NO_ANSWER = RetryableConnectorError("the attempts before were cut off without an answer")


class Provisioning:
    """Carries requests from APPROVED to access, and from the end of access to nothing left."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        requests: Requests,
        flows: Flows,
        people: People,
        catalogue: Catalogue,
        connectors: Connectors,
        timer: Timer,
        vault: Vault,
        clock: Clock,
        origin: Origin,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._flows = flows
        self._people = people
        self._catalogue = catalogue
        self._connectors = connectors
        self._timer = timer
        self._vault = vault
        self._clock = clock
        self._origin = origin

    def due(self) -> Iterator[str]:
        """List the requests that somebody must look at by now, longest overdue first."""
        return self._requests.due(self._clock())

    def advance(self, request_id: str) -> AccessRequest:
        """Do whatever is due for a request, if anything, and return it as it then is.

        Raises RivalChangeError when somebody else is doing it at this moment, RequestNotFoundError when there is none.
        """
        request, at = self._requests.request(request_id), self._clock()
        if request.status is Status.GRANTED:
            return self._expire(request, at) if request.is_over(at) else self._stay(request)
        if request.due_at is None or request.due_at > at + CLOCK_SKEW:
            return request
        steps = {
            Status.PENDING: self._lapse,
            Status.APPROVED: self._begin,
            Status.GRANTING: self._resume,
            Status.REVOKING: self._remove,
        }
        return steps.get(request.status, self._watch)(request, at)

    # Giving

    def _lapse(self, request: AccessRequest, at: datetime) -> AccessRequest:
        return self._note(request.lapse(at=at)) if request.has_lapsed(at) else request

    def _begin(self, request: AccessRequest, at: datetime) -> AccessRequest:
        intent = _intent(request, at)
        try:
            given = self._grounds(request, at)
            handle = self._connector(request.integration.id).prepare(intent)
        except (NotAllowedError, ConnectorError) as error:
            return self._note(request.fail(Failure.of(error, attempts=0), at=at, watch_until=None))
        grant = Grant(request_id=request.id, integration_id=request.integration.id, intent=intent, handle=handle)
        claim = request.begin_granting(at=at, due_at=at + CLAIM).with_entities(grant).if_still(*given)
        return self._grant(self._note(claim), grant)

    def _grounds(self, request: AccessRequest, at: datetime) -> list[Entity]:
        """Look again whether the request may begin, by the flow and the person as they are now, and return the two.

        Raises NotAllowedError when it may not.
        """
        flow, person = self._flows.one(request.flow.id), self._people.person(request.requester.id)
        groups = person.groups if person else ()
        if reason := objection(request, flow, requester_groups=groups, at=at):
            raise NotAllowedError(reason)
        return [entity for entity in (flow, person) if entity]

    def _resume(self, request: AccessRequest, at: datetime) -> AccessRequest:
        before = self._requests.grant(request.id)
        if before.given_up:
            return self._take_back(request, before, at)
        grant = before.changed(intent=_intent(request, at), attempts=before.attempts + 1)
        claimed = self._commit(request.wait(at=at, due_at=at + CLAIM), grant)
        if before.attempts >= GRANT_ATTEMPTS:
            return self._give_up(claimed, grant, Failure.of(NO_ANSWER, attempts=before.attempts))
        return self._grant(claimed, grant)

    def _grant(self, request: AccessRequest, grant: Grant) -> AccessRequest:
        self._timer.wake(request.id, at=grant.intent.ends_at)
        try:
            secret = self._connector(grant.integration_id).grant(grant.intent)
        except ConnectorError as error:
            return self._grant_failed(request, grant, error)
        sealed = None if secret is None else self._vault.seal(secret, request_id=request.id)
        change = request.grant(grant.handle, at=self._clock())
        return self._stay(self._commit(change, grant.given(sealed_secret=sealed)))

    def _stay(self, request: AccessRequest) -> AccessRequest:
        """See that a timer stands at the end; a timer that came early, or before an extension, sets the next."""
        if request.ends_at is not None:
            self._timer.wake(request.id, at=request.ends_at)
        return request

    def _grant_failed(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        failure = Failure.of(error, attempts=grant.attempts)
        if isinstance(error, PermanentConnectorError) or grant.attempts >= GRANT_ATTEMPTS:
            return self._give_up(request, grant, failure)
        at = self._clock()
        waiting = request.wait(at=at, due_at=at + pause_before(grant.attempts))
        return self._commit(waiting, grant.changed(last_failure=failure))

    def _give_up(self, request: AccessRequest, grant: Grant, failure: Failure) -> AccessRequest:
        """Turn to taking away whatever may have come to be at the target."""
        at, given_up = self._clock(), grant.give_up(failure)
        return self._finish(self._commit(request.wait(at=at, due_at=at + CLAIM), given_up), given_up)

    # Ending

    def _expire(self, request: AccessRequest, at: datetime) -> AccessRequest:
        return self._end(request.expire(at=at, due_at=at + CLAIM), self._requests.grant(request.id))

    def _remove(self, request: AccessRequest, at: datetime) -> AccessRequest:
        return self._take_back(request, self._requests.grant(request.id), at)

    def _take_back(self, request: AccessRequest, grant: Grant, at: datetime) -> AccessRequest:
        """Claim another attempt at the end, and make it."""
        if grant.attempts < QUARANTINE_AFTER or request.quarantined:
            return self._end(request.wait(at=at, due_at=at + CLAIM), grant)
        failure = Failure.of(NO_ANSWER, attempts=grant.attempts)
        return self._end(request.postpone_end(failure, quarantine=True, at=at, due_at=at + CLAIM), grant)

    def _end(self, claim: Change[AccessRequest], grant: Grant) -> AccessRequest:
        claimed = grant.claimed()
        try:
            request = self._commit(claim, claimed)
        except StoreUnavailableError:
            # An end that cannot be written down is carried out all the same; the sweeper will write it later.
            with suppress(ConnectorError):
                self._take_away(grant)
            raise
        return self._finish(request, claimed)

    def _finish(self, request: AccessRequest, grant: Grant) -> AccessRequest:
        """Close a request, once the target was seen to hold nothing of it."""
        try:
            self._take_away(grant)
        except ConnectorError as error:
            return self._postpone_end(request, grant, error)
        at = self._clock()
        if grant.given_up:
            return self._commit(request.fail(grant.given_up, at=at, watch_until=at + WATCH), grant.closed())
        return self._commit(request.end(at=at, watch_until=at + WATCH), grant.closed())

    def _take_away(self, grant: Grant) -> None:
        """End the access and read back that it is gone; raise a ConnectorError when it is not."""
        connector = self._connector(grant.integration_id)
        with suppress(TargetGoneError):
            connector.revoke(grant.handle)
        if not _is_absent(connector, grant):
            raise RetryableConnectorError(f"{grant.handle.session_user} is still there after the revoke")

    def _postpone_end(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        at, failure = self._clock(), Failure.of(error, attempts=grant.attempts)
        quarantine = request.quarantined or grant.attempts >= QUARANTINE_AFTER
        due_at = at + pause_before(grant.attempts)
        change = request.postpone_end(failure, quarantine=quarantine, at=at, due_at=due_at)
        return self._commit(change, grant.changed(last_failure=failure))

    # Afterwards

    def _watch(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """Look at the target once more: a grant call that was thought dead may have landed after the end."""
        grant = self._requests.grant(request.id)
        try:
            if not _is_absent(self._connector(grant.integration_id), grant):
                # Told before it is removed, and once: a worker that dies in between must not leave it untold.
                request = request if request.quarantined else self._note(request.drifted(at=at, due_at=at + CLAIM))
                self._take_away(grant)
        except ConnectorError:
            return self._note(request.watch_on(at=at, due_at=at + LONGEST_PAUSE))
        return self._note(request.watch_on(at=at, due_at=None))

    # Within

    def _commit(self, change: Change[AccessRequest], grant: Grant) -> AccessRequest:
        return self._note(change.with_entities(grant))

    def _note(self, change: Change[AccessRequest]) -> AccessRequest:
        self._unit_of_work.commit(change, origin=self._origin)
        return change.state

    def _connector(self, integration_id: str) -> Connector:
        integration = self._catalogue.integration(integration_id)
        if integration is None:
            raise PermanentConnectorError(f"there is no integration {integration_id}")
        return self._connectors.connect(integration)


def _is_absent(connector: Connector, grant: Grant) -> bool:
    try:
        return connector.observe(grant.handle) is Presence.ABSENT
    except TargetGoneError:
        return True


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
