"""A vault whose key never leaves KMS. The encryption context binds each secret to its request."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from nightlatch.domain.errors import NotAllowedError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsVault:
    """Seals short secrets (4 KB at most) with one key."""

    def __init__(self, client: Callable[[], "KMSClient"], *, key_id: str) -> None:
        self._client = cache(client)
        self._key_id = key_id

    def seal(self, secret: str, *, request_id: str) -> str:
        """Encrypt."""
        sealed = self._client().encrypt(
            KeyId=self._key_id, Plaintext=secret.encode(), EncryptionContext={"request_id": request_id}
        )
        return b64encode(sealed["CiphertextBlob"]).decode()

    def open(self, sealed: str, *, request_id: str) -> str:
        """Decrypt what was sealed for this request; raise NotAllowedError for anything else."""
        client = self._client()
        try:
            opened = client.decrypt(
                KeyId=self._key_id,
                CiphertextBlob=b64decode(sealed),
                EncryptionContext={"request_id": request_id},
            )
        except client.exceptions.InvalidCiphertextException as error:
            raise NotAllowedError(f"this secret was not sealed for request {request_id}") from error
        return opened["Plaintext"].decode()
