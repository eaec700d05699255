"""Doorbells and timers: a stream record or a schedule names a request, and the record decides what is to be done."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import RequestNotFoundError, RivalChangeError
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.sequencer import Sequencer

DRAIN_BATCHES = 10
TIME_TO_STOP = 20_000
"""Milliseconds of a function's time that are left for the work already begun."""


class WakeFailedError(Exception):
    """Some of the requests could not be worked on. They stay due: the next wake finds them."""


def requests_in_stream(event: Mapping[str, Any]) -> list[str]:
    """Read which requests a batch of State stream records is about, each once, in order."""
    keys = (record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"])
    return list(dict.fromkeys(key.removeprefix("REQUEST#") for key in keys))


def advance_all(provisioning: Provisioning, request_ids: Iterable[str], *, logger: Logger) -> None:
    """Advance each request; one that fails holds up none of the others, and fails the wake at the end."""
    failed = []
    for request_id in request_ids:
        try:
            request = provisioning.advance(request_id)
            logger.info("request advanced", request_id=request_id, status=request.status, due_at=request.due_at)
        except RequestNotFoundError:
            logger.info("request is not kept any longer", request_id=request_id)
        except RivalChangeError:
            logger.info("request is being advanced by another worker", request_id=request_id)
        except Exception:
            logger.exception("request could not be advanced", request_id=request_id)
            failed.append(request_id)
    if failed:
        raise WakeFailedError(f"{len(failed)} requests could not be advanced: {', '.join(failed)}")


def due_requests(provisioning: Provisioning, context: LambdaContext) -> Iterator[str]:
    """List whatever is due until the function's time runs short."""
    return takewhile(lambda _: context.get_remaining_time_in_millis() > TIME_TO_STOP, provisioning.due())


def drain(sequencer: Sequencer, context: LambdaContext, *, logger: Logger) -> None:
    """Append what waits in the outbox until it is empty or the function's time runs short."""
    total = 0
    while context.get_remaining_time_in_millis() > TIME_TO_STOP:
        numbered = sequencer.drain(batches=DRAIN_BATCHES)
        total += numbered
        if not numbered:
            break
    logger.info("outbox drained", events=total)
