"""Archives in a bucket of somebody's own: compressed JSON lines, under names by day and by number.

    <prefix>2026/11/22/000000000017-000000000020.jsonl.gz

The day is when the first entry was recorded. Name and bytes follow from the entries: a second attempt writes the same.
"""

import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from nightlatch.adapters.assumed_roles import AssumedRoles
from nightlatch.adapters.destinations.aws_sender import AwsSender, AwsSettings, Region, no_secret
from nightlatch.adapters.destinations.http_sender import Tools
from nightlatch.domain.destination import Destination, Format
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BOUNDS = Bounds(entries=1000, bytes=4 * 1024**2)
EXTENSIONS = {Format.NATIVE: "jsonl", Format.OCSF: "ocsf.jsonl", Format.TEMPLATE: "template.jsonl"}


class Settings(AwsSettings):
    """Where the archive is. `kms_key` (an ARN) encrypts it instead of the bucket's default."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    region: Region
    prefix: Annotated[
        str, StringConstraints(pattern=r"^([A-Za-z0-9_!*'().-][A-Za-z0-9_!*'()./-]*)?$", max_length=200)
    ] = "nightlatch/"
    kms_key: Annotated[
        str,
        StringConstraints(pattern=r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9_/-]{1,256})?$"),
    ] = ""


class S3Archive(AwsSender):
    """The way into a bucket."""

    service = "s3"
    bounds = BOUNDS

    def __init__(
        self,
        destination: Destination,
        settings: Settings,
        *,
        roles: AssumedRoles,
        write: Callable[[LedgerEntry], dict[str, Any]],
    ) -> None:
        super().__init__(destination, roles, region=settings.region, role_arn=settings.role_arn)
        self._settings = settings
        self._extension = EXTENSIONS[destination.format]
        self._write = write

    def weigh(self, entry: LedgerEntry) -> int:
        """Count the bytes of a line, before it is compressed."""
        return len(self._line(entry))

    def attempt(self, client: "S3Client", parcel: Parcel) -> Outcome:
        """Write one object. Written over, it is the same."""
        lines = b"".join(self._line(entry) for entry in parcel.entries)
        key = self._settings.kms_key
        encryption: Any = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        written = client.put_object(
            Bucket=self._settings.bucket,
            Key=self._key(parcel),
            Body=gzip.compress(lines, mtime=0),
            ContentType="application/gzip",
            **encryption,
        )
        return Outcome(Verdict.DELIVERED, timedelta(), status=written["ResponseMetadata"]["HTTPStatusCode"])

    def _line(self, entry: LedgerEntry) -> bytes:
        return canonical_json(self._write(entry)) + b"\n"

    def _key(self, parcel: Parcel) -> str:
        first, last = parcel.entries[0], parcel.entries[-1]
        day = f"{first.recorded_at:%Y/%m/%d}"
        return f"{self._settings.prefix}{day}/{first.seq:012}-{last.seq:012}.{self._extension}.gz"


def check_secret(_: Settings, secret: str) -> None:
    """Refuse any: the role is what lets us in. Raise ValueError."""
    no_secret(secret)


def addresses(_: Settings, _secret: str) -> Iterator[tuple[str, str]]:
    """List no address: only AWS is called."""
    return iter(())


def whole_secret(secret: str) -> str:
    """Add nothing."""
    return secret


def sender(tools: Tools, settings: Settings) -> S3Archive:
    """Make the way to a bucket."""
    return S3Archive(tools.destination, settings, roles=tools.roles, write=tools.write)
