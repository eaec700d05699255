"""What the receivers in somebody's AWS account have in common: a role to take, and how errors are judged."""

import re
from abc import ABC, abstractmethod
from datetime import timedelta
from time import monotonic
from typing import Annotated, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import StringConstraints

from nightlatch.adapters.assumed_roles import AssumedRoles, RoleUse
from nightlatch.domain.destination import Destination
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict

LONGEST_ERROR = 500

RoleArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/nightlatch-destination-[A-Za-z0-9_+=,.@-]{1,41}$"),
]
"""Roles of other names we may not take: see the function's own role in the template."""
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z]+)+-[0-9]$")]

REFUSED = {("PutEvents", "ValidationException")}
"""The errors that are about the events. All others are about access, settings or the moment, and wait."""
UNPRINTABLE = re.compile(r"[^ -~]")


class AwsSettings(Value):
    """What may be set for every receiver in AWS: the role that we take, which trusts us for this destination only."""

    role_arn: RoleArn


class AwsSender(ABC):
    """The way to a destination in AWS: a kind says what it calls."""

    service: str
    bounds: Bounds

    def __init__(self, destination: Destination, roles: AssumedRoles, *, region: str, role_arn: str) -> None:
        self._roles = roles
        self._use = RoleUse(
            service=self.service,
            region=region,
            role_arn=role_arn,
            external_id=destination.id,
            timeout=timedelta(seconds=destination.timeout),
        )

    @abstractmethod
    def weigh(self, entry: LedgerEntry) -> int:
        """Count the bytes that an entry adds to a parcel."""

    @abstractmethod
    def attempt(self, client: Any, parcel: Parcel) -> Outcome:
        """Call the service once. What botocore raises is judged by `send`, which also says how long it took."""

    def send(self, parcel: Parcel) -> Outcome:
        """Try once to deliver a parcel. What went wrong is in the outcome."""
        began = monotonic()
        try:
            outcome = self.attempt(self._roles.client(self._use), parcel)
        except ClientError as error:
            outcome = _refusal(error)
        except BotoCoreError as error:
            outcome = Outcome(Verdict.LATER, timedelta(), error=f"AWS cannot be reached: {type(error).__name__}")
        return outcome._replace(took=timedelta(seconds=monotonic() - began))


def no_secret(secret: str) -> None:
    """Refuse a secret where none is needed; raise ValueError."""
    if secret:
        raise ValueError("there is none to set: the role is what lets us in")


def _refusal(error: ClientError) -> Outcome:
    told = error.response.get("Error", {})
    code = told.get("Code", "")
    text = UNPRINTABLE.sub(" ", f"{error.operation_name}: {code}: {told.get('Message', '')}")
    verdict = Verdict.REFUSED if (error.operation_name, code) in REFUSED else Verdict.LATER
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return Outcome(verdict, timedelta(), status=status, error=text[:LONGEST_ERROR])
