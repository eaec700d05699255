"""The work that gives and ends access at a target: whoever rings, the record decides what is to be done.

    APPROVED ──► intent, handle and end are stored ─► timer ─► connector.grant ─► GRANTED
    GRANTING ──► (its claim is over: the worker died) ─► again, or given up: connector.revoke ─► FAILED
    GRANTED  ──► (its time is over) ─► REVOKING
    REVOKING ──► connector.revoke ─► read back ─► EXPIRED | REVOKED | CANCELED, or later again, for ever

`advance` may be called any number of times, by anybody, at any moment, and may die at any line: the stored request
says where to go on, and its `due_at` when the sweeper will.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import Origin
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Entitlement, GrantIntent, Presence
from nightlatch.domain.errors import (
    ConnectorError,
    NotFoundError,
    PermanentConnectorError,
    RetryableConnectorError,
    StoreUnavailableError,
    TargetGoneError,
)
from nightlatch.domain.grant import GRANT_ATTEMPTS, QUARANTINE_AFTER, Grant, pause_before
from nightlatch.services.ports import Catalogue, Clock, Connector, Connectors, Requests, Timer, UnitOfWork, Vault

CLAIM = timedelta(seconds=90)
"""How long a worker has a request to itself: longer than a function may run (60 s in template.yaml)."""


class Provisioning:
    """Carries requests from APPROVED to access, and from the end of access to nothing left."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        requests: Requests,
        catalogue: Catalogue,
        connectors: Connectors,
        timer: Timer,
        vault: Vault,
        clock: Clock,
        origin: Origin,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._requests = requests
        self._catalogue = catalogue
        self._connectors = connectors
        self._timer = timer
        self._vault = vault
        self._clock = clock
        self._origin = origin

    def due(self, *, limit: int) -> list[str]:
        """List the requests that somebody must look at by now."""
        return self._requests.due(self._clock(), limit=limit)

    def advance(self, request_id: str) -> AccessRequest:
        """Do whatever is due for a request, if anything, and return it as it then is.

        Raises RivalChangeError when somebody else is doing it at this moment.
        """
        request, at = self._requests.request(request_id), self._clock()
        if request.status is Status.GRANTED:
            return self._expire(request, at) if request.is_over(at) else self._stay(request)
        if request.due_at is None or request.due_at > at:
            return request
        if request.status is Status.APPROVED:
            return self._begin(request, at)
        if request.status is Status.GRANTING:
            return self._resume(request, at)
        if request.status is Status.REVOKING:
            return self._remove(request)
        return request

    # Giving

    def _begin(self, request: AccessRequest, at: datetime) -> AccessRequest:
        intent = _intent(request, at)
        grant = Grant(
            request_id=request.id,
            integration_id=request.integration.id,
            intent=intent,
            handle=self._connector(request.integration.id).prepare(intent),
        )
        return self._grant(self._commit(request.begin_granting(at=at, due_at=at + CLAIM), grant), grant)

    def _resume(self, request: AccessRequest, at: datetime) -> AccessRequest:
        before = self._requests.grant(request.id)
        grant = before.changed(intent=_intent(request, at))
        claimed = self._commit(request.postpone_grant(at=at, due_at=at + CLAIM), grant)
        return self._undo(claimed, grant) if grant.is_given_up else self._grant(claimed, grant)

    def _grant(self, request: AccessRequest, grant: Grant) -> AccessRequest:
        self._timer.wake(request.id, at=grant.intent.ends_at)
        try:
            secret = self._connector(grant.integration_id).grant(grant.intent)
        except ConnectorError as error:
            return self._grant_failed(request, grant, error)
        sealed = None if secret is None else self._vault.seal(secret, request_id=request.id)
        given = grant.changed(sealed_secret=sealed, attempts=grant.attempts + 1, last_error="")
        change = request.grant(session_user=grant.handle.session_user, at=self._clock())
        return self._stay(self._commit(change, given))

    def _stay(self, request: AccessRequest) -> AccessRequest:
        """See that a timer stands at the end; a timer that came early, or before an extension, sets the next."""
        if request.ends_at is not None:
            self._timer.wake(request.id, at=request.ends_at)
        return request

    def _grant_failed(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        attempts = grant.attempts + 1
        hopeless = isinstance(error, PermanentConnectorError) or attempts >= GRANT_ATTEMPTS
        failed = grant.changed(attempts=attempts, last_error=str(error), is_given_up=hopeless)
        at = self._clock()
        due_at = at + (CLAIM if hopeless else pause_before(attempts))
        postponed = self._commit(request.postpone_grant(at=at, due_at=due_at), failed)
        return self._undo(postponed, failed) if hopeless else postponed

    def _undo(self, request: AccessRequest, grant: Grant) -> AccessRequest:
        """Close a grant that was given up, once the target was seen to hold nothing of it."""
        try:
            self._take_away(grant)
        except ConnectorError as error:
            return self._postpone_end(request, grant, error)
        change = request.fail(error=grant.last_error, attempts=grant.attempts, at=self._clock())
        return self._commit(change, grant.changed(sealed_secret=None))

    # Ending

    def _expire(self, request: AccessRequest, at: datetime) -> AccessRequest:
        change = request.expire(at=at, due_at=at + CLAIM)
        try:
            self._unit_of_work.commit(change, origin=self._origin)
        except StoreUnavailableError:
            # An end that cannot be written down is carried out all the same; the sweeper will write it later.
            self._take_away(self._requests.grant(request.id))
            raise
        return self._remove(change.state)

    def _remove(self, request: AccessRequest) -> AccessRequest:
        grant = self._requests.grant(request.id)
        try:
            self._take_away(grant)
        except ConnectorError as error:
            return self._postpone_end(request, grant, error)
        return self._commit(request.end(at=self._clock()), grant.changed(sealed_secret=None))

    def _take_away(self, grant: Grant) -> None:
        """End the access and read back that it is gone; raise a ConnectorError when it is not."""
        connector = self._connector(grant.integration_id)
        with suppress(TargetGoneError):
            connector.revoke(grant.handle)
        if connector.observe(grant.handle) is not Presence.ABSENT:
            raise RetryableConnectorError(f"{grant.handle.session_user} is still there after the revoke")

    def _postpone_end(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        at, attempts = self._clock(), grant.attempts + 1
        change = request.postpone_end(
            error=str(error),
            attempts=attempts,
            quarantine=attempts >= QUARANTINE_AFTER,
            at=at,
            due_at=at + pause_before(attempts),
        )
        return self._commit(change, grant.changed(attempts=attempts, last_error=str(error)))

    # Within

    def _commit(self, change: Change[AccessRequest], grant: Grant) -> AccessRequest:
        self._unit_of_work.commit(change.with_entities(grant), origin=self._origin)
        return change.state

    def _connector(self, integration_id: str) -> Connector:
        integration = self._catalogue.integration(integration_id)
        if integration is None:
            raise NotFoundError(f"no integration {integration_id}")
        return self._connectors.connect(integration)


def _intent(request: AccessRequest, at: datetime) -> GrantIntent:
    """Say what is to be granted now. The end is the latest at which this attempt's access can have to end."""
    return GrantIntent(
        grant_id=request.id,
        holder=request.requester.name,
        entitlements=tuple(
            Entitlement(resource_type=item.resource_type, resource_id=item.resource_id, permission=item.permission)
            for item in request.items
        ),
        ends_at=at + CLAIM + request.duration,
    )
