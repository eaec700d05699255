"""The three that call the function `webhook_delivery`: the ledger's stream, its own queue, and the sweep.

New entries and the sweep only ring: a message for each destination, and each message is one invocation. So a receiver
that hangs holds up nobody else's.
"""

import json
from collections.abc import Mapping
from typing import Any, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.metrics import embedded
from nightlatch.services.delivering import Delivering, Health

TIME_TO_STOP = 45_000
"""Milliseconds that a parcel may take whose receiver answers at the last moment."""


def deliver(
    event: Mapping[str, Any], context: LambdaContext, *, delivering: Delivering, logger: Logger, metrics: TextIO
) -> int:
    """Do what the function was called for, and return for how many destinations, or how many parcels, that was."""
    match event:
        case {"sweep": True}:
            health = delivering.sweep()
            metrics.write(metric_line(health, function=context.function_name) + "\n")
            return health.active
        case {"Records": [{"eventSource": "aws:sqs", "body": body}]}:
            return work_off(json.loads(body)["destination"], context, delivering=delivering, logger=logger)
        case {"Records": [{"eventSource": "aws:dynamodb"}, *_]}:
            rung = delivering.ring()
            logger.info("destinations rung for", destinations=rung)
            return rung
        case _:
            raise ValueError(f"nobody delivers for {sorted(event)}")


def work_off(destination_id: str, context: LambdaContext, *, delivering: Delivering, logger: Logger) -> int:
    """Deliver to one destination while time lasts, and return how many parcels that were."""
    sent = delivering.work_off(destination_id, has_time=lambda: context.get_remaining_time_in_millis() > TIME_TO_STOP)
    logger.info("destination worked off", destination_id=destination_id, parcels=sent)
    return sent


def metric_line(health: Health, *, function: str) -> str:
    """Write how destinations are as metrics."""
    figures = {"FailingDestinations": health.failing, "DisabledDestinations": health.disabled}
    return embedded(figures, at=health.at, function=function)
