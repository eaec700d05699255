"""Sending events on to destinations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from pydantic import JsonValue

from nightlatch.domain.destination import Destination, DestinationKind, Format, Validator
from nightlatch.domain.ledger import LedgerEntry

ANSWER_KEPT = 4096
"""So many bytes of an answer are kept in the delivery log."""


class Verdict(StrEnum):
    """What became of an attempt.

    LATER: not now (throttled, down, misconfigured, no answer), again after a while. TOO_LARGE: again in halves, and so
    never of one entry alone. REFUSED: these entries, never; one of several is to be found by halving. GONE: nobody is
    there any more. BLOCKED: by our own policy.
    """

    DELIVERED = "delivered"
    LATER = "later"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    GONE = "gone"
    BLOCKED = "blocked"


class Parcel(NamedTuple):
    """Entries that are sent together, in their order.

    `id` is the same in each attempt: receivers drop doubles by it. `at` is the time of the attempt itself.
    """

    id: str
    entries: tuple[LedgerEntry, ...]
    attempt: int
    at: datetime


class Outcome(NamedTuple):
    """What an attempt came to.

    `answer` is the beginning of what was answered, harmless to print; `error` what kept it from being a yes.
    `refused` is the place in the parcel of the first entry at fault, where the receiver names it.
    """

    verdict: Verdict
    took: timedelta
    status: int | None = None
    answer: str = ""
    error: str = ""
    retry_after: timedelta | None = None
    refused: int | None = None


class Bounds(NamedTuple):
    """How much a receiver takes at once. One entry is sent alone, however large it is."""

    entries: int
    bytes: int


class Sender(Protocol):
    """The way to one destination. It raises nothing: what went wrong is in the outcome."""

    @property
    def bounds(self) -> Bounds:
        """Say how much may go together."""
        ...

    def weigh(self, entry: LedgerEntry) -> int:
        """Count the bytes that an entry adds to a parcel."""
        ...

    def send(self, parcel: Parcel) -> Outcome:
        """Try once to deliver a parcel."""
        ...


class Senders(Protocol):
    """Makes the way to a destination."""

    def validate(self, kind: DestinationKind, settings: dict[str, Any], secret: str) -> dict[str, JsonValue]:
        """Check the settings and the secret of a kind, and return the settings' full form.

        Raises InvalidInputError that names /settings/… or /secret. It calls nobody.
        """
        ...

    def check_form(self, kind: DestinationKind, form: Format, template: str, validators: Sequence[Validator]) -> None:
        """Check how events are to be written for a kind, and what its answers must hold.

        Raises InvalidInputError that names /format, /template or /validators/….
        """
        ...

    def whole_secret(self, kind: DestinationKind, secret: str) -> str:
        """Add to a secret what is ours to make and was not given: a webhook's signing key."""
        ...

    def sender(self, destination: Destination) -> Sender:
        """Make the way to a destination. It reads the secret when it first sends."""
        ...
