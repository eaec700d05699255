"""What was deployed."""

from typing import Protocol

from nightlatch.domain.deployment import Deployment


class Deployments(Protocol):
    """Reading what was deployed when somebody last looked."""

    def deployment(self) -> Deployment | None:
        """Read it, consistently; None before anybody looked."""
        ...
