"""A run of the function `anomaly_detection`: rung, it follows the ledger to its end; woken for
a replay, it works that off; as the sweep, it does both.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.detection_lane import LIVE
from nightlatch.domain.errors import RivalChangeError
from nightlatch.entrypoints.runs import TIME_TO_STOP, is_sweep, telling
from nightlatch.services.detection import Detection
from nightlatch.services.schedules import Schedules


def detect(
    event: Mapping[str, Any],
    context: LambdaContext,
    *,
    detection: Detection,
    schedules: Schedules,
    logger: Logger,
) -> None:
    """Look at all there is, in every lane that concerns the call, until time runs short."""
    with telling("anomaly-detection-sweep", event, schedules=schedules, logger=logger) as run:
        for lane_id in detection.unfinished() if is_sweep(event) else [event.get("lane", LIVE)]:
            run.items += follow(detection, lane_id, context, logger=logger)


def follow(detection: Detection, lane_id: str, context: LambdaContext, *, logger: Logger) -> int:
    """Take the steps of a lane until there are none or time runs short, and return at how many entries it looked.

    A rival's step is as good as an own one.
    """
    entries, findings = 0, 0
    while context.get_remaining_time_in_millis() > TIME_TO_STOP:
        try:
            step = detection.step(lane_id)
        except RivalChangeError:
            continue
        if step is None:
            break
        entries, findings = entries + step.entries, findings + len(step.findings)
    logger.info("lane followed", lane=lane_id, entries=entries, findings=findings)
    return entries
