"""Every 15 minutes: seal what was recorded, and check a piece of what was sealed."""

import sys
from typing import Any

from nightlatch.bootstrap.schedules import schedules
from nightlatch.bootstrap.sealing import sealing, self_check

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.runs import telling
from nightlatch.entrypoints.seals import seal

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Seal and check, whoever calls."""
    with telling("sealing-sweep", event, schedules=schedules(), logger=logger) as run:
        run.items = seal(sealing(), self_check(), context, logger=logger, metrics=sys.stdout)
