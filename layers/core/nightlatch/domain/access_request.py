"""A request for access and its life: who asks for what, who said yes, when it began and how it ended.

    submit ─► PENDING ─► APPROVED ─► GRANTING ─► GRANTED ─► REVOKING ─► EXPIRED | REVOKED | CANCELED
                │  │         │ │         ├─► REVOKING (stopped by an administrator) ─► REVOKED
                │  │         │ │         └─► FAILED
                │  │         │ └─► FAILED (its integration cannot be used at all)
                │  └─────────┴─► CANCELED
                └─► REJECTED | LAPSED

Only TRANSITIONS says what may follow what; the API, the command line and the documentation derive from it.
Times handed in never take a request backwards: each change is at least a millisecond after the one before, so that
the events of one request are in order whichever clock they were stamped by.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import JsonValue

from nightlatch.domain import voting
from nightlatch.domain.access_flow import AccessFlow, FlowSnapshot
from nightlatch.domain.approval_rule import Progress
from nightlatch.domain.audit_event import AuditEvent, EventType, Source
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Handle
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.errors import ConflictError, NotAllowedError
from nightlatch.domain.grant import Failure
from nightlatch.domain.identity import SYSTEM, Actor, Person, Principal, Role
from nightlatch.domain.item import Item, ItemStatus, Verdict
from nightlatch.domain.request_event import NOTHING_MORE, session_event, vote_event
from nightlatch.domain.value import Entity, Instant, Seconds, Value, rfc3339, to_utc_milliseconds

NO_SESSION_USER = "TBD"
"""The session user's name until access is granted."""

TICK = timedelta(milliseconds=1)


class Status(StrEnum):
    """Where a request stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    GRANTING = "GRANTING"
    GRANTED = "GRANTED"
    REVOKING = "REVOKING"
    REJECTED = "REJECTED"
    CANCELED = "CANCELED"
    LAPSED = "LAPSED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.APPROVED, Status.REJECTED, Status.CANCELED, Status.LAPSED}),
    Status.APPROVED: frozenset({Status.GRANTING, Status.CANCELED, Status.FAILED}),
    Status.GRANTING: frozenset({Status.GRANTED, Status.REVOKING, Status.FAILED}),
    Status.GRANTED: frozenset({Status.REVOKING}),
    Status.REVOKING: frozenset({Status.EXPIRED, Status.REVOKED, Status.CANCELED}),
    Status.REJECTED: frozenset(),
    Status.CANCELED: frozenset(),
    Status.LAPSED: frozenset(),
    Status.FAILED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.REVOKED: frozenset(),
}

WITHDRAWABLE = frozenset({Status.PENDING, Status.APPROVED})
"""The states in which nothing was begun at the target. (From REVOKING, CANCELED is reached by the revoke alone.)"""

AT_WORK = frozenset({Status.GRANTING, Status.REVOKING})
"""The states in which something is done at the target."""

CLOSED = frozenset(status for status, following in TRANSITIONS.items() if not following)
"""The states that nothing follows."""


class EndReason(StrEnum):
    """Why access ended."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    CANCELED = "canceled"


ENDINGS: dict[EndReason, tuple[Status, EventType]] = {
    EndReason.EXPIRED: (Status.EXPIRED, EventType.ACCESS_EXPIRED),
    EndReason.REVOKED: (Status.REVOKED, EventType.ACCESS_REVOKED),
    EndReason.CANCELED: (Status.CANCELED, EventType.ACCESS_RETURNED),
}
"""The state and the event that each reason ends in."""


class IntegrationReference(Value):
    """The integration that a request is for, as it was called then."""

    id: str
    name: str
    kind: str


