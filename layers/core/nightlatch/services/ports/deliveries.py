"""What deliveries are worked off by: the stored destinations, and the queue that rings for them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from nightlatch.domain.delivery import Delivery, Progress
from nightlatch.domain.destination import Destination
from nightlatch.services.ports.targets import Secrets

AT_ONCE = timedelta()
LONGEST_DELAY = timedelta(minutes=15)
"""A ring can wait so long in the queue; what is due later, the sweep finds."""


class Standing(NamedTuple):
    """A destination and how far it has come."""

    destination: Destination
    progress: Progress


class Destinations(Protocol):
    """Reading destinations. All reads are consistent."""

    def destinations(self) -> list[Destination]:
        """Read every destination, by id."""
        ...

    def standing_of(self, destination_id: str) -> Standing | None:
        """Read one, and how far it has come, in one call."""
        ...

    def standings(self) -> list[Standing]:
        """Read all, and how far they have come."""
        ...

    def delivery(self, destination_id: str, delivery_id: str) -> Delivery:
        """Read a line of the log; raise NotFoundError when there is none, or none that is kept any longer."""
        ...

    def deliveries(self, destination_id: str, *, below: str | None, limit: int) -> Sequence[Delivery]:
        """Read lines of the log, newest first, below an id."""
        ...


class DestinationSecrets(Secrets, Protocol):
    """Where destinations' secrets are kept: JSON with `current`, and `previous` until `previous_until`, or null."""

    def replace(self, reference: str, secret: str) -> None:
        """Keep another secret in the place of one; raise as `get` does."""
        ...


class DeliveryQueue(Protocol):
    """Wakes workers, one message for each destination."""

    def ring(self, destination_id: str, *, delay: timedelta = AT_ONCE) -> None:
        """Let somebody work a destination off, after a while; raise StoreUnavailableError when nobody can be rung.

        `delay` is LONGEST_DELAY at most.
        """
        ...
