"""Reading what is configured: access flows, integrations, settings."""

from collections.abc import Iterable
from typing import Protocol

from nightlatch.domain.access_flow import AccessFlow, FlowsInForce
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.integration import Integration, Resource


class Flows(Protocol):
    """Reading access flows."""

    def in_force(self) -> FlowsInForce:
        """Read every flow in force."""
        ...

    def one(self, flow_id: str) -> AccessFlow | None:
        """Read the flow in force."""
        ...

    def versions(self, flow_id: str) -> list[AccessFlow]:
        """Read every version there was, newest first."""
        ...


class Catalogue(Protocol):
    """Integrations and what was found in them. Resources are observations: a scan replaces them as a whole."""

    def integrations(self) -> list[Integration]:
        """Read every integration, by id."""
        ...

    def integration(self, integration_id: str) -> Integration | None:
        """Read one integration."""
        ...

    def resources(self, integration_id: str) -> list[Resource]:
        """Read everything that the last scan found, by type and id."""
        ...

    def replace_resources(self, integration_id: str, resources: Iterable[Resource]) -> None:
        """Make `resources` everything there is; what is gone is removed last."""
        ...


class AuditSettingsStore(Protocol):
    """Reading what is decided about the audit trail."""

    def audit_settings(self) -> AuditSettings:
        """Read, consistently, the settings in force; version 0 when nobody has chosen anything."""
        ...
