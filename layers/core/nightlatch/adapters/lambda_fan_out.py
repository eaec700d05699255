"""Hands the work of one integration to another invocation of the expiry function, without waiting for it."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaFanOut:
    """Invokes `function` (an ARN) asynchronously. A lost invocation is made good by the next sweep."""

    def __init__(self, client: Callable[[], "LambdaClient"], *, function: str) -> None:
        self._client = cache(client)
        self._function = function

    def work_off(self, integration_id: str) -> None:
        """Let another invocation work off what is due at one integration."""
        payload = json.dumps({"integration": integration_id}).encode()
        self._client().invoke(FunctionName=self._function, InvocationType="Event", Payload=payload)
