"""Rung by what enters the ledger, and every minute: looks for anomalies in what it has not looked at yet."""

from typing import Any

from nightlatch.bootstrap.detection import detection
from nightlatch.bootstrap.schedules import schedules

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.detecting import detect

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Follow the ledger to its end; which entry rang does not matter."""
    detect(event, context, detection=detection(), schedules=schedules(), logger=logger)
