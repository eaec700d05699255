"""A vault whose key never leaves KMS. The encryption context binds each secret to its request."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import NotAllowedError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsVault:
    """Seals short secrets (4 KB at most) with one key."""

    def __init__(self, client: Callable[[], "KMSClient"], *, key_id: str) -> None:
        self._client = cache(client)
        self._key_id = key_id

    def seal(self, secret: str, *, request_id: str) -> str:
        """Encrypt; raise StoreUnavailableError when KMS does not take part."""
        try:
            sealed = self._client().encrypt(
                KeyId=self._key_id, Plaintext=secret.encode(), EncryptionContext={"request_id": request_id}
            )
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        return b64encode(sealed["CiphertextBlob"]).decode()

    def open(self, sealed: str, *, request_id: str) -> str:
        """Decrypt what was sealed for this request; raise NotAllowedError for anything else.

        Raises StoreUnavailableError when KMS does not take part.
        """
        client = self._client()
        try:
            opened = client.decrypt(
                KeyId=self._key_id,
                CiphertextBlob=b64decode(sealed),
                EncryptionContext={"request_id": request_id},
            )
        except client.exceptions.InvalidCiphertextException as error:
            raise NotAllowedError(f"this secret was not sealed for request {request_id}") from error
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        return opened["Plaintext"].decode()


def _unavailable(error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(f"the credentials' key cannot be used: {type(error).__name__}")
