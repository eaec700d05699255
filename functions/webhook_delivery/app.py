"""Rung by new entries of the ledger, by its queue and every minute: delivers what waits for one destination."""

import sys
from typing import Any

from nightlatch.bootstrap.delivering import delivering
from nightlatch.bootstrap.schedules import schedules

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.deliveries import deliver
from nightlatch.entrypoints.runs import telling

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Ring for all destinations, or work off the one that was rung for."""
    with telling("webhook-delivery-sweep", event, schedules=schedules(), logger=logger) as run:
        run.items = deliver(event, context, delivering=delivering(), logger=logger, metrics=sys.stdout)
