"""Taking access away: at its end, when granting was given up, and once more when a late call brought it back.

claim, and leave the leases ─► connector.revoke ─► read back ─► close, and release the leases ─► watch
"""

from contextlib import suppress
from datetime import datetime

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Handle, Presence
from nightlatch.domain.errors import ConnectorError, RetryableConnectorError, StoreUnavailableError, TargetGoneError
from nightlatch.domain.grant import LONGEST_PAUSE, QUARANTINE_AFTER, Failure, Grant
from nightlatch.domain.lease import Lease, differing, to_take
from nightlatch.services.ports.targets import Connector
from nightlatch.services.workbench import CLAIM, NO_ANSWER, Workbench

Leases = tuple[Lease, ...]

WATCH = 2 * CLAIM
"""How long after the end a target is looked at once more: no call of an earlier worker can land any later."""

UNSEEN = WATCH + (QUARANTINE_AFTER - 1) * LONGEST_PAUSE
"""So long after the end must a target have been looked at, or what may have come back there is quarantined."""


class Ending:
    """Ends grants. It never gives up."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def expire(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """End access whose time is over. The request's own claim tells of this attempt: the grant is not written."""
        grant = self._bench.requests.grant(request.id)
        return self._end(request.expire(at=at, due_at=at + CLAIM), grant, claimed=grant.at_work())

    def remove(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """End access that was given back or revoked, or go on ending it."""
        return self.take_back(request, self._bench.requests.grant(request.id), at)

    def take_back(self, request: AccessRequest, grant: Grant, at: datetime) -> AccessRequest:
        """Claim another attempt at the end, and make it."""
        if request.claimed_from:  # the worker that ended it first, and died
            grant = grant.at_work()
        claimed = grant.claimed()
        if grant.attempts < QUARANTINE_AFTER or request.quarantined:
            return self._end(request.wait(at=at, due_at=at + CLAIM), grant, claimed=claimed)
        failure = Failure.of(NO_ANSWER, attempts=grant.attempts)
        claim = request.postpone_end(failure, quarantine=True, at=at, due_at=at + CLAIM)
        return self._end(claim, grant, claimed=claimed)

    def give_up(self, request: AccessRequest, grant: Grant, failure: Failure) -> AccessRequest:
        """Turn from granting to taking away whatever may have come to be at the target."""
        at, given_up = self._bench.clock(), grant.give_up(failure)
        before, leases = self._leave(grant)
        request = self._bench.commit(request.wait(at=at, due_at=at + CLAIM), given_up, *differing(before, leases))
        return self._finish(request, given_up, leases)

    def watch(self, request: AccessRequest, at: datetime) -> AccessRequest:
        """Look at the target once more: a grant call that was thought dead may have landed after the end."""
        return self._watch(request, at, again_at=None)

    def catch_up(self, request_id: str) -> None:
        """Take away what a grant call brought that was under way when the request was ended. The watch stays set."""
        request, at = self._bench.requests.request(request_id), self._bench.clock()
        if request.status is Status.REVOKING:
            self.remove(request, at)
        elif request.due_at and not request.is_open:
            self._watch(request, at, again_at=request.due_at)

    # Within

    def _watch(self, request: AccessRequest, at: datetime, *, again_at: datetime | None) -> AccessRequest:
        grant = self._bench.requests.grant(request.id)
        leases = self._bench.leases(grant)
        suspected = tuple(lease.reclaimed(request.id) for lease in leases)
        try:
            if self._is_back(grant, suspected):
                # Told before it is removed, and once: a worker that dies in between must not leave it untold.
                request = self._bench.commit(_drift(request, at), *differing(leases, suspected))
                leases = suspected
                self._take_away(grant, leases)
        except ConnectorError as error:
            return self._bench.commit(_unseen(request, error, at, again_at=again_at))
        released = leases if again_at else [lease.released(request.id) for lease in leases]
        return self._bench.commit(request.watch_on(at=at, due_at=again_at), *differing(leases, released))

    def _end(self, claim: Change[AccessRequest], grant: Grant, *, claimed: Grant) -> AccessRequest:
        before, leases = self._leave(grant)
        written = [claimed] if claimed.version > grant.version else []
        try:
            request = self._bench.commit(claim, *written, *differing(before, leases))
        except StoreUnavailableError:
            # An end that cannot be written down is carried out all the same; the sweeper will write it later. Only
            # what others may be joining at this moment has to wait: without the record it could be taken from them.
            if not leases:
                with suppress(ConnectorError):
                    self._take_away(grant, leases)
            raise
        return self._finish(request, claimed, leases)

    def _leave(self, grant: Grant) -> tuple[Leases, Leases]:
        """Return the leases as they are, and as they are without this grant."""
        leases = self._bench.leases(grant)
        return leases, tuple(lease.leave(grant.request_id) for lease in leases)

    def _finish(self, request: AccessRequest, grant: Grant, leases: Leases) -> AccessRequest:
        """Close a request, once the target was seen to hold nothing of it."""
        try:
            self._take_away(grant, leases)
        except ConnectorError as error:
            return self._postpone(request, grant, error)
        left = [lease.left(grant.request_id) for lease in leases] if _is_untroubled(grant) else leases
        at = self._bench.clock()
        if grant.given_up:
            closing = request.fail(grant.given_up, at=at, watch_until=at + WATCH)
        else:
            closing = request.end(at=at, watch_until=at + WATCH)
        return self._bench.commit(closing, grant.closed(), *differing(leases, left))

    def _postpone(self, request: AccessRequest, grant: Grant, error: ConnectorError) -> AccessRequest:
        at, failure = self._bench.clock(), Failure.of(error, attempts=grant.attempts)
        quarantine = request.quarantined or grant.attempts >= QUARANTINE_AFTER
        due_at = self._bench.after_pause(grant.attempts, at=at)
        change = request.postpone_end(failure, quarantine=quarantine, at=at, due_at=due_at)
        return self._bench.commit(change, grant.changed(last_failure=failure))

    def _take_away(self, grant: Grant, leases: Leases) -> None:
        """End the access and read back that it is gone; raise a ConnectorError when it is not."""
        handle = to_take(grant.handle, leases)
        if handle is None:
            return
        connector = self._bench.connector(grant.integration_id)
        with suppress(TargetGoneError):
            connector.revoke(handle)
        if not _is_absent(connector, handle):
            raise RetryableConnectorError(f"{handle.session_user} is still there after the revoke")

    def _is_back(self, grant: Grant, leases: Leases) -> bool:
        handle = to_take(grant.handle, leases)
        return handle is not None and not _is_absent(self._bench.connector(grant.integration_id), handle)


def _is_untroubled(grant: Grant) -> bool:
    # An earlier attempt may have left a revoke under way: until the watch, nobody may be given what it would take away.
    return grant.attempts == 1


def _is_absent(connector: Connector, handle: Handle) -> bool:
    try:
        return connector.observe(handle) is Presence.ABSENT
    except TargetGoneError:
        return True


def _drift(request: AccessRequest, at: datetime) -> Change[AccessRequest]:
    if request.drift_told:
        return request.watch_on(at=at, due_at=at + CLAIM)
    return request.drifted(at=at, due_at=at + CLAIM)


def _unseen(
    request: AccessRequest, error: ConnectorError, at: datetime, *, again_at: datetime | None
) -> Change[AccessRequest]:
    due_at = again_at or at + LONGEST_PAUSE
    if request.quarantined or request.closed_at is None or at < request.closed_at + UNSEEN:
        return request.watch_on(at=at, due_at=due_at)
    return request.unseen(Failure.of(error, attempts=QUARANTINE_AFTER), at=at, due_at=due_at)
