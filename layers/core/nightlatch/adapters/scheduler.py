"""Timers made of one-time EventBridge schedules. They only make the sweep punctual: losing one loses nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

RETRIES = 3
OLDEST_WAKE_SECONDS = 300
"""After so long the sweep, which runs each minute, has done the work."""


class EventBridgeTimer:
    """Makes schedules of `group` that wake `function` (an ARN) as `role` (an ARN), and then remove themselves."""

    def __init__(
        self, client: Callable[[], "EventBridgeSchedulerClient"], *, group: str, role: str, function: str
    ) -> None:
        self._client = cache(client)
        self._group = group
        self._role = role
        self._function = function

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Wake the expiry function for a request at a time; again for the same time is one wake.

        Raises StoreUnavailableError when no schedule can be made.
        """
        second = _next_whole_second(at)
        client = self._client()
        try:
            client.create_schedule(
                Name=f"{request_id}-{int(second.timestamp())}",
                GroupName=self._group,
                ScheduleExpression=f"at({second:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": self._function,
                    "RoleArn": self._role,
                    "Input": json.dumps({"request_id": request_id}),
                    "RetryPolicy": {
                        "MaximumRetryAttempts": RETRIES,
                        "MaximumEventAgeInSeconds": OLDEST_WAKE_SECONDS,
                    },
                },
            )
        except client.exceptions.ConflictException:
            return  # the name says for what and when: it is the same wake
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"the scheduler does not answer: {type(error).__name__}") from error


def _next_whole_second(at: datetime) -> datetime:
    # Schedules know whole seconds. Rounded down, one would wake before the end and find nothing to do.
    at = at.astimezone(UTC)
    whole = at.replace(microsecond=0)
    return whole if whole == at else whole + timedelta(seconds=1)
