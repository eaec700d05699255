"""Clients of AWS's services in the name of roles that somebody else's account lets us take (sts:AssumeRole).

The external id says for which destination we ask: a role that trusts it cannot be used by the settings of another.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

SESSION_NAME = "nightlatch"
LASTS = timedelta(hours=1)
"""The longest that AWS allows to a role that takes another."""
RENEWED_BEFORE = timedelta(minutes=5)


class RoleUse(NamedTuple):
    """A service that is called in the name of a role, and how patiently."""

    service: str
    region: str
    role_arn: str
    external_id: str
    timeout: timedelta


MakeClient = Callable[[RoleUse, "CredentialsTypeDef"], Any]
"""Makes a service's client with credentials. botocore makes the clients' classes when they are asked for."""


class AssumedRoles:
    """Makes clients, and keeps each until shortly before its credentials expire."""

    def __init__(
        self, sts: Callable[[], "STSClient"], make: Mapping[str, MakeClient], *, now: Callable[[], datetime]
    ) -> None:
        self._sts = cache(sts)
        self._make = make
        self._now = now
        self._kept: dict[RoleUse, tuple[datetime, Any]] = {}

    def client(self, use: RoleUse) -> Any:
        """Make a client, or give the one that there is. What botocore raises, it raises."""
        until, client = self._kept.get(use, (None, None))
        if until is None or until <= self._now():
            until, client = self._kept[use] = self._made(use)
        return client

    def _made(self, use: RoleUse) -> tuple[datetime, Any]:
        assumed = self._sts().assume_role(
            RoleArn=use.role_arn,
            RoleSessionName=SESSION_NAME,
            ExternalId=use.external_id,
            DurationSeconds=int(LASTS.total_seconds()),
        )
        credentials = assumed["Credentials"]
        return credentials["Expiration"] - RENEWED_BEFORE, self._make[use.service](use, credentials)
