"""Runs of schedules: what they did is told, and what they failed at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.entrypoints.metrics import embedded
from nightlatch.entrypoints.wakes import drain
from nightlatch.services.deploying import Deploying
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.schedules import Schedules
from nightlatch.services.sequencer import Sequencer
from nightlatch.services.tallying import Tallying


@dataclass
class Run:
    """One run of a schedule. `items` is how much it dealt with."""

    items: int = 0


def is_sweep(event: Mapping[str, Any]) -> bool:
    """Whether a schedule called, and for all there is."""
    return event.get("sweep") is True


@contextmanager
def telling(name: str, event: Mapping[str, Any], *, schedules: Schedules, logger: Logger) -> Iterator[Run]:
    """Tell the run of a schedule; a call that no schedule made is none."""
    run = Run()
    if not is_sweep(event):
        yield run
        return
    try:
        yield run
    except Exception as error:
        _tell_failure(name, error, schedules, logger)
        raise
    schedules.ran(name, items=run.items)


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


def metric_line(unreadable: int, *, at: datetime, function: str) -> str:
    """Write how many rows could not be read as a metric."""
    return embedded({"UnreadableRows": unreadable}, at=at, function=function)


def _tell_failure(name: str, error: Exception, schedules: Schedules, logger: Logger) -> None:
    try:
        schedules.failed(name, error)
    except StoreUnavailableError:
        logger.exception("failure of a schedule could not be told", schedule=name)
