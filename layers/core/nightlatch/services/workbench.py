"""What all work on grants is done with: the record, the targets, the time, and how long a worker has for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.audit_event import Origin
from nightlatch.domain.change import Change
from nightlatch.domain.errors import PermanentConnectorError, RetryableConnectorError
from nightlatch.domain.grant import JITTER_BYTES, Grant, pause_before
from nightlatch.domain.lease import Lease
from nightlatch.domain.value import Entity
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.configuration import Catalogue
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.targets import Connector, Connectors
from nightlatch.services.ports.writing import UnitOfWork

CLAIM = timedelta(seconds=90)
"""How long a worker has a request to itself: longer than a function may run (60 s in template.yaml)."""

NO_ANSWER = RetryableConnectorError("the attempts before were cut off without an answer")


@dataclass(frozen=True)
class Workbench:
    """The ports that granting and ending share."""

    unit_of_work: UnitOfWork
    requests: Requests
    catalogue: Catalogue
    connectors: Connectors
    clock: Clock
    randomness: Randomness
    origin: Origin

    def commit(self, change: Change[AccessRequest], *others: Entity) -> AccessRequest:
        """Write a change, and others in the same transaction."""
        self.unit_of_work.commit(change.with_entities(*others), origin=self.origin)
        return change.state

    def connector(self, integration_id: str) -> Connector:
        """Reach for a target; raise PermanentConnectorError when its integration is gone."""
        integration = self.catalogue.integration(integration_id)
        if integration is None:
            raise PermanentConnectorError(f"there is no integration {integration_id}")
        return self.connectors.connect(integration)

    def leases(self, grant: Grant) -> tuple[Lease, ...]:
        """Read the leases of a grant; most targets know none."""
        return self.requests.leases(grant) if grant.shares_entitlements else ()

    def after_pause(self, attempt: int, *, at: datetime) -> datetime:
        """Say when to try again."""
        return at + pause_before(attempt, random=self.randomness(JITTER_BYTES))
