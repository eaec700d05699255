"""Rings for destinations through a queue: a message for each, so that none waits for another's."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.services.ports.deliveries import AT_ONCE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsDeliveryQueue:
    """Sends messages to `queue` (an address). What is lost there, the sweep makes good."""

    def __init__(self, client: Callable[[], "SQSClient"], *, queue: str) -> None:
        self._client = cache(client)
        self._queue = queue

    def ring(self, destination_id: str, *, delay: timedelta = AT_ONCE) -> None:
        """Let somebody work a destination off, after a while; never sooner, so that what is due then is due."""
        body = json.dumps({"destination": destination_id})
        seconds = ceil(delay.total_seconds())
        try:
            self._client().send_message(QueueUrl=self._queue, MessageBody=body, DelaySeconds=seconds)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"nobody can be rung: {type(error).__name__}") from error
