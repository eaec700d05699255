"""Woken for an export that is too large for an answer: writes it, and hands on what is left when time runs short."""

from typing import Any

from nightlatch.bootstrap.exports import export_jobs

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.export_wakes import work_on

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Go on with the export that is named."""
    work_on(event, context, jobs=export_jobs(), logger=logger)
