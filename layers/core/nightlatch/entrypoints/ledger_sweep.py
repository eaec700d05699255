"""A run of the function `ledger`: what waits is numbered; as the sweep, it also tells what nobody else tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.metrics import embedded
from nightlatch.entrypoints.runs import TIME_TO_STOP, is_sweep, telling
from nightlatch.services.deploying import Deploying
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.schedules import Schedules
from nightlatch.services.sequencer import Sequencer
from nightlatch.services.tallying import Tallying

DRAIN_BATCHES = 10


def keep_ledger(
    event: Mapping[str, Any],
    context: LambdaContext,
    *,
    clock: Clock,
    sequencer: Sequencer,
    tallying: Tallying,
    deploying: Deploying,
    schedules: Schedules,
    logger: Logger,
    metrics: TextIO,
) -> None:
    """Append what waits to the ledger; as the sweep, also tell what was counted, deployed and moved aside.

    What is told is numbered at once; when it cannot be told, what waits is numbered all the same.
    """
    with telling("ledger-sweep", event, schedules=schedules, logger=logger) as run:
        try:
            if is_sweep(event):
                deploying.notice()
                tallying.tell()
        finally:
            run.items = drain(sequencer, context, logger=logger)
        if is_sweep(event):
            metrics.write(metric_line(sequencer.moved_aside(), at=clock(), function=context.function_name) + "\n")


def drain(sequencer: Sequencer, context: LambdaContext, *, logger: Logger) -> int:
    """Append what waits in the outbox until it is empty or time runs short, and return how many events that were."""
    total = 0
    while context.get_remaining_time_in_millis() > TIME_TO_STOP:
        numbered = sequencer.drain(batches=DRAIN_BATCHES)
        total += numbered
        if not numbered:
            break
    logger.info("outbox drained", events=total)
    return total


def metric_line(unreadable: int, *, at: datetime, function: str) -> str:
    """Write how many rows could not be read as a metric."""
    return embedded({"UnreadableRows": unreadable}, at=at, function=function)
