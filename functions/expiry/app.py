"""Woken at the end of a grant, and every minute for whatever is due: no end depends on a timer alone."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch import bootstrap
from nightlatch.domain.audit_event import Source
from nightlatch.entrypoints.wakes import advance_all, due_requests

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Advance the request that the timer names, or everything that is due."""
    provisioning = bootstrap.provisioning(Source.SCHEDULE)
    named = [event["request_id"]] if "request_id" in event else due_requests(provisioning, context)
    advance_all(provisioning, named, logger=logger)
    logger.info("woken", by="timer" if "request_id" in event else "sweep")
