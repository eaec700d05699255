"""Receivers, the ways to them and the queue that rings for them, without anybody outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import JsonValue

from nightlatch.domain.destination import Destination, DestinationKind, Format, Validator
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.deliveries import AT_ONCE, LONGEST_DELAY
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict

TOOK = timedelta(milliseconds=20)
YES = Outcome(Verdict.DELIVERED, TOOK, status=200)
LATER = Outcome(Verdict.LATER, TOOK, status=503, answer="busy", error="answered 503")
REFUSED = Outcome(Verdict.REFUSED, TOOK, status=400, answer="no", error="answered 400")
TOO_LARGE = Outcome(Verdict.TOO_LARGE, TOOK, status=413, error="answered 413")
GONE = Outcome(Verdict.GONE, TOOK, status=410, error="answered 410")
BLOCKED = Outcome(Verdict.BLOCKED, timedelta(), error="10.0.0.1 is a private address")

Answering = Callable[[Parcel], Outcome]


def welcoming(_: Parcel) -> Outcome:
    """Take everything."""
    return YES


@dataclass
class FakeReceiver:
    """A receiver that remembers each parcel that came, and those that it took; `answering` is how it answers."""

    bounds: Bounds = field(default_factory=lambda: Bounds(entries=100, bytes=100_000))
    answering: Answering = welcoming
    came: list[Parcel] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)

    def weigh(self, entry: LedgerEntry) -> int:
        """Count a hundred bytes for each entry, and those of its description."""
        return 100 + len(entry.description)

    def send(self, parcel: Parcel) -> Outcome:
        """Answer."""
        self.came.append(parcel)
        outcome = self.answering(parcel)
        if outcome.verdict is Verdict.DELIVERED:
            self.taken.append(parcel)
        return outcome

    @property
    def numbers(self) -> list[int]:
        """List what was taken, in the order in which it came, each once: doubles are dropped by their parcel's id."""
        parcels = {parcel.id: parcel for parcel in self.taken}
        return [entry.seq for parcel in parcels.values() for entry in parcel.entries]


@dataclass
class FakeSenders:
    """The ways to receivers, by the destination's id; one that nobody has named is made."""

    receivers: dict[str, FakeReceiver] = field(default_factory=dict)
    asked: list[Destination] = field(default_factory=list)

    def validate(self, kind: DestinationKind, settings: dict[str, Any], secret: str) -> dict[str, JsonValue]:
        """Accept webhooks with an address; a secret must not be `weak`."""
        if kind is not DestinationKind.WEBHOOK:
            raise InvalidInputError(Fault("/kind", "must be webhook"))
        if "url" not in settings:
            raise InvalidInputError(Fault("/settings/url", "is missing"))
        if secret == "weak":
            raise InvalidInputError(Fault("/secret", "is too weak"))
        return {**settings, "method": "POST"}

    def check_form(self, kind: DestinationKind, form: Format, template: str, validators: Sequence[Validator]) -> None:
        """Accept any form; a template must not be `{{`."""
        if template == "{{":
            raise InvalidInputError(Fault("/template", "is not JSON"))

    def whole_secret(self, kind: DestinationKind, secret: str) -> str:
        """Make a secret where none is given."""
        return secret or "made-here"

    def sender(self, destination: Destination) -> FakeReceiver:
        """Find the receiver."""
        self.asked.append(destination)
        return self.receivers.setdefault(destination.id, FakeReceiver())


@dataclass
class FakeDeliveryQueue:
    """Remembers who was rung for, and after what delay."""

    rung: list[tuple[str, timedelta]] = field(default_factory=list)

    def ring(self, destination_id: str, *, delay: timedelta = AT_ONCE) -> None:
        """Remember a ring."""
        assert AT_ONCE <= delay <= LONGEST_DELAY
        self.rung.append((destination_id, delay))
