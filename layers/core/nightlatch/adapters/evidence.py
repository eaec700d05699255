"""Evidence in a bucket with Object Lock, and the key that it is signed with."""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as NoBase64Error
from collections.abc import Callable
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.seal import ALGORITHM

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

_TAKEN = "PreconditionFailed"
_ABSENT = "NoSuchKey"
_WIDTH_OF_PEM = 64


class S3Evidence:
    """Keeps objects in one bucket, whose default retention locks them. An object is never written over."""

    def __init__(self, client: Callable[[], "S3Client"], *, bucket: str) -> None:
        self._client = cache(client)
        self._bucket = bucket

    def put(self, key: str, content: bytes) -> bool:
        """Keep something under a key, unless there is something already; say whether it was kept.

        A reply that was lost makes botocore ask again, and then the answer is no: the content decides, not the answer.
        """
        try:
            self._client().put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
        except (BotoCoreError, ClientError) as error:
            if _code(error) == _TAKEN:
                return False
            raise _unavailable(error) from error
        return True

    def get(self, key: str) -> bytes | None:
        """Read what is kept under a key; None when there is nothing."""
        try:
            return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            if _code(error) == _ABSENT:
                return None
            raise _unavailable(error) from error

    def keys(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """List so many keys that begin with `prefix` and come after `after`, in order: a thousand at most."""
        try:
            page = self._client().list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, StartAfter=after or prefix, MaxKeys=limit
            )
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        return [found["Key"] for found in page.get("Contents", ())]


class KmsSigner:
    """Signs with a key that never leaves KMS. KMS is sent the hash: what is signed may be of any length."""

    def __init__(self, client: Callable[[], "KMSClient"], *, key_id: str) -> None:
        self._client = cache(client)
        self._key_id = key_id

    @property
    def key_id(self) -> str:
        """Name the key."""
        return self._key_id

    def sign(self, content: bytes) -> str:
        """Sign, and write the signature (DER) in base 64."""
        try:
            signed = self._client().sign(
                KeyId=self._key_id, Message=_sha256(content), MessageType="DIGEST", SigningAlgorithm=ALGORITHM
            )
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        return b64encode(signed["Signature"]).decode()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Whether a signature is this key's, over this content."""
        if not signature:
            return False
        client = self._client()
        try:
            verified = client.verify(
                KeyId=self._key_id,
                Message=_sha256(content),
                MessageType="DIGEST",
                Signature=b64decode(signature, validate=True),
                SigningAlgorithm=ALGORITHM,
            )
        except (NoBase64Error, client.exceptions.KMSInvalidSignatureException):
            return False
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        return verified["SignatureValid"]

    def public_key(self) -> str:
        """Write the public key as PEM."""
        try:
            der = self._client().get_public_key(KeyId=self._key_id)["PublicKey"]
        except (BotoCoreError, ClientError) as error:
            raise _unavailable(error) from error
        lines = wrap(b64encode(der).decode(), _WIDTH_OF_PEM)
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _code(error: Exception) -> str | None:
    return error.response["Error"].get("Code") if isinstance(error, ClientError) else None


def _unavailable(error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(f"the evidence cannot be reached: {_code(error) or type(error).__name__}")
