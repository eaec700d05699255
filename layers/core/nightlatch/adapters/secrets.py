"""Integrations' own secrets, in Secrets Manager."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import NotFoundError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManagerSecrets:
    """Keeps secrets under names that begin with `prefix`; their reference is the ARN."""

    def __init__(self, client: Callable[[], "SecretsManagerClient"], *, prefix: str) -> None:
        self._client = cache(client)
        self._prefix = prefix

    def put(self, name: str, secret: str) -> str:
        """Keep a secret under a name (again: replace it) and return the reference to read it by.

        Raises StoreUnavailableError when it cannot be kept.
        """
        try:
            return self._put(self._prefix + name, secret)
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error

    def replace(self, reference: str, secret: str) -> None:
        """Keep another secret in the place of one; raise as `get` does."""
        client = self._client()
        try:
            client.put_secret_value(SecretId=reference, SecretString=secret)
        except client.exceptions.ResourceNotFoundException as error:
            raise NotFoundError(f"there is no secret {reference}") from error
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error

    def get(self, reference: str) -> str:
        """Read a secret; raise NotFoundError when there is none, StoreUnavailableError when it cannot be read."""
        client = self._client()
        try:
            return client.get_secret_value(SecretId=reference)["SecretString"]
        except client.exceptions.ResourceNotFoundException as error:
            raise NotFoundError(f"there is no secret {reference}") from error
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error

    def _put(self, name: str, secret: str) -> str:
        client = self._client()
        try:
            return client.create_secret(Name=name, SecretString=secret)["ARN"]
        except client.exceptions.ResourceExistsException:
            return client.put_secret_value(SecretId=name, SecretString=secret)["ARN"]


def _unavailable(error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(f"the secret store does not answer: {type(error).__name__}")
