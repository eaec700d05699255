"""The bucket of evidence, and the key that it is signed with."""

from functools import cache

from botocore.config import Config

from nightlatch.adapters.evidence import KmsSigner, S3Evidence
from nightlatch.bootstrap import aws
from nightlatch.bootstrap.settings import settings

SIGNING = Config(signature_version="s3v4")
"""Of S3 there are two kinds of signatures, and the emulator takes the older one for none."""


@cache
def evidence() -> S3Evidence:
    """Wire the bucket."""
    return S3Evidence(lambda: aws.client("s3", SIGNING), bucket=settings().evidence_bucket)


@cache
def signer() -> KmsSigner:
    """Wire the key."""
    return KmsSigner(lambda: aws.client("kms"), key_id=settings().seal_key)
