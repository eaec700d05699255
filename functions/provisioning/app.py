"""Rung by the State stream when a request becomes APPROVED or REVOKING: gives or ends the access."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch import bootstrap
from nightlatch.domain.audit_event import Source
from nightlatch.entrypoints.wakes import advance_all, requests_in_stream

logger = Logger()


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Advance the requests that the batch names."""
    advance_all(bootstrap.provisioning(Source.SYSTEM), requests_in_stream(event), logger=logger)
