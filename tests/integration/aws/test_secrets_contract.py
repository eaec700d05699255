"""What every secret store promises."""

import boto3
import pytest

from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.domain.errors import NotFoundError
from nightlatch.services.ports.targets import Secrets
from tests.fakes.aws import FakeSecrets


@pytest.fixture(params=["fake", "secrets-manager"])
def secrets(request: pytest.FixtureRequest) -> Secrets:
    """Give the suite each kind of store in turn."""
    if request.param == "fake":
        return FakeSecrets()
    request.getfixturevalue("aws")
    return SecretsManagerSecrets(lambda: boto3.client("secretsmanager"), prefix=f"nightlatch/{request.node.name}/")


def test_a_secret_is_read_by_its_reference(secrets: Secrets) -> None:
    reference = secrets.put("orders-db", "one")
    assert secrets.get(reference) == "one"


def test_a_secret_put_again_is_replaced_under_the_same_reference(secrets: Secrets) -> None:
    reference = secrets.put("orders-db", "one")
    assert secrets.put("orders-db", "two") == reference
    assert secrets.get(reference) == "two"


def test_secrets_of_two_names_are_two(secrets: Secrets) -> None:
    first, second = secrets.put("orders-db", "one"), secrets.put("billing-db", "two")
    assert (secrets.get(first), secrets.get(second)) == ("one", "two")


def test_a_secret_that_is_not_there_is_not_found(secrets: Secrets) -> None:
    with pytest.raises(NotFoundError):
        secrets.get("secret:none")
