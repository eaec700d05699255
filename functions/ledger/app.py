"""Rung by each event that enters the outbox, and every minute: numbers what waits, and tells what was counted."""

import sys
from typing import Any

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.ledger_sweep import deploying, tallying
from nightlatch.bootstrap.schedules import schedules
from nightlatch.bootstrap.sequencer import sequencer

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.ledger_sweep import keep_ledger

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Drain the outbox; which event rang does not matter."""
    keep_ledger(
        event,
        context,
        clock=clock.now,
        sequencer=sequencer(),
        tallying=tallying(),
        deploying=deploying(),
        schedules=schedules(),
        logger=logger,
        metrics=sys.stdout,
    )
