"""Where the files of exports are."""

from functools import cache

from botocore.config import Config

from nightlatch.adapters.s3_files import S3Files
from nightlatch.bootstrap import aws
from nightlatch.bootstrap.settings import settings

LARGE_TRANSFERS = Config(
    signature_version="s3v4",
    read_timeout=30,
    # Checksums of parts would have to be named again when they are made one file; a whole file is hashed anyway.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@cache
def files() -> S3Files:
    """Wire the store of files."""
    return S3Files(lambda: aws.client("s3", LARGE_TRANSFERS), bucket=settings().exports_bucket)
