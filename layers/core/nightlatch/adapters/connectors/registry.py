"""The kinds of connectors there are, and how one is made for an integration.

A kind's module is imported when the first integration of that kind is met: a database driver is a long import.
It offers `Settings` (a pydantic model) and `connector(settings, secret)`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from nightlatch.domain.errors import (
    Fault,
    InvalidInputError,
    NotFoundError,
    PermanentConnectorError,
    RetryableConnectorError,
    StoreUnavailableError,
)
from nightlatch.domain.integration import Integration
from nightlatch.services.ports.targets import Connector, Secrets

MODULES = {
    "postgresql": "nightlatch.adapters.connectors.postgresql",
    "postgresql-membership": "nightlatch.adapters.connectors.postgresql_membership",
}


class ConnectorModule(Protocol):
    """What each kind's module offers."""

    Settings: type[BaseModel]

    def connector(self, settings: Any, secret: Callable[[], str]) -> Connector:
        """Make a connector; `secret` is called when it first connects, not before."""
        ...


class ConnectorRegistry:
    """Makes connectors from integrations."""

    def __init__(self, *, secrets: Secrets) -> None:
        self._secrets = secrets

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Check the settings of a kind and return their full form."""
        if kind not in MODULES:
            raise InvalidInputError(Fault("/kind", f"must be one of: {', '.join(sorted(MODULES))}"))
        try:
            return _module(kind).Settings.model_validate(settings).model_dump(mode="json")
        except ValidationError as error:
            raise InvalidInputError(
                *(Fault("/".join(("/settings", *map(str, fault["loc"]))), fault["msg"]) for fault in error.errors())
            ) from error

    def connect(self, integration: Integration) -> Connector:
        """Make the connector of an integration; its secret is read when it first connects."""
        if integration.kind not in MODULES:
            raise PermanentConnectorError(f"there is no connector of kind {integration.kind}")
        module = _module(integration.kind)
        try:
            settings = module.Settings.model_validate(integration.settings)
        except ValidationError as error:
            raise PermanentConnectorError(f"the settings of integration {integration.id} do not fit") from error
        return module.connector(settings, lambda: self._secret(integration))

    def _secret(self, integration: Integration) -> str:
        try:
            return self._secrets.get(integration.secret_reference)
        except NotFoundError as error:
            raise PermanentConnectorError(f"the secret of integration {integration.id} is gone") from error
        except StoreUnavailableError as error:
            raise RetryableConnectorError(f"the secret of integration {integration.id} cannot be read") from error


def _module(kind: str) -> ConnectorModule:
    return cast("ConnectorModule", import_module(MODULES[kind]))
