"""Deliveries: how far a destination has come along the ledger, and what an attempt to deliver changes.

    next_seq ──► parcel under way ──► delivered     the lane goes on behind it
                     │   ▲
                     │   └─ later, after a rung of the ladder; after the last it is given up, and the lane goes on
                     ├─ halved, when it is too large or refused as a whole
                     └─ refused alone: the entry is left out, and the lane goes on

There is one live lane, without end, and one more for each stretch that is to be delivered again. A lane keeps its
order: nothing is sent before what is older is delivered, or given up. Which numbers are under way is stored before
they are sent, so that whoever goes on for a worker that died sends the same parcel under the same id.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.destination import Destination
from nightlatch.domain.errors import LimitReachedError
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.value import Entity, Instant, Seconds, Value

LADDER = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""How long to wait after each attempt: three days together."""

JITTER = 0.2
"""Up to so much of a rung is added by chance, so that not all that failed at once comes back at once."""

LONGEST_WAIT = timedelta(hours=24)
"""However long a receiver asks to be left alone."""

LONGEST_FAILING = timedelta(days=5)
CLAIM = timedelta(seconds=90)
"""Longer than a worker takes over a parcel, with a receiver that answers at the last moment."""

LOG_KEPT = timedelta(days=30)
MOST_REPLAYS = 50
MOST_LOST = MOST_REPLAYS
"""So many stretches that were not delivered are known; of more, two neighbours are taken for one."""


