"""Wakes the function that writes large exports, and does not wait for it."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaExportWorkers:
    """Invokes `function` (an ARN) asynchronously. A lost invocation is made good when somebody looks at the export."""

    def __init__(self, client: Callable[[], "LambdaClient"], *, function: str) -> None:
        self._client = cache(client)
        self._function = function

    def work_on(self, person_id: str, export_id: str) -> None:
        """Let a worker go on with an export."""
        payload = json.dumps({"person": person_id, "export": export_id}).encode()
        try:
            self._client().invoke(FunctionName=self._function, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"no worker can be woken: {type(error).__name__}") from error
