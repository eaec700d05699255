"""An invocation names an export; the record says what is left to do."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.services.export_jobs import ExportJobs

TIME_TO_STOP = 60_000
"""Milliseconds that are left for the step already begun: the longest is to read the largest file once."""


def work_on(event: Mapping[str, Any], context: LambdaContext, *, jobs: ExportJobs, logger: Logger) -> None:
    """Go on with an export while time lasts."""
    export = jobs.work_on(
        event["person"], event["export"], has_time=lambda: context.get_remaining_time_in_millis() > TIME_TO_STOP
    )
    logger.info("export worked on", export_id=export.id, state=export.state, rows=export.progress.rows)