class AccessRequest(Entity):
    """One person's request for one or more items of one integration.

    `due_at` is when the sweeper must look at the request again; None when nothing is left to be done. `claimed_from` is
    what it was before a worker's first claim, while that lasts. `lapses_at` is the end of the approval window while it
    is open, `starts_at` the time before which access must not begin, `ends_at` the end of access that was promised,
    `ending_at` when ending began, `closed_at` when nothing was left. `drift_told` says that access was found later, and
    told, until it is gone. `asked_by` is who asked on behalf of the requester, `bundle_id` common to what was asked for
    at once.
    """

    id: str
    status: Status = Status.PENDING
    requester: Person
    asked_by: Person | None = None
    bundle_id: str | None = None
    integration: IntegrationReference
    items: tuple[Item, ...]
    justification: str
    ticket: str = ""
    duration: Seconds
    starts_at: Instant | None = None
    extensions: int = 0
    flow: FlowSnapshot
    source: Source
    created_at: Instant
    updated_at: Instant
    lapses_at: Instant | None = None
    granted_at: Instant | None = None
    ends_at: Instant | None = None
    ending_at: Instant | None = None
    closed_at: Instant | None = None
    end_reason: EndReason | None = None
    ended_by: Actor | None = None
    session_user: str = NO_SESSION_USER
    quarantined: bool = False
    drift_told: bool = False
    due_at: Instant | None = None
    claimed_from: Instant | None = None

    @property
    def summary(self) -> str:
        """What is asked for, in a few words."""
        return ", ".join(f"{item.permission} on {item.resource_name}" for item in self.items)

    @property
    def involved(self) -> frozenset[str]:
        """Whose votes never count: the requester, and who asked in their place."""
        return frozenset(person.id for person in (self.requester, self.asked_by) if person)

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be decided."""
        return self.status is Status.PENDING

    @property
    def approvals_needed(self) -> int:
        """How many approvals each item needs."""
        return self.flow.approve.needed(without=self.involved)

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it. Only one open request of a person asks for the same."""
        return self.status not in CLOSED

    @property
    def is_withdrawable(self) -> bool:
        """Whether nothing was begun at the target yet."""
        return self.status in WITHDRAWABLE

    @property
    def is_ending(self) -> bool:
        """Whether access is being taken away, or over."""
        return self.status is Status.REVOKING or not self.is_open

    @property
    def is_being_granted(self) -> bool:
        """Whether a worker may be giving it at this moment."""
        return self.status is Status.GRANTING

    @property
    def has_just_closed(self) -> bool:
        """Whether this very version is the one that closed it."""
        return not self.is_open and self.closed_at == self.updated_at

    @property
    def content_key(self) -> str:
        """What is asked for, as one short text: equal for requests that ask for the same from the same time on."""
        items = sorted([item.resource_type, item.resource_id, item.permission] for item in self.items)
        content = [self.integration.id, items, rfc3339(self.starts_at) if self.starts_at else None]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    @property
    def rings(self) -> bool:
        """Whether a worker should look at it as soon as it is stored."""
        return self.status is Status.APPROVED or (self.due_at is not None and self.due_at <= self.updated_at)

    @property
    def listed_at(self) -> datetime | None:
        """From when on the sweep meets it: at `due_at`, or before, while a first claim lasts.

        To meet it too soon does nothing, and to move it in the list costs more than to meet it.
        """
        return min(self.claimed_from or self.due_at, self.due_at) if self.due_at else None

    @property
    def retained_from(self) -> datetime | None:
        """From when it is kept for the retention: its end."""
        return self.closed_at

    def changed(self, **fields: object) -> Self:
        """Return the next version with `fields` replaced. It ends a first claim, unless it begins one."""
        return super().changed(**{"claimed_from": None, **fields})

    def progress(self, item: Item) -> Progress:
        """Say how far the approvals of an item have come."""
        return self.flow.approve.progress(item.votes, since=self.created_at, without=self.involved)

    # Asking

    def submitted(self, *, by: Principal) -> "Change[AccessRequest]":
        """Ask for what this request says. Under a flow that needs no approvals it is approved at once."""
        whom = "" if by.id == self.requester.id else f" on behalf of {self.requester.name}"
        requested = session_event(
            self,
            EventType.ACCESS_REQUESTED,
            by=by.as_actor(),
            text=f"{by.label} asked for {self.summary}{whom}",
            details={
                "starts_at": rfc3339(self.starts_at) if self.starts_at else None,
                "bundle": self.bundle_id,
                "justification": self.justification,
                "ticket": self.ticket,
                "flow": {
                    "id": self.flow.id,
                    "name": self.flow.name,
                    "version": self.flow.version,
                    "reason": self.flow.reason,
                },
            },
        )
        if not self.flow.approve.is_automatic:
            lapses_at = self.created_at + self.flow.approve.window
            return Change(self.model_copy(update={"lapses_at": lapses_at, "due_at": lapses_at}), (requested,))
        items = tuple(item.approved() for item in self.items)
        approved = self.model_copy(update={"items": items}).settled(by=SYSTEM, at=self.updated_at)
        return Change(approved.state.model_copy(update={"version": 1}), (requested, *approved.events))

    # Deciding

    def approve(
        self, *, by: Principal, items: Iterable[str] = (), reason: str = "", at: datetime
    ) -> "Change[AccessRequest]":
        """Record one approver's yes to `items` (all when empty); the request follows when all items are decided."""
        return self._vote(Verdict.APPROVED, by=by, items=items, reason=reason, at=at)

    def reject(
        self, *, by: Principal, items: Iterable[str] = (), reason: str = "", at: datetime
    ) -> "Change[AccessRequest]":
        """Record one approver's no: one rejected item rejects the whole request."""
        return self._vote(Verdict.REJECTED, by=by, items=items, reason=reason, at=at)

    def refusal(self, principal: Principal) -> str | None:
        """Say why `principal` may never vote here, or None when they may, though perhaps not yet."""
        return voting.refusal(self, principal)

    def refused_vote(self, *, by: Principal, at: datetime) -> AuditEvent:
        """Tell that somebody tried to vote who may not: the attempt is an event, the request stays as it is."""
        reason = self.refusal(by)
        text = f"{by.label} may not decide on {self.id}: {reason}"
        return session_event(
            self,
            EventType.APPROVAL_REFUSED,
            by=by.as_actor(),
            text=text,
            details={"reason": reason},
            at=self._next_moment(at),
        )

    def awaits(self, principal: Principal, *, at: datetime) -> bool:
        """Whether a vote of `principal` is asked for now."""
        return not self.has_lapsed(at) and voting.awaits(self, principal, at=at)

    def is_visible_to(self, principal: Principal) -> bool:
        """Whether `principal` may know that this request exists."""
        return (
            principal.id in self.involved
            or principal.has(Role.ADMIN, Role.AUDITOR)
            or self.flow.approve.names(principal)
        )

    def settled(self, *, by: Actor, at: datetime) -> "Change[AccessRequest]":
        """Follow the items: one rejected rejects all, all approved approve, else nothing is decided yet."""
        decided = {item.status for item in self.items}
        if ItemStatus.REJECTED in decided:
            text = f"{by.name} rejected {self.summary}"
            return self._closed(Status.REJECTED, EventType.ACCESS_REJECTED, by=by, text=text, at=at)
        if decided != {ItemStatus.APPROVED}:
            return Change(self.changed(updated_at=at))
        approved = self._moved(Status.APPROVED, at=at, due_at=max(at, self.starts_at or at))
        automatic = self.flow.approve.is_automatic
        text = f"{self.summary} is approved" + (" automatically" if automatic else "")
        details = {"automatic": automatic}
        return Change(
            approved, (session_event(approved, EventType.ACCESS_APPROVED, by=by, text=text, details=details),)
        )

    # Ending before it began

    def cancel(self, *, by: Principal, reason: str = "", at: datetime) -> "Change[AccessRequest]":
        """Withdraw the request before it is granted: who asked may, and an administrator."""
        if by.id not in self.involved and not by.has(Role.ADMIN):
            raise NotAllowedError("only the requester may do this")
        if not self.is_withdrawable:
            raise ConflictError(f"request {self.id} is {self.status} and can no longer be withdrawn")
        text = f"{by.label} withdrew {self.id}"
        return self._closed(
            Status.CANCELED,
            EventType.ACCESS_CANCELED,
            by=by.as_actor(),
            text=text,
            details={"reason": reason},
            at=at,
        )

    def has_lapsed(self, at: datetime) -> bool:
        """Whether a request was not decided on in time."""
        return self.status is Status.PENDING and self.lapses_at is not None and self.lapses_at <= at

    def lapse(self, *, at: datetime) -> "Change[AccessRequest]":
        """Close a request that was not decided on within the flow's approval window."""
        if not self.has_lapsed(at):
            raise ConflictError(f"request {self.id} is {self.status} and has not lapsed")
        window = self.flow.approve.window
        return self._closed(
            Status.LAPSED,
            EventType.ACCESS_LAPSED,
            by=SYSTEM,
            text=f"nobody decided on {self.summary} within {iso_8601(window)}",
            details={"window_seconds": int(window.total_seconds())},
            at=at,
        )

    # Granting

    def begin_granting(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Claim the grant for one worker. The ledger hears of the outcome: granted or failed."""
        return Change(self._moved(Status.GRANTING, at=at, due_at=due_at, claimed_from=self.due_at))

    def hold_back(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Let an approved request wait a little for what another grant is just leaving; it can still be withdrawn."""
        if self.status is not Status.APPROVED:
            raise ConflictError(f"request {self.id} is {self.status}, not APPROVED")
        return Change(self.changed(updated_at=self._next_moment(at), due_at=due_at))

    def wait(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Set when the work at the target is taken up again: after a worker's claim, or after a pause."""
        self._only_at_work()
        return Change(self.changed(updated_at=self._next_moment(at), due_at=due_at))

    def grant(self, handle: Handle, *, at: datetime) -> "Change[AccessRequest]":
        """Start the clock: access exists from now, and ends by itself."""
        session_user = handle.session_user
        granted_at = self._next_moment(at)
        ends_at = granted_at + self.duration
        granted = self._moved(
            Status.GRANTED, at=at, granted_at=granted_at, ends_at=ends_at, due_at=ends_at, session_user=session_user
        )
        text = f"{self.requester.name} has {self.summary} as {session_user} until {rfc3339(ends_at)}"
        event = session_event(
            granted, EventType.ACCESS_GRANTED, by=SYSTEM, text=text, details={"handle": handle.details}
        )
        return Change(granted, (event,))

    def fail(self, failure: Failure, *, at: datetime, watch_until: datetime | None) -> "Change[AccessRequest]":
        """Close a request that could not be provisioned, once nothing of it is left at the target."""
        return self._closed(
            Status.FAILED,
            EventType.GRANT_FAILED,
            by=SYSTEM,
            text=f"{self.summary} could not be granted: {failure.error}",
            details={**failure.details(), "verified": "absent" if watch_until else "nothing was begun"},
            at=at,
            due_at=watch_until,
        )

    def viewed_credentials(self, *, by: Principal, at: datetime) -> AuditEvent:
        """Tell that the requester looked at how to connect; nobody else may, and only while access lasts."""
        self._end_while_granted(by, at)
        text = f"{by.label} looked at the credentials of {self.session_user}"
        return session_event(self, EventType.CREDENTIALS_VIEWED, by=by.as_actor(), text=text, at=self._next_moment(at))

    # Extending

    def extension_refusal(self, duration: timedelta, *, flow: AccessFlow | None) -> str | None:
        """Say what stands against an extension: in the flow that was agreed to, or in the flow as it is now."""
        agreed, now = self.flow.extensions, flow.definition.grant.extensions if flow else None
        if agreed is None or now is None:
            return f"access flow {self.flow.id} allows no extension"
        count, longest = min(agreed.count, now.count), min(agreed.longest, now.longest)
        if self.extensions >= count:
            return f"it has been extended {self.extensions} times, and access flow {self.flow.id} allows {count}"
        if duration > longest:
            return f"must not be longer than {iso_8601(longest)} (flow {self.flow.id})"
        return None

    def extend(self, duration: timedelta, *, by: Principal, at: datetime) -> "Change[AccessRequest]":
        """Move the end of access that is still there. The target is told by whoever is rung."""
        old_end = self._end_while_granted(by, at)
        extended = self.changed(
            ends_at=old_end + duration,
            extensions=self.extensions + 1,
            updated_at=self._next_moment(at),
            due_at=to_utc_milliseconds(at),
        )
        text = f"{by.label} extended access of {self.session_user} until {rfc3339(old_end + duration)}"
        details: dict[str, JsonValue] = {
            "old_end": rfc3339(old_end),
            "new_end": rfc3339(old_end + duration),
            "extensions": extended.extensions,
        }
        return Change(
            extended,
            (session_event(extended, EventType.ACCESS_EXTENDED, by=by.as_actor(), text=text, details=details),),
        )

    def refused_extension(self, reason: str, *, by: Principal, at: datetime) -> AuditEvent:
        """Tell that an extension was asked for in vain; the end stays where it is."""
        self._end_while_granted(by, at)
        text = f"access of {self.session_user} was not extended: {reason}"
        return session_event(
            self,
            EventType.EXTENSION_REFUSED,
            by=by.as_actor(),
            text=text,
            details={"reason": reason},
            at=self._next_moment(at),
        )

    def told(self, *, at: datetime) -> "Change[AccessRequest]":
        """Record that the target knows the end; nothing is due until then."""
        if self.status is not Status.GRANTED:
            raise ConflictError(f"request {self.id} is {self.status}, not GRANTED")
        return Change(self.changed(updated_at=self._next_moment(at), due_at=self.ends_at))

    def tell_later(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Set when the target is told of the end again; the end itself comes first if it is sooner."""
        due_at = min(to_utc_milliseconds(due_at), self.ends_at or due_at)
        return Change(self.changed(updated_at=self._next_moment(at), due_at=due_at))

    def missed(self, *, at: datetime) -> "Change[AccessRequest]":
        """Record that access was found missing before its end. Nobody resurrects it; it is ended like any other."""
        told = self.told(at=at).state
        text = f"access of {self.requester.name} is missing in {self.integration.name} before its end"
        details: dict[str, JsonValue] = {"found": "absent", "expected": "present"}
        return Change(told, (session_event(told, EventType.DRIFT_DETECTED, by=SYSTEM, text=text, details=details),))

    # Ending

    def give_back(self, *, by: Principal, reason: str = "", at: datetime) -> "Change[AccessRequest]":
        """End one's own access early."""
        self._only_the_requester(by)
        if self.status is not Status.GRANTED:
            raise ConflictError(f"request {self.id} is {self.status}, not GRANTED")
        return self._ending(EndReason.CANCELED, by=by.as_actor(), reason=reason, at=at, due_at=at)

    def revoke(self, *, by: Principal, reason: str, at: datetime) -> "Change[AccessRequest]":
        """End somebody's access early, as an administrator, or stop it while it is being granted.

        A worker that is granting it at this moment cannot commit any more; what it gives is taken away again.
        """
        if not by.has(Role.ADMIN):
            raise NotAllowedError("only an administrator may revoke access")
        return self._ending(EndReason.REVOKED, by=by.as_actor(), reason=reason, at=at, due_at=at)

    def is_over(self, at: datetime) -> bool:
        """Whether granted access has reached its end."""
        return self.status is Status.GRANTED and self.ends_at is not None and self.ends_at <= at

    def expire(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """End access whose time is over. The caller does the work; `due_at` is when somebody else should."""
        if not self.is_over(at):
            raise ConflictError(f"request {self.id} has not reached its end")
        claimed = {"due_at": due_at, "claimed_from": self.due_at}
        return self._ending(EndReason.EXPIRED, by=SYSTEM, reason="its time ended", at=at, **claimed)

    def postpone_end(
        self, failure: Failure, *, quarantine: bool, at: datetime, due_at: datetime
    ) -> "Change[AccessRequest]":
        """Record that the target resisted, and when it is tried again. It is tried for ever."""
        self._only_at_work()
        resisting = self.changed(updated_at=self._next_moment(at), due_at=due_at, quarantined=quarantine)
        names = [EventType.REVOKE_FAILED]
        if quarantine and not self.quarantined:
            names.append(EventType.ACCESS_QUARANTINED)
        text = f"access of {self.requester.name} could not be removed from {self.integration.name}: {failure.error}"
        details = {**failure.details(), "next_attempt": rfc3339(due_at)}
        return Change(
            resisting,
            tuple(session_event(resisting, name, by=SYSTEM, text=text, details=details) for name in names),
        )

    def end(self, *, at: datetime, watch_until: datetime | None) -> "Change[AccessRequest]":
        """Close the request: the target was read back, and the access is gone."""
        if self.end_reason is None or self.ending_at is None:
            raise ConflictError(f"request {self.id} is {self.status}, not REVOKING")
        status, event_type = ENDINGS[self.end_reason]
        lateness = to_utc_milliseconds(at) - min(self.ends_at or self.ending_at, self.ending_at)
        return self._closed(
            status,
            event_type,
            by=self.ended_by or SYSTEM,
            text=f"access of {self._whose} is gone from {self.integration.name}",
            details={"lateness_seconds": int(lateness.total_seconds()), "read_back": "absent"},
            at=at,
            due_at=watch_until,
        )

    def close_by_hand(self, *, by: Principal, reason: str, at: datetime) -> "Change[AccessRequest]":
        """Close what is quarantined on an administrator's word that nothing is left at the target. Nobody looked."""
        if not by.has(Role.ADMIN):
            raise NotAllowedError("only an administrator may close what is quarantined")
        if not self.quarantined:
            raise ConflictError(f"request {self.id} is {self.status} and not quarantined")
        text = f"{by.label} closed {self.id} by hand: {reason}"
        closing = session_event(
            self,
            EventType.QUARANTINE_CLOSED,
            by=by.as_actor(),
            text=text,
            details={"reason": reason},
            at=self._next_moment(at),
        )
        if not self.is_open:
            return Change(self.watch_on(at=at, due_at=None).state, (closing,))
        status, event_type = ENDINGS[self.end_reason] if self.end_reason else (Status.FAILED, EventType.GRANT_FAILED)
        closed = self._closed(
            status, event_type, by=by.as_actor(), text=text, details={"read_back": "not seen", "reason": reason}, at=at
        )
        return Change(closed.state, (closing, *closed.events))

    # Afterwards

    def watch_on(self, *, at: datetime, due_at: datetime | None) -> "Change[AccessRequest]":
        """Set when the target is looked at again; None when a late grant can no longer land there."""
        if self.is_open:
            raise ConflictError(f"request {self.id} is {self.status}, which is not closed")
        marks = {} if due_at else {"quarantined": False, "drift_told": False}
        return Change(self.changed(updated_at=self._next_moment(at), due_at=due_at, **marks))

    def unseen(self, failure: Failure, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Record that the target cannot be looked at any more: what may have come back there is quarantined."""
        unseen = self.changed(updated_at=self._next_moment(at), due_at=due_at, quarantined=True)
        text = f"whether access of {self.requester.name} came back in {self.integration.name} cannot be seen"
        details = {**failure.details(), "next_attempt": rfc3339(due_at)}
        event = session_event(
            unseen, EventType.ACCESS_QUARANTINED, by=SYSTEM, text=f"{text}: {failure.error}", details=details
        )
        return Change(unseen, (event,))

    def drifted(self, *, at: datetime, due_at: datetime) -> "Change[AccessRequest]":
        """Record that access was found after it had ended. It is quarantined until it is gone."""
        found = self.changed(updated_at=self._next_moment(at), due_at=due_at, quarantined=True, drift_told=True)
        text = f"access of {self.requester.name} was found in {self.integration.name} after its end"
        details: dict[str, JsonValue] = {"found": "present", "expected": "absent"}
        return Change(found, (session_event(found, EventType.DRIFT_DETECTED, by=SYSTEM, text=text, details=details),))

    # Within

    def _vote(
        self, verdict: Verdict, *, by: Principal, items: Iterable[str], reason: str, at: datetime
    ) -> "Change[AccessRequest]":
        if self.has_lapsed(at):
            raise ConflictError(f"request {self.id} has lapsed: nobody decided in time")
        if self.refusal(by) is None and not self.is_pending:
            raise ConflictError(f"request {self.id} is {self.status}, not PENDING")
        vote, voted_items = voting.cast(self, verdict, by=by, items=items, reason=reason, at=self._next_moment(at))
        together = tuple(voted_items.get(item.id, item) for item in self.items)
        voted = self.model_copy(update={"items": together, "updated_at": vote.at})
        events = tuple(vote_event(voted, item, vote) for item in voted_items.values())
        settled = voted.settled(by=by.as_actor(), at=vote.at)
        return Change(settled.state, (*events, *settled.events))

    def _ending(
        self, end_reason: EndReason, *, by: Actor, reason: str, at: datetime, **due: datetime | None
    ) -> "Change[AccessRequest]":
        ending = self._moved(
            Status.REVOKING,
            at=at,
            ending_at=self._next_moment(at),
            end_reason=end_reason,
            ended_by=by,
            **due,
        )
        text = f"access of {self._whose} is being ended: {end_reason}"
        details: dict[str, JsonValue] = {"end_reason": end_reason.value, "reason": reason}
        return Change(ending, (session_event(ending, EventType.ACCESS_REVOKING, by=by, text=text, details=details),))

    def _closed(
        self,
        status: Status,
        event_type: EventType,
        *,
        by: Actor,
        text: str,
        details: Mapping[str, JsonValue] = NOTHING_MORE,
        at: datetime,
        due_at: datetime | None = None,
    ) -> "Change[AccessRequest]":
        closed_at = self._next_moment(at)
        closed = self._moved(status, at=at, closed_at=closed_at, due_at=due_at, quarantined=False)
        return Change(closed, (session_event(closed, event_type, by=by, text=text, details=details),))

    def _moved(self, status: Status, *, at: datetime, **fields: object) -> "AccessRequest":
        if status not in TRANSITIONS[self.status]:
            raise ConflictError(f"request {self.id} is {self.status} and cannot become {status}")
        return self.changed(status=status, updated_at=self._next_moment(at), lapses_at=None, **fields)

    def _next_moment(self, at: datetime) -> datetime:
        return max(to_utc_milliseconds(at), self.updated_at + TICK)

    @property
    def _whose(self) -> str:
        """Name whose access it is; until it is granted, nobody knows them at the target."""
        return self.session_user if self.granted_at else self.requester.name

    def _end_while_granted(self, principal: Principal, at: datetime) -> datetime:
        """Return the end of one's own access while it lasts; refuse anybody else, and everything else."""
        self._only_the_requester(principal)
        if self.status is not Status.GRANTED or self.ends_at is None or self.is_over(at):
            raise ConflictError(f"request {self.id} is {self.status}, not GRANTED")
        return self.ends_at

    def _only_at_work(self) -> None:
        if self.status not in AT_WORK:
            raise ConflictError(f"request {self.id} is {self.status}, and nothing is being done for it")

    def _only_the_requester(self, principal: Principal) -> None:
        if principal.id != self.requester.id:
            raise NotAllowedError("only the requester may do this")
