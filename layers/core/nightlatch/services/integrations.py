"""What an administrator does with integrations: add them, check them, scan what is in them."""

from datetime import datetime
from typing import Any

from pydantic import JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.connector import CheckResult
from nightlatch.domain.errors import ConflictError, ConnectorError, NotFoundError
from nightlatch.domain.integration import Integration, IntegrationStatus, Resource
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.configuration import Catalogue
from nightlatch.services.ports.targets import Connector, Connectors, Secrets
from nightlatch.services.ports.writing import UnitOfWork

ON_DEMAND = "on demand"


class Integrations:
    """The use cases around connected systems. A secret goes in and is never returned."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        catalogue: Catalogue,
        connectors: Connectors,
        secrets: Secrets,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
        self._connectors = connectors
        self._secrets = secrets
        self._clock = clock
        self._randomness = randomness

    def all(self) -> list[Integration]:
        """Read every integration."""
        return self._catalogue.integrations()

    def show(self, integration_id: str) -> Integration:
        """Read one integration."""
        integration = self._catalogue.integration(integration_id)
        if integration is None:
            raise NotFoundError(f"no integration {integration_id}")
        return integration

    def resources(self, integration_id: str) -> list[Resource]:
        """Read what the last scan found in an integration, by type and id."""
        return self._catalogue.resources(self.show(integration_id).id)

    def add(
        self, integration_id: str, call: Call, *, name: str, kind: str, settings: dict[str, Any], secret: str
    ) -> Integration:
        """Connect a system. Its secret is kept under a name of its own before anything refers to it."""
        at = self._clock()
        integration = Integration(
            id=integration_id,
            name=name,
            kind=kind,
            settings=self._connectors.validate(kind, settings),
            secret_reference="",
            created_at=at,
            updated_at=at,
        )
        return despite_rivals(lambda: self._add(integration, secret, call))

    def _add(self, draft: Integration, secret: str, call: Call) -> Integration:
        if earlier := call.earlier_result(self._unit_of_work):
            return self.show(earlier)
        if self._catalogue.integration(draft.id):
            raise ConflictError(f"integration {draft.id} exists")
        # A name of its own: somebody who adds the same integration at this moment must not overwrite the secret.
        reference = self._secrets.put(f"{draft.id}-{self._randomness(4).hex()}", secret)
        integration = draft.model_copy(update={"secret_reference": reference})
        text = f"{call.principal.label} added integration {draft.id}"
        event = self._event(
            EventType.INTEGRATION_ADDED, integration, call, text, kind=draft.kind, settings=draft.settings
        )
        self._unit_of_work.commit(Change(integration, (event,)), origin=call.origin, receipt=call.receipt(draft.id))
        return integration

    def check(self, integration_id: str, call: Call) -> CheckResult:
        """Try an integration. Each failure is an event; success is one when it was not so before."""
        result = self._tried(self.show(integration_id))
        despite_rivals(lambda: self._note_check(integration_id, result, call))
        return result

    def _tried(self, integration: Integration) -> CheckResult:
        try:
            return self._connectors.connect(integration).check()
        except ConnectorError as error:
            return CheckResult(ok=False, message=str(error))

    def _note_check(self, integration_id: str, result: CheckResult, call: Call) -> None:
        integration = self.show(integration_id)
        status = IntegrationStatus.READY if result.ok else IntegrationStatus.FAILING
        if result.ok and integration.status is status:
            return
        checked = integration.changed(status=status, status_message=result.message, updated_at=self._clock())
        event_type = EventType.INTEGRATION_UPDATED if result.ok else EventType.CHECK_FAILED
        text = f"integration {integration_id} is {status}: {result.message}"
        event = self._event(event_type, checked, call, text, before=integration.status, after=status)
        self._unit_of_work.commit(Change(checked, (event,)), origin=call.origin)

    def scan(self, integration_id: str, call: Call) -> Integration:
        """Read what is in the system into the catalogue. Raises the ConnectorError that stopped it."""
        integration = self.show(integration_id)
        started_at = self._clock()
        text = f"{call.principal.label} scans {integration_id}"
        started = self._event(EventType.SCAN_STARTED, integration, call, text, mode=ON_DEMAND)
        self._unit_of_work.record(started, origin=call.origin)
        try:
            resources = _discovered(self._connectors.connect(integration))
        except ConnectorError as failure:
            error = failure
            despite_rivals(lambda: self._scan_failed(integration_id, error, call, since=started_at))
            raise
        self._catalogue.replace_resources(integration_id, resources)
        return despite_rivals(lambda: self._scan_completed(integration_id, resources, call, since=started_at))

    def _scan_completed(
        self, integration_id: str, resources: list[Resource], call: Call, *, since: datetime
    ) -> Integration:
        integration, at = self.show(integration_id), self._clock()
        scanned = integration.changed(
            status=IntegrationStatus.READY,
            status_message="",
            resource_count=len(resources),
            scanned_at=at,
            updated_at=at,
        )
        text = f"{len(resources)} resources found in {integration_id}"
        event = self._event(
            EventType.SCAN_COMPLETED,
            scanned,
            call,
            text,
            mode=ON_DEMAND,
            counts=_counts(resources),
            duration_seconds=round((at - since).total_seconds()),
        )
        self._unit_of_work.commit(Change(scanned, (event,)), origin=call.origin)
        return scanned

    def _scan_failed(self, integration_id: str, error: ConnectorError, call: Call, *, since: datetime) -> None:
        integration, at = self.show(integration_id), self._clock()
        failing = integration.changed(status=IntegrationStatus.FAILING, status_message=str(error), updated_at=at)
        seconds = round((at - since).total_seconds())
        text = f"the scan of {integration.id} failed: {error}"
        event = self._event(
            EventType.SCAN_FAILED,
            failing,
            call,
            text,
            mode=ON_DEMAND,
            error=str(error),
            error_class=type(error).__name__,
            duration_seconds=seconds,
        )
        self._unit_of_work.commit(Change(failing, (event,)), origin=call.origin)

    def _event(
        self, event_type: EventType, integration: Integration, call: Call, text: str, **details: JsonValue
    ) -> AuditEvent:
        return AuditEvent(
            event_type=event_type,
            timestamp=self._clock(),
            actor=call.principal.as_actor(),
            resource=ResourceReference(type="integration", id=integration.id, name=integration.name),
            description=text,
            integration=integration.id,
            details=details,
        )


def _discovered(connector: Connector) -> list[Resource]:
    page = connector.discover(None)
    resources = [*page.resources]
    while page.cursor is not None:
        page = connector.discover(page.cursor)
        resources.extend(page.resources)
    return resources


def _counts(resources: list[Resource]) -> dict[str, JsonValue]:
    types = sorted({resource.type for resource in resources})
    return {kind: sum(resource.type == kind for resource in resources) for kind in types}
