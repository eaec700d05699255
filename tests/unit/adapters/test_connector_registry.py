"""The registry makes connectors; what goes wrong with an integration's secret is told in a connector's own words."""

import pytest

from nightlatch.adapters.connectors.registry import MODULES, ConnectorRegistry
from nightlatch.domain.connector import Handle
from nightlatch.domain.errors import (
    ConnectorError,
    InvalidInputError,
    NotFoundError,
    PermanentConnectorError,
    RetryableConnectorError,
    StoreUnavailableError,
)
from nightlatch.domain.integration import Integration
from tests.builders import NOON

SETTINGS = {"host": "127.0.0.1", "database": "orders", "user": "nightlatch", "tls": "disable"}


class NoSecrets:
    """A secret store that gives nothing."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def put(self, name: str, secret: str) -> str:
        raise self.error

    def get(self, reference: str) -> str:
        raise self.error


def an_integration(kind: str = "postgresql", **settings: object) -> Integration:
    return Integration.model_validate(
        {
            "id": "orders-db",
            "name": "Orders",
            "kind": kind,
            "settings": {**SETTINGS, **settings},
            "secret_reference": "arn",
            "created_at": NOON,
            "updated_at": NOON,
        }
    )


def a_registry(error: Exception | None = None) -> ConnectorRegistry:
    return ConnectorRegistry(secrets=NoSecrets(error or AssertionError("the secret is not needed yet")))


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_a_connector_of_each_kind_is_made_without_its_secret(kind: str) -> None:
    assert a_registry().connect(an_integration(kind)).describe().kind == kind


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_each_kind_describes_the_settings_that_it_takes(kind: str) -> None:
    validated = a_registry().validate(kind, SETTINGS)

    schema = a_registry().connect(an_integration(kind)).describe().settings_schema
    assert isinstance(schema["properties"], dict)
    assert validated.keys() == schema["properties"].keys()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotFoundError("there is no secret arn"), PermanentConnectorError),
        (StoreUnavailableError("the secret store does not answer"), RetryableConnectorError),
    ],
)
def test_a_secret_that_cannot_be_had_is_an_error_of_the_connector(
    error: Exception, expected: type[ConnectorError]
) -> None:
    connector = a_registry(error).connect(an_integration())

    with pytest.raises(expected, match="orders-db"):
        connector.observe(Handle(grant_id="req_1", session_user="nl_maya"))


@pytest.mark.parametrize("broken", [an_integration(kind="oracle"), an_integration(port=0), an_integration(color="red")])
def test_an_integration_that_does_not_fit_can_never_be_worked_with(broken: Integration) -> None:
    with pytest.raises(PermanentConnectorError):
        a_registry().connect(broken)


def test_settings_that_do_not_fit_are_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        a_registry().validate("postgresql", {**SETTINGS, "port": 70_000, "databse": "orders"})

    assert sorted(fault.pointer for fault in refused.value.faults) == ["/settings/databse", "/settings/port"]


def test_a_kind_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        a_registry().validate("oracle", {})

    assert [fault.pointer for fault in refused.value.faults] == ["/kind"]
