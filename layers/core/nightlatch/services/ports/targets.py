"""The systems that access is given to, and what wakes the work there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from nightlatch.domain.connector import Capabilities, CheckResult, DiscoveryPage, GrantIntent, Handle, Presence
from nightlatch.domain.integration import Integration


class Timer(Protocol):
    """A schedule that wakes. It carries an id and decides nothing."""

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Wake the expiry function for a request at a time; again for the same time is one wake."""
        ...


class FanOut(Protocol):
    """Hands work to others, and does not wait for it."""

    def work_off(self, integration_id: str) -> None:
        """Let somebody else work off what is due at one integration."""
        ...


class Vault(Protocol):
    """Encryption of session secrets, bound to their request."""

    def seal(self, secret: str, *, request_id: str) -> str:
        """Encrypt."""
        ...

    def open(self, sealed: str, *, request_id: str) -> str:
        """Decrypt what was sealed for this request, and nothing else."""
        ...


class Secrets(Protocol):
    """Where integrations' own secrets are kept. They are written and used, never returned to a caller."""

    def put(self, name: str, secret: str) -> str:
        """Keep a secret under a name (again: replace it) and return the reference to read it by."""
        ...

    def get(self, reference: str) -> str:
        """Read a secret; raise NotFoundError when there is none, StoreUnavailableError when it cannot be read."""
        ...


class Connectors(Protocol):
    """Makes the connector for an integration."""

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Check the settings of a kind and return their full form; raise InvalidInputError naming /settings/…."""
        ...

    def connect(self, integration: Integration) -> "Connector":
        """Make the connector of an integration. It calls nothing yet but the secret store."""
        ...


class Connector(Protocol):
    """One target system. Every call raises RetryableConnectorError, TargetGoneError or PermanentConnectorError only."""

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        ...

    def check(self) -> CheckResult:
        """Try the connection and the rights it needs, without changing anything."""
        ...

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """List what is at the target, a page at a time."""
        ...

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name what `grant` will make, without calling the target: it is stored before the effect."""
        ...

    def grant(self, intent: GrantIntent) -> str | None:
        """Make the access exist, and return its secret if it has one. Again for the same grant id: the same access,
        with a new secret.
        """
        ...

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Tell a target that holds an end by itself a later one; an earlier one changes nothing. Where none is held
        there is nothing to tell. Raises TargetGoneError when the access is not there.
        """
        ...

    def revoke(self, handle: Handle) -> None:
        """End the access and what lives on from it. Access that is already gone is success.

        Where entitlements are shared, exactly the handle's are taken away, whichever grant gave them.
        """
        ...

    def observe(self, handle: Handle) -> Presence:
        """Read back whether the access is there: any of the handle's entitlements, where they are shared."""
        ...

    def list_managed(self) -> Iterator[Handle]:
        """List every access at the target that Nightlatch made; `grant_id` is empty where the target cannot know it."""
        ...

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:
        """Say how the person connects, ready to be shown. `secret` is what `grant` returned."""
        ...
