"""Rung by the State stream when a request is to be begun, ended or extended: does the work at its target."""

from typing import Any

from nightlatch.bootstrap.provisioning import provisioning

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.audit_event import Source
from nightlatch.entrypoints.wakes import advance_all, requests_in_stream, while_time_lasts

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Advance the requests that the batch names; what there is no time for is left to the sweep."""
    work = while_time_lasts(requests_in_stream(event), context)
    advance_all(provisioning(Source.SYSTEM), work, logger=logger)
