"""What every vault promises."""

import boto3
import pytest

from nightlatch.adapters.kms import KmsVault
from nightlatch.domain.errors import NotAllowedError
from nightlatch.services.ports.targets import Vault
from tests.fakes.aws import FakeVault

SECRET = "p4ss wörd"


@pytest.fixture(params=["fake", "kms"])
def vault(request: pytest.FixtureRequest) -> Vault:
    """Give the suite each kind of vault in turn."""
    if request.param == "fake":
        return FakeVault()
    request.getfixturevalue("aws")
    key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    return KmsVault(lambda: boto3.client("kms"), key_id=key_id)


def test_what_was_sealed_for_a_request_can_be_opened_for_it(vault: Vault) -> None:
    sealed = vault.seal(SECRET, request_id="req_1")
    assert vault.open(sealed, request_id="req_1") == SECRET


def test_what_is_sealed_does_not_show(vault: Vault) -> None:
    assert "p4ss" not in vault.seal(SECRET, request_id="req_1")


def test_what_was_sealed_for_another_request_cannot_be_opened(vault: Vault) -> None:
    sealed = vault.seal(SECRET, request_id="req_1")
    with pytest.raises(NotAllowedError, match="req_2"):
        vault.open(sealed, request_id="req_2")
