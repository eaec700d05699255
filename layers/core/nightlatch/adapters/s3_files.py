"""The files of exports in S3: written in parts, fetched by addresses that are good for minutes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import NotFoundError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 300
PIECE = 1024**2
ABSENT = frozenset({"NoSuchKey", "NoSuchUpload", "404"})


class S3Files:
    """Keeps files in one bucket. Addresses need the client's signature version to be `s3v4`."""

    def __init__(self, client: Callable[[], "S3Client"], *, bucket: str) -> None:
        self._client = cache(client)
        self._bucket = bucket

    def begin(self, name: str, *, content_type: str) -> str:
        """Begin a file that is written in parts, and return the id of the upload."""
        with _translated(name):
            begun = self._client().create_multipart_upload(Bucket=self._bucket, Key=name, ContentType=content_type)
        return begun["UploadId"]

    def put_part(self, name: str, upload_id: str, number: int, content: bytes) -> str:
        """Write a part and return its mark; again replaces it."""
        with _translated(name):
            part = self._client().upload_part(
                Bucket=self._bucket, Key=name, UploadId=upload_id, PartNumber=number, Body=content
            )
        return part["ETag"]

    def complete(self, name: str, upload_id: str, marks: Sequence[str]) -> None:
        """Make the parts one file. Again for what is a file already is no error."""
        try:
            with _translated(name):
                self._client().complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=name,
                    UploadId=upload_id,
                    MultipartUpload={
                        "Parts": [{"PartNumber": n, "ETag": mark} for n, mark in enumerate(marks, start=1)]
                    },
                )
        except NotFoundError:
            self._require(name)

    def put(self, name: str, content: bytes, *, content_type: str) -> None:
        """Write a small file at once; again replaces it."""
        with _translated(name):
            self._client().put_object(Bucket=self._bucket, Key=name, Body=content, ContentType=content_type)

    def read(self, name: str) -> Iterator[bytes]:
        """Read a file, a piece at a time; raise NotFoundError when there is none."""
        with _translated(name):
            yield from self._client().get_object(Bucket=self._bucket, Key=name)["Body"].iter_chunks(PIECE)

    def link(self, name: str, *, file_name: str) -> str:
        """Make an address from which whoever has it can fetch a file for a few minutes."""
        wanted = {
            "Bucket": self._bucket,
            "Key": name,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        }
        return self._client().generate_presigned_url("get_object", Params=wanted, ExpiresIn=LINK_SECONDS)

    def _require(self, name: str) -> None:
        with _translated(name):
            self._client().head_object(Bucket=self._bucket, Key=name)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except BotoCoreError as error:
        raise StoreUnavailableError(f"S3 cannot be reached: {type(error).__name__}") from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ABSENT:
            raise NotFoundError(f"there is no file {name}") from error
        raise StoreUnavailableError(f"S3 refused {error.operation_name}: {code}") from error
