"""Where the files of exports are: for nobody but through us, and not for long."""

from typing import Any

from nightlatch.domain.export import KEPT
from nightlatch.entrypoints.export_wakes import TIME_TO_STOP
from nightlatch.services.exports import STALLED

Functions = dict[str, dict[str, Any]]
Resources = dict[str, dict[str, Any]]


def test_the_bucket_is_private_and_forgets_after_a_week(resources: Resources) -> None:
    bucket = resources["ExportsBucket"]["Properties"]
    [rule] = bucket["LifecycleConfiguration"]["Rules"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", KEPT.days)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": KEPT.days}


def test_nobody_reads_the_bucket_over_plain_http(resources: Resources) -> None:
    policy = resources["ExportsBucketPolicy"]["Properties"]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2


def test_whoever_is_taken_for_dead_can_not_be_at_work(functions: Functions) -> None:
    """J1: a second worker is woken only when the first must be gone."""
    seconds = functions["export_jobs"]["Timeout"]

    assert STALLED.total_seconds() > seconds
    assert seconds > TIME_TO_STOP / 1000


def test_the_functions_know_the_workers_name(template: dict[str, Any], functions: Functions) -> None:
    arn = template["Globals"]["Function"]["Environment"]["Variables"]["NIGHTLATCH_EXPORT_JOBS_FUNCTION"]

    assert arn["Fn::Sub"].endswith(":function:" + functions["export_jobs"]["FunctionName"]["Fn::Sub"])
