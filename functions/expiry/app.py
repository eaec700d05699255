"""Woken at the start and the end of a grant, and every minute for whatever is due: nothing depends on a timer alone."""

import sys
from typing import Any

from nightlatch.bootstrap.provisioning import fan_out, provisioning
from nightlatch.bootstrap.schedules import schedules

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.audit_event import Source
from nightlatch.entrypoints.runs import telling
from nightlatch.entrypoints.wakes import wake

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Advance the request that the timer names, or what is due at the integration that the sweep names, or sweep."""
    with telling("expiry-sweep", event, schedules=schedules(), logger=logger) as run:
        run.items = wake(
            event,
            context,
            provisioning=provisioning(Source.SCHEDULE),
            fan_out=fan_out(),
            logger=logger,
            metrics=sys.stdout,
        )
