"""Doorbells and timers: a stream record or a schedule names a request, and the record decides what is to be done.

The sweep names none: it hands what is due to one invocation for each integration, so that none waits for another's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from typing import Any, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.errors import RequestNotFoundError, RivalChangeError
from nightlatch.entrypoints.metrics import embedded
from nightlatch.entrypoints.runs import TIME_TO_STOP
from nightlatch.services.call import despite_rivals
from nightlatch.services.ports.targets import FanOut
from nightlatch.services.provisioning import Backlog, Provisioning, is_resisted

PATIENCE_OF_A_BATCH = 1
PATIENCE_OF_A_SWEEP = 3
"""After so many failures in a row a target's other requests are left to a later sweep, unless a sweep sees that the
target itself is well: then it is those requests that it resists, and others must not wait for them."""

Work = tuple[str, str]
"""The id of a request, and that of the integration at which the work will be ("" where only one is woken)."""


class WakeFailedError(Exception):
    """Some of what was to be done could not be. It stays due: the next wake finds it."""


class Patience:
    """How often in a row a target may fail before it is left alone for a while."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures = Counter[str]()

    def is_out(self, integration_id: str) -> bool:
        """Whether a target has failed too often."""
        return self._failures[integration_id] >= self._limit

    def renew(self, integration_id: str) -> None:
        """Begin to count anew: the target itself is well."""
        self._failures[integration_id] = 0

    def learn(self, request: AccessRequest) -> None:
        """See what became of a request. What another worker has claimed tells nothing of its target."""
        if request.claimed_from:
            return
        target = request.integration.id
        self._failures[target] = self._failures[target] + 1 if is_resisted(request) else 0


# What is to be done


def requests_in_stream(event: Mapping[str, Any]) -> list[Work]:
    """Read which requests a batch of State stream records is about, each once, in order; none that was removed."""
    changes = (record["dynamodb"] for record in event["Records"])
    images = (change["NewImage"] for change in changes if "NewImage" in change)
    return list(dict.fromkeys((image["id"]["S"], image["integration_id"]["S"]) for image in images))


def while_time_lasts(work: Iterable[Work], context: LambdaContext) -> Iterator[Work]:
    """Begin nothing more when the function's time runs short."""
    return takewhile(lambda _: context.get_remaining_time_in_millis() > TIME_TO_STOP, work)


# Doing it


def wake(
    event: Mapping[str, Any],
    context: LambdaContext,
    *,
    provisioning: Provisioning,
    fan_out: FanOut,
    logger: Logger,
    metrics: TextIO,
) -> int:
    """Do what the expiry function was called for: one request, one integration's, or the sweep.

    Returns how many requests were due to the sweep.
    """
    match event:
        case {"request_id": request_id}:
            advance_all(provisioning, [(request_id, "")], logger=logger)
        case {"integration": integration_id}:
            work_off(provisioning, integration_id, context, logger=logger)
        case {"sweep": True}:
            backlog = provisioning.backlog()
            metrics.write(metric_line(backlog, function=context.function_name) + "\n")
            hand_on(backlog, fan_out, logger=logger)
            return sum(backlog.due.values())
        case _:
            raise ValueError(f"nobody is woken by {sorted(event)}")
    return 0


def hand_on(backlog: Backlog, fan_out: FanOut, *, logger: Logger) -> None:
    """Hand what is due to one invocation for each integration; one that cannot be called holds up none of the others.

    Raises WakeFailedError at the end when some could not.
    """
    failed = []
    for integration_id in backlog.due:
        try:
            fan_out.work_off(integration_id)
        except Exception:
            logger.exception("integration could not be handed on", integration_id=integration_id)
            failed.append(integration_id)
    if failed:
        raise WakeFailedError(f"{len(failed)} integrations could not be handed on: {', '.join(failed)}")


def work_off(provisioning: Provisioning, integration_id: str, context: LambdaContext, *, logger: Logger) -> None:
    """Advance what is due at an integration, until its target is seen not to be well or time runs short."""
    targets = Patience(PATIENCE_OF_A_SWEEP)

    def is_well() -> bool:
        if targets.is_out(integration_id) and provisioning.is_usable(integration_id):
            targets.renew(integration_id)
        return not targets.is_out(integration_id)

    work = ((request_id, integration_id) for request_id in provisioning.due(integration_id))
    promising = takewhile(lambda _: is_well(), while_time_lasts(work, context))
    advance_all(provisioning, promising, logger=logger, targets=targets)


def advance_all(
    provisioning: Provisioning, work: Iterable[Work], *, logger: Logger, targets: Patience | None = None
) -> None:
    """Advance each request; one that fails holds up none of the others, and fails the wake at the end.

    What is left of a target that fails too often in a row is left to the sweep.
    """
    targets, failed = targets or Patience(PATIENCE_OF_A_BATCH), []
    for request_id, integration_id in work:
        if targets.is_out(integration_id):
            logger.info("request is left to the sweep", request_id=request_id, integration_id=integration_id)
            continue
        try:
            request = despite_rivals(partial(provisioning.advance, request_id))
            targets.learn(request)
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


def metric_line(backlog: Backlog, *, function: str) -> str:
    """Write a backlog as metrics."""
    figures = {
        "QuarantinedRequests": backlog.quarantined,
        "OverdueRequests": sum(backlog.due.values()),
        "OldestOverdueSeconds": int(backlog.oldest.total_seconds()),
    }
    return embedded(figures, at=backlog.at, function=function)
