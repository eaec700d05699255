"""What an administrator does with destinations: make, change, test and stop them, and let them deliver again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, Severity, Source
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import Delivery, Progress, Result, Stretch, reference_to
from nightlatch.domain.destination import Destination, DestinationKind, KeptSecret
from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import (
    ConflictError,
    Fault,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    StaleVersionError,
    VersionRequiredError,
)
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.delivering import attempt_of
from nightlatch.services.ports import deliveries
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.deliveries import DeliveryQueue, DestinationSecrets, Standing
from nightlatch.services.ports.destinations import Outcome, Parcel, Senders, Verdict
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

MOST_DESTINATIONS = 20
OLD_SECRET_KEPT = timedelta(hours=24)
LONGEST_TEST = 20
"""Seconds that a receiver has for a test: somebody is waiting, and API Gateway waits for thirty."""

TEST_EVENT = "destination.test"


class Start(NamedTuple):
    """Where a destination begins: at an entry, at a time, or (neither) with what comes next."""

    entry_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Wanted:
    """A destination that is to be made."""

    id: str
    kind: DestinationKind
    choices: DestinationChoices
    secret: str = field(repr=False)
    start: Start


class Again(NamedTuple):
    """What is to be delivered again: one delivery, all that failed, or the stretch between two ends."""

    delivery_id: str | None = None
    failed: bool = False
    first_entry: str | None = None
    last_entry: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Shown(NamedTuple):
    """A destination as it stands; `head` is the last number of the ledger."""

    standing: Standing
    head: int


@dataclass(frozen=True)
class Made:
    """A destination that has a new secret; `secret` is what of it was made here, told this once."""

    shown: Shown
    secret: str | None = field(repr=False)


class Destinations:
    """The use cases around destinations. A secret goes in and is never returned; one that is made here is told once."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        destinations: deliveries.Destinations,
        ledger: Ledger,
        senders: Senders,
        secrets: DestinationSecrets,
        queue: DeliveryQueue,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._destinations = destinations
        self._ledger = ledger
        self._senders = senders
        self._secrets = secrets
        self._queue = queue
        self._clock = clock
        self._randomness = randomness

    # Looking

    def all(self) -> list[Shown]:
        """Read every destination, and how far it has come."""
        head = self._ledger.kept().head.seq
        return [Shown(standing, head) for standing in self._destinations.standings()]

    def show(self, destination_id: str) -> Shown:
        """Read a destination, and how far it has come."""
        return Shown(self._standing(destination_id), self._ledger.kept().head.seq)

    def deliveries(self, destination_id: str, *, below: str | None, limit: int) -> Sequence[Delivery]:
        """Read the delivery log, newest first."""
        self._standing(destination_id)
        return self._destinations.deliveries(destination_id, below=below, limit=limit)

    # Making and changing

    def create(self, wanted: Wanted, call: Call) -> Made:
        """Make a destination. It begins with what comes next, or where it is told to."""
        secret = self._senders.whole_secret(wanted.kind, wanted.secret)
        choices, at = self._fitting(wanted.kind, wanted.choices, secret), self._clock()
        draft = Destination(
            **dict(choices),
            id=wanted.id,
            kind=wanted.kind,
            created_at=at,
            updated_at=at,
        )
        progress = Progress.beginning(wanted.id, next_seq=self._first(wanted.start))
        is_new = despite_rivals(lambda: self._create(draft, progress, secret, call))
        return Made(self.show(wanted.id), _made(secret, wanted.secret) if is_new else None)

    def _fitting(self, kind: DestinationKind, choices: DestinationChoices, secret: str) -> DestinationChoices:
        """Check what is chosen for a kind, and return it with its settings in full."""
        self._senders.check_form(kind, choices.format, choices.template, choices.validators)
        return choices.model_copy(update={"settings": self._senders.validate(kind, choices.settings, secret)})

    def _create(self, draft: Destination, progress: Progress, secret: str, call: Call) -> bool:
        if call.earlier_result(self._unit_of_work):
            return False
        known = self._destinations.destinations()
        if any(one.id == draft.id for one in known):
            raise ConflictError(f"destination {draft.id} exists")
        if len(known) >= MOST_DESTINATIONS:
            raise LimitReachedError(f"there are {MOST_DESTINATIONS} destinations already")
        reference = self._put_new(draft.id, secret) if secret else ""
        destination = draft.model_copy(update={"secret_reference": reference})
        details: dict[str, JsonValue] = {
            "before": None,
            "after": _told(destination),
            "first_seq": progress.live.next_seq,
        }
        event = self._event(EventType.DESTINATION_CREATED, destination, call, "made", details)
        change = Change(destination, (event,), (progress,))
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(draft.id))
        return True

    def edit(self, destination_id: str, choices: DestinationChoices, call: Call, *, if_match: int | None) -> Shown:
        """Replace what is chosen; `if_match` must name the version. What waits is tried again at once."""
        despite_rivals(lambda: self._edit(destination_id, choices, call, if_match))
        self._queue.ring(destination_id)
        return self.show(destination_id)

    def _edit(self, destination_id: str, sent: DestinationChoices, call: Call, if_match: int | None) -> None:
        standing = self._standing(destination_id)
        before = standing.destination
        choices = self._fitting(before.kind, sent.filled_in(before), self._secret(before))
        if choices == DestinationChoices.of(before):
            return
        _admit(before, if_match)
        after = before.changed(**dict(choices), updated_at=self._clock())
        self._commit_update(standing, after, call, "changed", _difference(before, after))

    def enable(self, destination_id: str, call: Call) -> Shown:
        """Let a destination go on from where it stopped."""
        despite_rivals(lambda: self._enable(destination_id, call))
        self._queue.ring(destination_id)
        return self.show(destination_id)

    def _enable(self, destination_id: str, call: Call) -> None:
        standing = self._standing(destination_id)
        before = standing.destination
        if not before.is_active:
            after = before.changed(is_active=True, disabled_because="", updated_at=self._clock())
            self._commit_update(standing, after, call, "enabled", _difference(before, after))

    def disable(self, destination_id: str, call: Call, *, reason: str) -> Shown:
        """Let a destination stop. What comes meanwhile waits for it, as long as it is kept."""
        despite_rivals(lambda: self._disable(destination_id, call, reason))
        return self.show(destination_id)

    def _disable(self, destination_id: str, call: Call, reason: str) -> None:
        before = self._standing(destination_id).destination
        if not before.is_active:
            return
        after = before.changed(is_active=False, updated_at=self._clock())
        event = self._event(EventType.DESTINATION_DISABLED, after, call, "disabled", {"reason": reason})
        self._unit_of_work.commit(Change(after, (event,)), origin=call.origin)

    def rotate_secret(self, destination_id: str, given: str, call: Call) -> Made:
        """Replace the secret. The old one is kept beside it for a day: a webhook is signed with both."""
        kind = self._standing(destination_id).destination.kind
        secret = self._senders.whole_secret(kind, given)
        is_new = despite_rivals(lambda: self._rotate(destination_id, secret, call))
        self._queue.ring(destination_id)
        return Made(self.show(destination_id), _made(secret, given) if is_new else None)

    def _rotate(self, destination_id: str, secret: str, call: Call) -> bool:
        if call.earlier_result(self._unit_of_work):
            return False
        standing = self._standing(destination_id)
        before = standing.destination
        self._senders.validate(before.kind, before.settings, secret)
        reference = self._replaced(before, secret)
        after = before.changed(secret_reference=reference, updated_at=self._clock())
        self._commit_update(standing, after, call, "gave a new secret to", {"before": {}, "after": {"secret": "new"}})
        return True

    def remove(self, destination_id: str, call: Call, *, if_match: int | None) -> None:
        """Take a destination away, and its secret. What waits is not delivered."""
        removed = despite_rivals(lambda: self._remove(destination_id, call, if_match))
        if removed.secret_reference:
            self._secrets.replace(removed.secret_reference, KeptSecret().model_dump_json())

    def _remove(self, destination_id: str, call: Call, if_match: int | None) -> Destination:
        standing = self._standing(destination_id)
        destination = standing.destination
        _admit(destination, if_match)
        details: dict[str, JsonValue] = {"before": _told(destination), "after": None}
        event = self._event(EventType.DESTINATION_DELETED, destination, call, "removed", details)
        self._unit_of_work.record(event, origin=call.origin, ending=(destination, standing.progress))
        return destination

    # Delivering

    def test(self, destination_id: str, call: Call) -> Delivery:
        """Send an event that is none, at once, and say what came of it. It is marked as a test, and in no ledger."""
        if earlier := call.earlier_result(self._unit_of_work):
            return self._destinations.delivery(destination_id, earlier)
        destination = self._standing(destination_id).destination
        hasty = destination.model_copy(update={"timeout": min(destination.timeout, LONGEST_TEST)})
        entry, at = self._test_entry(destination), self._clock()
        parcel = Parcel(f"test_{entry.event_id}", (entry,), attempt=1, at=at)
        outcome = self._senders.sender(hasty).send(parcel)
        delivery = Delivery(
            id=prefixed("dlv", uuid7(self._clock(), random=self._randomness(RANDOM_BYTES))),
            destination_id=destination_id,
            result=_result_of(outcome),
            is_test=True,
            number=1,
            attempt=attempt_of(parcel, outcome),
        )
        details: dict[str, JsonValue] = {"result": delivery.result, "status": outcome.status, "error": outcome.error}
        event = self._event(EventType.DESTINATION_TESTED, destination, call, "tested", details)
        self._unit_of_work.commit(Change(delivery, (event,)), origin=call.origin, receipt=call.receipt(delivery.id))
        return delivery

    def replay(self, destination_id: str, again: Again, call: Call) -> Shown:
        """Let entries be delivered again, beside what is new."""
        despite_rivals(lambda: self._replay(destination_id, again, call))
        self._queue.ring(destination_id)
        return self.show(destination_id)

    def _replay(self, destination_id: str, again: Again, call: Call) -> None:
        if call.earlier_result(self._unit_of_work):
            return
        standing = self._standing(destination_id)
        stretches = self._stretches(standing, again)
        progress = standing.progress.again(stretches)
        told: list[JsonValue] = [
            {"first_seq": lane.next_seq, "last_seq": lane.last}
            for lane in progress.replays[len(standing.progress.replays) :]
        ]
        if not told:
            raise ConflictError("none of it was to be delivered yet: it comes in its turn")
        event = self._event(EventType.DESTINATION_REPLAYED, standing.destination, call, "replays to", {"replays": told})
        change = Change(progress, (event,))
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(destination_id))

    def _stretches(self, standing: Standing, again: Again) -> list[Stretch]:
        if again.failed:
            if not standing.progress.lost:
                raise ConflictError("nothing has failed")
            return list(standing.progress.lost)
        if again.delivery_id:
            attempt = self._destinations.delivery(standing.destination.id, again.delivery_id).attempt
            if attempt.first < 1:
                raise ConflictError("it was a test, and nothing that could be delivered again")
            return [Stretch(first=attempt.first, last=attempt.last)]
        trail = AuditTrail(ledger=self._ledger)
        first, last = trail.stretch(EntryFilter(since=again.since, until=again.until))
        first = trail.number_of(again.first_entry) if again.first_entry else first
        last = trail.number_of(again.last_entry) if again.last_entry else last
        if first > last:
            raise InvalidInputError(Fault("", "there is nothing between the two ends"))
        return [Stretch(first=first, last=last)]

    # Within

    def _standing(self, destination_id: str) -> Standing:
        standing = self._destinations.standing_of(destination_id)
        if standing is None:
            raise NotFoundError(f"no destination {destination_id}")
        return standing

    def _first(self, start: Start) -> int:
        trail = AuditTrail(ledger=self._ledger)
        if start.entry_id:
            return trail.number_of(start.entry_id)
        if start.since:
            return trail.stretch(EntryFilter(since=start.since))[0]
        return self._ledger.kept().head.seq + 1

    def _commit_update(
        self, standing: Standing, after: Destination, call: Call, verb: str, details: dict[str, JsonValue]
    ) -> None:
        event = self._event(EventType.DESTINATION_UPDATED, after, call, verb, details)
        change = Change(after, (event,), (standing.progress.encouraged(),))
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(after.id))

    def _secret(self, destination: Destination) -> str:
        return self._kept(destination).current if destination.secret_reference else ""

    def _kept(self, destination: Destination) -> KeptSecret:
        return KeptSecret.model_validate_json(self._secrets.get(destination.secret_reference))

    def _replaced(self, destination: Destination, secret: str) -> str:
        """Keep a new secret, and the old one beside it. The same one again changes nothing."""
        if not destination.secret_reference:
            return self._put_new(destination.id, secret)
        kept = self._kept(destination)
        if kept.current != secret:
            until = self._clock() + OLD_SECRET_KEPT
            self._secrets.replace(destination.secret_reference, kept.replaced(secret, until=until).model_dump_json())
        return destination.secret_reference

    def _put_new(self, destination_id: str, secret: str) -> str:
        # A name of its own: somebody who makes the same destination at this moment must not overwrite the secret.
        name = f"{destination_id}-{self._randomness(4).hex()}"
        return self._secrets.put(name, KeptSecret(current=secret).model_dump_json())

    def _test_entry(self, destination: Destination) -> LedgerEntry:
        at = self._clock()
        return LedgerEntry(
            id=f"{uuid7(at, random=self._randomness(RANDOM_BYTES))}-0",
            timestamp=at,
            event_type=TEST_EVENT,
            severity=Severity.INFO,
            actor=SYSTEM,
            resource=reference_to(destination),
            description="This is a test of a destination. Nothing has happened.",
            details={"test": True},
            source=Source.SYSTEM,
            seq=0,
            recorded_at=at,
            salt="",
            prev_hash="",
            hash="",
        )

    def _event(
        self, event_type: EventType, destination: Destination, call: Call, verb: str, details: dict[str, JsonValue]
    ) -> AuditEvent:
        return AuditEvent(
            event_type=event_type,
            timestamp=self._clock(),
            actor=call.principal.as_actor(),
            resource=reference_to(destination),
            description=f"{call.principal.label} {verb} destination {destination.id}",
            details=details,
        )


def _admit(destination: Destination, if_match: int | None) -> None:
    if if_match is None:
        raise VersionRequiredError(f"destination {destination.id} exists: send If-Match with its ETag")
    if if_match != destination.version:
        raise StaleVersionError(f"destination {destination.id} is at version {destination.version}, not {if_match}")


def _made(whole: str, given: str) -> str | None:
    """Tell apart what of a secret was not given but made."""
    if whole == given:
        return None
    if not given:
        return whole
    ours = {name: text for name, text in json.loads(whole).items() if name not in json.loads(given)}
    return json.dumps(ours)


def _told(destination: Destination) -> dict[str, JsonValue]:
    chosen: dict[str, JsonValue] = DestinationChoices.of(destination).shown()
    return {"kind": destination.kind, "is_active": destination.is_active, **chosen}


def _difference(before: Destination, after: Destination) -> dict[str, JsonValue]:
    """Say what was different before and what is now."""
    earlier, now = _told(before), _told(after)
    names = [name for name in now if now[name] != earlier[name]]
    return {"before": {name: earlier[name] for name in names}, "after": {name: now[name] for name in names}}


def _result_of(outcome: Outcome) -> Result:
    return Result.DELIVERED if outcome.verdict is Verdict.DELIVERED else Result.FAILED
