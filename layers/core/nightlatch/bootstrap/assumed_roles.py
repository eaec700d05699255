"""The roles of other accounts that destinations are reached by."""

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from nightlatch.adapters.assumed_roles import AssumedRoles, RoleUse
from nightlatch.bootstrap import aws
from nightlatch.bootstrap.clock import now

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef


@cache
def assumed_roles() -> AssumedRoles:
    """Wire the roles, and the services that are called in their names."""
    return AssumedRoles(
        lambda: aws.client("sts"),
        {
            "s3": lambda use, credentials: aws.client("s3", _patience(use), **_names(use, credentials)),
            "events": lambda use, credentials: aws.client("events", _patience(use), **_names(use, credentials)),
        },
        now=now,
    )


def _patience(use: RoleUse) -> Config:
    """Let an attempt be one attempt: the next is planned by whoever delivers."""
    seconds = use.timeout.total_seconds()
    return Config(
        connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1}, signature_version="v4"
    )


def _names(use: RoleUse, credentials: "CredentialsTypeDef") -> dict[str, Any]:
    return {
        "region_name": use.region,
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }
