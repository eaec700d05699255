"""Delivering: a ring names a destination, and its progress says what is to be sent.

Any number of workers may come, and die at any line: one at a time holds the claim, and what is sent is stored before.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from nightlatch.domain.audit_event import EventType, Origin, Source
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import CLAIM, Attempt, Claim, Lane, Progress, Tried, parcel_id
from nightlatch.domain.destination import Destination
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import CursorExpiredError, RivalChangeError
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.domain.ledger import LedgerEntry, number_in
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.call import despite_rivals
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.deliveries import LONGEST_DELAY, DeliveryQueue, Destinations, Standing
from nightlatch.services.ports.destinations import Outcome, Parcel, Sender, Senders, Verdict
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

PAGE = 500
"""So many entries are read at once."""

HEALTHY_AGAIN = timedelta(minutes=15)
"""Whoever fails for longer is counted as failing."""

ORIGIN = Origin.model_construct(source=Source.SYSTEM)
EVERYTHING = EntryFilter.model_construct()

HasTime = Callable[[], bool]


class Health(NamedTuple):
    """How the destinations are."""

    at: datetime
    active: int
    failing: int
    disabled: int


class Found(NamedTuple):
    """What comes next in a lane: entries to send, or (none) a number up to which nothing is wanted, or is kept."""

    entries: Sequence[LedgerEntry] = ()
    passed: int | None = None
    oldest: int | None = None


class Round:
    """What one worker keeps while it is at a destination: the sender, and what it has read of the ledger.

    Entries never change, so what is left of a page serves the next parcel.
    """

    def __init__(self, ledger: Ledger, senders: Senders) -> None:
        self._trail = AuditTrail(ledger=ledger)
        self._senders = senders
        self._known: tuple[Destination, Sender] | None = None
        self._begin = 0
        self._last = -1
        self._page: list[LedgerEntry] = []

    def sender(self, destination: Destination) -> Sender:
        """Make the way to the destination: once, as long as nobody changes it."""
        if self._known is None or self._known[0] != destination:
            self._known = (destination, self._senders.sender(destination))
        return self._known[1]

    def next_in(self, lane: Lane, destination: Destination) -> Found | None:
        """Find what comes next in a lane; None at its end. Of a parcel under way, exactly what it held."""
        try:
            page = self._from_number(lane.next_seq)
        except CursorExpiredError as error:
            # Not simply the oldest that is kept: entries can be gone from among what is.
            following = number_in(error.oldest) if error.oldest else None
            return Found(oldest=following or self._trail.stretch(EVERYTHING)[0])
        end = lane.until or lane.last
        entries = [entry for entry in page if end is None or entry.seq <= end]
        if not entries:
            return None
        wanted = [entry for entry in entries if destination.selection.admits(entry)]
        if not wanted:
            return Found(passed=entries[-1].seq)
        return Found(wanted if lane.until else self._fitting(wanted, lane, self.sender(destination)))

    def _from_number(self, first: int) -> Sequence[LedgerEntry]:
        """Read on at a number; nothing at the end. Raises CursorExpiredError when what comes is no longer kept."""
        if not self._begin <= first <= self._last:
            feed = self._trail.feed(after=first - 1, limit=PAGE)
            self._begin, self._last, self._page = first, feed.last, feed.entries
        return self._page[first - self._begin :]

    def _fitting(self, wanted: Sequence[LedgerEntry], lane: Lane, sender: Sender) -> Sequence[LedgerEntry]:
        """Take as many as the receiver takes at once; the first always goes."""
        bounds = sender.bounds
        most = min(bounds.entries, lane.most or bounds.entries)
        sizes = accumulate(sender.weigh(entry) for entry in wanted[:most])
        fitting = sum(size <= bounds.bytes for size in sizes)
        return wanted[: max(fitting, 1)]


class Delivering:
    """What workers do."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        destinations: Destinations,
        ledger: Ledger,
        senders: Senders,
        queue: DeliveryQueue,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._destinations = destinations
        self._ledger = ledger
        self._senders = senders
        self._queue = queue
        self._clock = clock
        self._randomness = randomness

    def ring(self) -> int:
        """Ring for every active destination: there is something new. Returns how many were rung for."""
        active = [one.id for one in self._destinations.destinations() if one.is_active]
        for destination_id in active:
            self._queue.ring(destination_id)
        return len(active)

    def sweep(self) -> Health:
        """Ring for each destination that has something waiting and nobody at work, and say how all are."""
        head, at, standings = self._ledger.kept().head.seq, self._clock(), self._destinations.standings()
        active = [one for one in standings if one.destination.is_active]
        for one in active:
            if one.progress.waits_for(at, head=head):
                self._queue.ring(one.destination.id)
        failing = [since for one in active if (since := one.progress.failing_since) and at - since >= HEALTHY_AGAIN]
        disabled = [one for one in standings if not one.destination.is_active and one.destination.disabled_because]
        return Health(at=at, active=len(active), failing=len(failing), disabled=len(disabled))

    def work_off(self, destination_id: str, *, has_time: HasTime) -> int:
        """Deliver what waits for a destination, and hand on what is left when time is over.

        Returns how many parcels were sent. It ends with a look at the ledger after its last claim: whoever rang
        meanwhile has met the claim and gone.
        """
        round_, sent = Round(self._ledger, self._senders), 0
        while has_time():
            step = self._step(destination_id, round_)
            if step is None:
                return sent
            sent += step
        self._queue.ring(destination_id)
        return sent

    def _step(self, destination_id: str, round_: Round) -> int | None:
        """Take one step, and say how many parcels were sent; None when there is nothing to do, or nobody's turn."""
        standing, now = self._destinations.standing_of(destination_id), self._clock()
        if standing is None or not standing.destination.is_active or standing.progress.is_claimed(now):
            return None
        for lane in standing.progress.lanes:
            if lane.retry_at and lane.retry_at > now:
                continue
            found = round_.next_in(lane, standing.destination)
            if found is not None:
                return self._taken(standing, lane, found, round_)
        return None

    def _taken(self, standing: Standing, lane: Lane, found: Found, round_: Round) -> int:
        """Do what was found; a rival who was faster has done it, or something else."""
        try:
            if found.oldest is not None:
                self._commit(self._gap(standing, lane, found.oldest))
            elif found.passed is not None:
                self._commit(Change(standing.progress.passed(lane.replay, found.passed)))
            elif lane.is_exhausted:
                self._commit(self._abandoned(standing, lane, found.entries))
            else:
                self._deliver(standing, lane, found.entries, round_.sender(standing.destination))
                return 1
        except RivalChangeError:
            return 0
        return 0

    def _deliver(self, standing: Standing, lane: Lane, entries: Sequence[LedgerEntry], sender: Sender) -> None:
        """Claim the destination with what is to be sent, send it, and let go with what came of it."""
        at, token = self._clock(), self._randomness(16).hex()
        claim = Claim(token=token, until=at + CLAIM)
        begun = standing.progress.begun(lane.replay, first=entries[0].seq, until=entries[-1].seq, claim=claim)
        self._commit(Change(begun))
        attempts = begun.lane(lane.replay).attempts
        parcel = Parcel(parcel_id(begun.id, lane.replay, entries), tuple(entries), attempt=attempts, at=at)
        outcome = sender.send(parcel)
        tried = Tried(standing.destination, begun, lane.replay, attempt_of(parcel, outcome), self._delivery_id())
        chance = self._randomness(1)[0] / 0xFF
        settled = self._settled(tried, outcome, chance)
        if settled:
            self._ring_again(settled, lane.replay)

    def _settled(self, tried: Tried, outcome: Outcome, chance: float) -> Progress | None:
        """Write what came of an attempt; when somebody has changed the destination meanwhile, over that."""
        try:
            return self._written(tried, outcome, chance)
        except RivalChangeError:
            return despite_rivals(lambda: self._written_over(tried, outcome, chance))

    def _written_over(self, tried: Tried, outcome: Outcome, chance: float) -> Progress | None:
        """Look again, and write it, unless somebody else has taken over, or it is over with the destination."""
        standing = self._destinations.standing_of(tried.destination.id)
        if standing is None or standing.progress.claim != tried.progress.claim:
            return None
        now = replace(tried, destination=standing.destination, progress=standing.progress)
        return self._written(now, outcome, chance)

    def _written(self, tried: Tried, outcome: Outcome, chance: float) -> Progress:
        change = _meaning(tried, outcome, chance)
        self._commit(change)
        return change.state

    def _ring_again(self, progress: Progress, replay: int) -> None:
        """Let somebody come back for what is tried again soon; what is tried later, the sweep finds."""
        retry_at = next((lane.retry_at for lane in progress.lanes if lane.replay == replay), None)
        if retry_at and (delay := retry_at - self._clock()) <= LONGEST_DELAY:
            self._queue.ring(progress.id, delay=max(delay, timedelta()))

    def _gap(self, standing: Standing, lane: Lane, oldest: int) -> Change[Progress]:
        attempt = Attempt(
            parcel_id="",
            first=lane.next_seq,
            last=oldest - 1,
            entries=0,
            at=self._clock(),
            error="they were no longer kept when their turn came",
        )
        tried = Tried(standing.destination, standing.progress, lane.replay, attempt, self._delivery_id())
        return tried.gap(oldest=oldest)

    def _abandoned(self, standing: Standing, lane: Lane, entries: Sequence[LedgerEntry]) -> Change[Progress]:
        """Give up what every worker died of."""
        name = parcel_id(standing.progress.id, lane.replay, entries)
        parcel = Parcel(name, tuple(entries), attempt=lane.attempts, at=self._clock())
        outcome = Outcome(Verdict.LATER, timedelta(), error="no attempt ever came to an end")
        attempt = attempt_of(parcel, outcome)
        tried = Tried(standing.destination, standing.progress, lane.replay, attempt, self._delivery_id())
        return tried.postponed(chance=0)

    def _delivery_id(self) -> str:
        return prefixed("dlv", uuid7(self._clock(), random=self._randomness(RANDOM_BYTES)))

    def _commit(self, change: Change[Progress]) -> None:
        self._unit_of_work.commit(change, origin=ORIGIN)


def attempt_of(parcel: Parcel, outcome: Outcome) -> Attempt:
    """Describe an attempt as the log keeps it."""
    return Attempt(
        parcel_id=parcel.id,
        first=parcel.entries[0].seq,
        last=parcel.entries[-1].seq,
        entries=len(parcel.entries),
        at=parcel.at,
        took=outcome.took // timedelta(milliseconds=1),
        status=outcome.status,
        answer=outcome.answer,
        error=outcome.error,
        retry_after=outcome.retry_after,
        tells_failures=all(entry.event_type == EventType.DELIVERY_FAILED for entry in parcel.entries),
    )


def _meaning(tried: Tried, outcome: Outcome, chance: float) -> Change[Progress]:
    match outcome.verdict:
        case Verdict.DELIVERED:
            return tried.delivered()
        case Verdict.LATER:
            return tried.postponed(chance=chance)
        case Verdict.TOO_LARGE:
            return tried.too_large()
        case Verdict.REFUSED:
            return tried.refused(outcome.refused)
        case Verdict.GONE:
            return tried.disabled("the receiver says that it is gone")
        case Verdict.BLOCKED:
            return tried.disabled(f"it may not be called: {outcome.error}")