class Result(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    RETRYING = "retrying"
    HALVED = "halved"
    GIVEN_UP = "given_up"
    REFUSED = "refused"
    DISABLED = "disabled"
    GAP = "gap"
    """The entries were no longer kept when their turn came."""

    FAILED = "failed"
    """A test that was not delivered."""


LOST = frozenset({Result.GIVEN_UP, Result.REFUSED})


class Stretch(Value):
    """Numbers of the ledger, both ends included."""

    first: int = Field(ge=1)
    last: int = Field(ge=1)


class Attempt(Value):
    """What was sent, and what came back. `took` is in milliseconds; `tells_failures`: of failures, and nothing else."""

    parcel_id: str
    first: int
    last: int
    entries: int
    at: Instant
    took: int = 0
    status: int | None = None
    answer: str = ""
    error: str = ""
    retry_after: Seconds | None = None
    tells_failures: bool = False


class Delivery(Entity):
    """A line of the delivery log. `replay` is 0 for what was delivered in its turn."""

    id: str
    destination_id: str
    result: Result
    is_test: bool = False
    replay: int = 0
    number: int = 0
    attempt: Attempt
    retry_at: Instant | None = None

    @property
    def kept_until(self) -> datetime:
        """Until when the line is in the log."""
        return self.attempt.at + LOG_KEPT


class Lane(Value):
    """A run along the ledger: the live one (0), or one that delivers a stretch again.

    The parcel under way, if there is one, goes from `next_seq` to `until`. While numbers up to `suspects` may hold
    what was refused, parcels get ever smaller; `most` is how many entries may go together, None as many as fit.
    """

    replay: int = 0
    next_seq: int
    last: int | None = None
    until: int | None = None
    attempts: int = 0
    retry_at: Instant | None = None
    most: int | None = None
    suspects: int = 0

    def waits_for(self, at: datetime, *, head: int) -> bool:
        """Whether there is something to do for it now."""
        end = head if self.last is None else min(self.last, head)
        return self.next_seq <= end and (self.retry_at is None or self.retry_at <= at)

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self.last is not None and self.next_seq > self.last

    @property
    def is_exhausted(self) -> bool:
        """Whether its parcel was tried as often as ever, also by workers who died of it."""
        return self.attempts > len(LADDER)

    def moved(self, **fields: object) -> "Lane":
        """Return the lane with some of it replaced."""
        return type(self).model_validate({**dict(self), **fields})

    def behind(self, seq: int, *, most: int | None) -> "Lane":
        """Go on behind a number, with nothing under way."""
        return self.moved(next_seq=seq + 1, until=None, attempts=0, retry_at=None, most=most)

    def cut_to(self, most: int, *, suspects: int) -> "Lane":
        """Try again with fewer."""
        return self.moved(until=None, attempts=0, retry_at=None, most=most, suspects=max(suspects, self.suspects))

    def grown(self, entries: int) -> int | None:
        """Say how many may go together after so many have been taken."""
        if self.most is None:
            return None
        if self.next_seq <= self.suspects:
            return max(entries // 2, 1)
        return self.most * 2 if self.most < _WHOLE else None


_WHOLE = 10_000
"""A limit that has grown to so many is none any more."""


class Claim(Value):
    """Who is at work, and until when nobody else may be."""

    token: str
    until: Instant


class Progress(Entity):
    """How far a destination has come. `lost` is what was given up or refused, and can be delivered again.

    `was_refused` says that the last thing sent was: once is the fault of what was sent, twice the destination's.
    """

    id: str
    live: Lane
    replays: Annotated[tuple[Lane, ...], Field(max_length=MOST_REPLAYS)] = ()
    newest_replay: int = 0
    claim: Claim | None = None
    failing_since: Instant | None = None
    was_refused: bool = False
    last_delivered_at: Instant | None = None
    delivered: int = 0
    undelivered: int = 0
    lost: tuple[Stretch, ...] = ()

    @classmethod
    def beginning(cls, destination_id: str, *, next_seq: int) -> "Progress":
        """Begin at a number."""
        return cls(id=destination_id, live=Lane(next_seq=next_seq))

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All lanes, in the order in which they are seen to."""
        return (self.live, *self.replays)

    def is_claimed(self, at: datetime) -> bool:
        """Whether somebody is at work."""
        return self.claim is not None and self.claim.until > at

    def waits_for(self, at: datetime, *, head: int) -> bool:
        """Whether somebody should get to work."""
        return not self.is_claimed(at) and any(lane.waits_for(at, head=head) for lane in self.lanes)

    def lane(self, replay: int) -> Lane:
        """Find a lane."""
        return next(lane for lane in self.lanes if lane.replay == replay)

    def with_lane(self, lane: Lane, **fields: object) -> "Progress":
        """Return the next version, with a lane moved; a replay that is over is no more."""
        if lane.replay == 0:
            return self.changed(live=lane, **fields)
        replays = tuple(lane if other.replay == lane.replay else other for other in self.replays)
        return self.changed(replays=tuple(other for other in replays if not other.is_over), **fields)

    def passed(self, replay: int, seq: int) -> "Progress":
        """Leave what is numbered up to `seq` out: it is not wanted."""
        lane = self.lane(replay)
        return self.with_lane(lane.behind(seq, most=lane.most))

    def begun(self, replay: int, *, first: int, until: int, claim: Claim) -> "Progress":
        """Claim the destination, to deliver these numbers. An attempt counts from here: whoever makes it may die."""
        lane = self.lane(replay)
        return self.with_lane(lane.moved(next_seq=first, until=until, attempts=lane.attempts + 1), claim=claim)

    def encouraged(self) -> "Progress":
        """Try again at once and as if nothing had failed: somebody has seen to the destination."""
        lanes = [lane.moved(attempts=0, retry_at=None) for lane in self.lanes]
        return self.changed(live=lanes[0], replays=tuple(lanes[1:]), failing_since=None, was_refused=False)

    def again(self, stretches: Iterable[Stretch]) -> "Progress":
        """Deliver stretches once more, beside what is new; what there is no room for stays lost.

        What is still to come in its turn comes only then.
        """
        room = MOST_REPLAYS - len(self.replays)
        if not room:
            raise LimitReachedError(f"{MOST_REPLAYS} replays are under way: wait until some are over")
        end = self.live.next_seq - 1
        wanted = [Stretch(first=one.first, last=min(one.last, end)) for one in stretches if one.first <= end][:room]
        new = [
            Lane(replay=number, next_seq=one.first, last=one.last)
            for number, one in enumerate(wanted, start=self.newest_replay + 1)
        ]
        lost = tuple(one for one in self.lost if not any(_covers(other, one) for other in wanted))
        return self.changed(replays=(*self.replays, *new), newest_replay=self.newest_replay + len(new), lost=lost)


def _covers(one: Stretch, other: Stretch) -> bool:
    return one.first <= other.first and other.last <= one.last


def parcel_id(destination_id: str, replay: int, entries: Iterable[LedgerEntry]) -> str:
    """Name a parcel after what is in it: the same in each attempt, and another when it holds anything else."""
    content = canonical_json({"to": destination_id, "replay": replay, "numbers": [entry.seq for entry in entries]})
    return f"parcel_{hashlib.sha256(content).hexdigest()[:32]}"


def delay_after(attempts: int, *, chance: float, retry_after: timedelta | None) -> timedelta | None:
    """Say how long to wait after so many attempts, or None when that was the last. `chance` is from 0 to 1."""
    if attempts > len(LADDER):
        return None
    rung = LADDER[attempts - 1] * (1 + JITTER * chance)
    return max(rung, min(retry_after or timedelta(), LONGEST_WAIT))


@dataclass(frozen=True)
class Tried:
    """An attempt that was made for a lane, and all that it may mean."""

    destination: Destination
    progress: Progress
    replay: int
    attempt: Attempt
    delivery_id: str

    def delivered(self) -> Change[Progress]:
        """Go on behind what the receiver has."""
        lane, entries = self._lane, self.attempt.entries
        behind = lane.moved(next_seq=self.attempt.last + 1)
        moved = self.progress.with_lane(
            behind.behind(self.attempt.last, most=behind.grown(entries)),
            claim=None,
            failing_since=None,
            was_refused=False,
            last_delivered_at=self.attempt.at,
            delivered=self.progress.delivered + entries,
        )
        return Change(moved, (), (self._line(Result.DELIVERED),))

    def postponed(self, *, chance: float) -> Change[Progress]:
        """Try again later; after the last attempt, give up what is in it and go on."""
        wait = delay_after(self._lane.attempts, chance=chance, retry_after=self.attempt.retry_after)
        if wait is None:
            return self._lost(Result.GIVEN_UP)
        retry_at = self.attempt.at + timedelta(milliseconds=self.attempt.took) + wait
        begins = self.progress.failing_since is None
        moved = self.progress.with_lane(
            self._lane.moved(retry_at=retry_at),
            claim=None,
            failing_since=self.progress.failing_since or self.attempt.at,
        )
        change = Change(moved, self._told() if begins else (), (self._line(Result.RETRYING, retry_at=retry_at),))
        return self._or_disabled(change)

    def too_large(self) -> Change[Progress]:
        """Try half of it; leave out what is too large alone."""
        return self._halved(suspects=0) if self.attempt.entries > 1 else self._lost(Result.REFUSED)

    def refused(self, place: int | None = None) -> Change[Progress]:
        """Find by halves what is refused, or at the place that the receiver names, and leave out that one alone."""
        if self.attempt.entries == 1:
            return self._lost(Result.REFUSED)
        return self._halved(suspects=self.attempt.last, most=None if place is None else max(place, 1))

    def disabled(self, reason: str) -> Change[Progress]:
        """Send nothing more until an administrator says so. What was under way is sent then."""
        moved = self.progress.with_lane(
            self._lane.moved(retry_at=None), claim=None, failing_since=self.progress.failing_since or self.attempt.at
        )
        return self._with_destination_off(Change(moved, (), (self._line(Result.DISABLED),)), reason)

    def gap(self, *, oldest: int) -> Change[Progress]:
        """Go on at the oldest entry that is kept."""
        moved = self.progress.with_lane(self._lane.behind(oldest - 1, most=self._lane.most))
        return Change(moved, (), (self._line(Result.GAP),))

    @property
    def _lane(self) -> Lane:
        return self.progress.lane(self.replay)

    def _halved(self, *, suspects: int, most: int | None = None) -> Change[Progress]:
        half = most or max(self.attempt.entries // 2, 1)
        halved = self._lane.cut_to(half, suspects=suspects)
        return Change(self.progress.with_lane(halved, claim=None), (), (self._line(Result.HALVED),))

    def _lost(self, result: Result) -> Change[Progress]:
        lane, attempt = self._lane, self.attempt
        behind = lane.moved(next_seq=attempt.last + 1, suspects=0)
        fails = result is Result.GIVEN_UP or self.progress.was_refused
        moved = self.progress.with_lane(
            behind.behind(attempt.last, most=behind.grown(attempt.entries)),
            claim=None,
            failing_since=self.progress.failing_since or (attempt.at if fails else None),
            was_refused=result is Result.REFUSED,
            undelivered=self.progress.undelivered + attempt.entries,
            lost=_with(self.progress.lost, Stretch(first=attempt.first, last=attempt.last)),
        )
        return self._or_disabled(Change(moved, self._told(), (self._line(result),)))

    def _or_disabled(self, change: Change[Progress]) -> Change[Progress]:
        since = change.state.failing_since
        if since is None or self.attempt.at - since < LONGEST_FAILING:
            return change
        return self._with_destination_off(change, f"nothing could be delivered for {LONGEST_FAILING.days} days")

    def _with_destination_off(self, change: Change[Progress], reason: str) -> Change[Progress]:
        off = self.destination.changed(is_active=False, disabled_because=reason, updated_at=self.attempt.at)
        event = AuditEvent(
            event_type=EventType.DESTINATION_DISABLED,
            timestamp=self.attempt.at,
            actor=SYSTEM,
            resource=reference_to(self.destination),
            description=f"destination {self.destination.name} was disabled: {reason}",
            details={"reason": reason, "status": self.attempt.status},
        )
        return Change(change.state, (*change.events, event), (*change.also, off))

    def _told(self) -> tuple[AuditEvent, ...]:
        """Tell a failure. One to tell of failures is not told in turn: two failing destinations would never end."""
        if self.attempt.tells_failures:
            return ()
        attempt = self.attempt
        details: dict[str, JsonValue] = {
            "first_seq": attempt.first,
            "last_seq": attempt.last,
            "attempts": self._lane.attempts,
            "status": attempt.status,
            "error": attempt.error,
        }
        event = AuditEvent(
            event_type=EventType.DELIVERY_FAILED,
            timestamp=attempt.at,
            actor=SYSTEM,
            resource=reference_to(self.destination),
            description=f"{_events(attempt.entries)} could not be delivered to {self.destination.name}",
            details=details,
        )
        return (event,)

    def _line(self, result: Result, *, retry_at: datetime | None = None) -> Delivery:
        return Delivery(
            id=self.delivery_id,
            destination_id=self.destination.id,
            result=result,
            replay=self.replay,
            number=self._lane.attempts,
            attempt=self.attempt,
            retry_at=retry_at,
        )


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def reference_to(destination: Destination) -> ResourceReference:
    """Name a destination in an event."""
    return ResourceReference(type="destination", id=destination.id, name=destination.name)


def _with(lost: tuple[Stretch, ...], another: Stretch) -> tuple[Stretch, ...]:
    """Add a stretch; those that touch become one, and of too many the two that are nearest each other."""
    joined: list[Stretch] = []
    for one in sorted((*lost, another), key=lambda stretch: stretch.first):
        if joined and one.first <= joined[-1].last + 1:
            joined[-1] = Stretch(first=joined[-1].first, last=max(joined[-1].last, one.last))
        else:
            joined.append(one)
    if len(joined) > MOST_LOST:
        nearest = min(range(len(joined) - 1), key=lambda index: joined[index + 1].first - joined[index].last)
        joined[nearest : nearest + 2] = [Stretch(first=joined[nearest].first, last=joined[nearest + 1].last)]
    return tuple(joined)
