"""A timer, a vault and a secret store without AWS. The suites in tests/integration/aws run on them too."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nightlatch.domain.errors import NotAllowedError, NotFoundError


@dataclass
class FakeTimer:
    """Remembers, by whole seconds, who is to be woken when."""

    wakes: set[tuple[str, datetime]] = field(default_factory=set)

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Remember a wake; the same one again is no other."""
        at = at.astimezone(UTC)
        rounded_up = at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
        self.wakes.add((request_id, rounded_up))


@dataclass
class FakeFanOut:
    """Remembers what was handed on; for `refused` integrations nobody can be called."""

    handed_on: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def work_off(self, integration_id: str) -> None:
        """Remember an integration."""
        if integration_id in self.refused:
            raise ConnectionError(f"nobody can be called for {integration_id}")
        self.handed_on.append(integration_id)


@dataclass
class FakeVault:
    """Hides secrets in base 64, with their request's id before them."""

    def seal(self, secret: str, *, request_id: str) -> str:
        """Hide."""
        return b64encode(f"{request_id}\n{secret}".encode()).decode()

    def open(self, sealed: str, *, request_id: str) -> str:
        """Show to the request that it was hidden for."""
        sealed_for, _, secret = b64decode(sealed).decode().partition("\n")
        if sealed_for != request_id:
            raise NotAllowedError(f"this secret was not sealed for request {request_id}")
        return secret


@dataclass
class FakeSecrets:
    """Keeps secrets in a dictionary."""

    kept: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, secret: str) -> str:
        """Keep a secret."""
        reference = f"secret:{name}"
        self.kept[reference] = secret
        return reference

    def replace(self, reference: str, secret: str) -> None:
        """Keep another in its place."""
        self.get(reference)
        self.kept[reference] = secret

    def get(self, reference: str) -> str:
        """Read a secret."""
        if reference not in self.kept:
            raise NotFoundError(f"there is no secret {reference}")
        return self.kept[reference]
