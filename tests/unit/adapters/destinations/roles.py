"""Roles for kinds that take none."""

from typing import TYPE_CHECKING

from nightlatch.adapters.assumed_roles import AssumedRoles
from tests.builders import NOON

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def no_roles() -> AssumedRoles:
    """Make roles of which none can be taken."""
    return AssumedRoles(_no_sts, {}, now=lambda: NOON)


def _no_sts() -> "STSClient":
    raise AssertionError("this kind takes no role")
