"""What every store of files promises, and every way to wake those who write them."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from nightlatch.adapters.lambda_export_workers import LambdaExportWorkers
from nightlatch.adapters.s3_files import LINK_SECONDS, S3Files
from nightlatch.domain.errors import NotFoundError, StoreUnavailableError
from nightlatch.services.ports.exporting import Files
from tests.fakes.exports import FakeExportWorkers, FakeFiles

PART = b"x" * 5 * 1024**2
NAME = "usr_ivo/exp_1/export.csv"
BUCKETS = count()
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:nightlatch-export-jobs"


def s3(aws: str) -> Any:
    return boto3.client("s3", region_name=aws, config=Config(signature_version="s3v4"))


@pytest.fixture(params=["memory", "s3"])
def files(request: pytest.FixtureRequest) -> Files:
    if request.param == "memory":
        return FakeFiles()
    aws = request.getfixturevalue("aws")
    client = s3(aws)
    bucket = f"exports-{next(BUCKETS)}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws})
    return S3Files(lambda: client, bucket=bucket)


def content_of(files: Files, name: str = NAME) -> bytes:
    return b"".join(files.read(name))


def test_parts_become_one_file(files: Files) -> None:
    upload_id = files.begin(NAME, content_type="text/csv")
    marks = [files.put_part(NAME, upload_id, number, content) for number, content in ((1, PART), (2, b"end"))]

    files.complete(NAME, upload_id, marks)

    assert content_of(files) == PART + b"end"


def test_a_part_that_is_written_again_is_the_same_part(files: Files) -> None:
    upload_id = files.begin(NAME, content_type="text/csv")
    files.put_part(NAME, upload_id, 1, b"before")

    marks = [files.put_part(NAME, upload_id, 1, b"after")]
    again = [files.put_part(NAME, upload_id, 1, b"after")]
    files.complete(NAME, upload_id, marks)

    assert marks == again
    assert content_of(files) == b"after"


def test_a_file_of_nothing_is_a_file(files: Files) -> None:
    upload_id = files.begin(NAME, content_type="text/csv")

    files.complete(NAME, upload_id, [files.put_part(NAME, upload_id, 1, b"")])

    assert content_of(files) == b""


def test_to_make_it_a_file_twice_is_once(files: Files) -> None:
    """J1: the reply was lost, or another worker was first."""
    upload_id = files.begin(NAME, content_type="text/csv")
    marks = [files.put_part(NAME, upload_id, 1, b"all")]

    files.complete(NAME, upload_id, marks)
    files.complete(NAME, upload_id, marks)

    assert content_of(files) == b"all"


def test_a_file_that_is_not_there_is_not_found(files: Files) -> None:
    with pytest.raises(NotFoundError):
        list(files.read("other"))


def put_part(files: Files) -> None:
    files.put_part("other", "gone", 1, b"")


def complete(files: Files) -> None:
    files.complete("other", "gone", ["x"])


@pytest.mark.parametrize(
    ("call", "errors"),
    [
        (put_part, [("upload_part", "NoSuchUpload")]),
        (complete, [("complete_multipart_upload", "NoSuchUpload"), ("head_object", "404")]),
    ],
)
def test_an_upload_that_is_gone_is_not_found(
    aws: str, call: Callable[[Files], None], errors: list[tuple[str, str]]
) -> None:
    client = s3(aws)

    with Stubber(client) as stubber:
        for operation, code in errors:
            stubber.add_client_error(operation, code)
        with pytest.raises(NotFoundError):
            call(S3Files(lambda: client, bucket="exports"))
    with pytest.raises(NotFoundError):
        call(FakeFiles())


def test_a_small_file_is_put_at_once(files: Files) -> None:
    files.put(NAME, b"before", content_type="application/json")
    files.put(NAME, b"after", content_type="application/json")

    assert content_of(files) == b"after"


def test_a_link_is_good_for_minutes_and_says_under_which_name_to_keep_the_file(aws: str) -> None:
    link = S3Files(lambda: s3(aws), bucket="exports").link(NAME, file_name="export.csv")

    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert f"X-Amz-Expires={LINK_SECONDS}" in link
    assert "attachment" in link


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError"])
def test_a_store_that_refuses_is_away_for_now(aws: str, code: str) -> None:
    """J2: throttled, broken, or not for us."""
    client = s3(aws)
    files = S3Files(lambda: client, bucket="exports")

    with Stubber(client) as stubber:
        stubber.add_client_error("put_object", code)
        with pytest.raises(StoreUnavailableError, match=code):
            files.put(NAME, b"", content_type="text/csv")


def test_a_store_that_cannot_be_reached_is_away_for_now() -> None:
    """J2: unreachable."""

    def unreachable() -> Any:
        raise EndpointConnectionError(endpoint_url="https://s3")

    with pytest.raises(StoreUnavailableError):
        S3Files(unreachable, bucket="exports").put(NAME, b"", content_type="text/csv")


def test_an_export_is_one_asynchronous_invocation(aws: str) -> None:
    client = boto3.client("lambda", region_name=aws)
    payload = json.dumps({"person": "usr_ivo", "export": "exp_1"}).encode()

    with Stubber(client) as stubber:
        expected = {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": payload}
        stubber.add_response("invoke", {"StatusCode": 202}, expected)
        LambdaExportWorkers(lambda: client, function=FUNCTION).work_on("usr_ivo", "exp_1")
        stubber.assert_no_pending_responses()


def test_workers_that_cannot_be_woken_are_away_for_now(aws: str) -> None:
    """J2: the caller is told to try again."""
    client = boto3.client("lambda", region_name=aws)

    with Stubber(client) as stubber:
        stubber.add_client_error("invoke", "TooManyRequestsException")
        with pytest.raises(StoreUnavailableError):
            LambdaExportWorkers(lambda: client, function=FUNCTION).work_on("usr_ivo", "exp_1")


def test_the_fake_remembers_who_was_woken() -> None:
    fake = FakeExportWorkers()

    fake.work_on("usr_ivo", "exp_1")

    assert fake.woken == [("usr_ivo", "exp_1")]
