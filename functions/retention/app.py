"""Woken every five minutes: lets stored audit events expire when the retention in force says."""

from typing import Any

from nightlatch.bootstrap.retention import retention
from nightlatch.bootstrap.schedules import schedules

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.retention_walk import walk
from nightlatch.entrypoints.runs import telling

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Walk on along the ledger; when all of it follows the settings there is nothing to do."""
    with telling("retention-sweep", event, schedules=schedules(), logger=logger) as run:
        run.items = walk(retention(), context, logger=logger)
