"""Wakes the function that looks for anomalies, for a replay, and does not wait for it."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaDetectionWorkers:
    """Invokes `function` (an ARN) asynchronously. A lost invocation is made good by the next sweep."""

    def __init__(self, client: Callable[[], "LambdaClient"], *, function: str) -> None:
        self._client = cache(client)
        self._function = function

    def work_on(self, lane_id: str) -> None:
        """Let a worker go on with a replay."""
        payload = json.dumps({"lane": lane_id}).encode()
        try:
            self._client().invoke(FunctionName=self._function, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"no worker can be woken: {type(error).__name__}") from error
