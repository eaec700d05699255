"""Runs of schedules: what they did is told, and what they failed at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.services.schedules import Schedules

TIME_TO_STOP = 20_000
"""Milliseconds of a function's time that are left for the work already begun."""


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


def _tell_failure(name: str, error: Exception, schedules: Schedules, logger: Logger) -> None:
    try:
        schedules.failed(name, error)
    except StoreUnavailableError:
        logger.exception("failure of a schedule could not be told", schedule=name)
