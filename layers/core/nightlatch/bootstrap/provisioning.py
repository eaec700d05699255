"""The work at the targets, and the handing on of it."""

import os
from functools import cache

from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.adapters.lambda_fan_out import LambdaFanOut
from nightlatch.adapters.scheduler import EventBridgeTimer
from nightlatch.bootstrap import aws, clock, known, state, targets
from nightlatch.bootstrap.settings import settings
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.services.ports.targets import FanOut
from nightlatch.services.provisioning import Provisioning


@cache
def provisioning(source: Source) -> Provisioning:
    """Wire the work at the targets, as it is woken by `source`."""
    return Provisioning(
        unit_of_work=state.unit_of_work(OF_A_WORKER),
        requests=state.requests(),
        flows=state.flows(),
        people=known.people(),
        catalogue=known.catalogue(),
        connectors=targets.connectors(),
        timer=_timer(),
        vault=targets.vault(),
        clock=clock.now,
        randomness=os.urandom,
        origin=Origin(source=source),
    )


@cache
def fan_out() -> FanOut:
    """Wire how the sweep hands on what is due."""
    return LambdaFanOut(lambda: aws.client("lambda"), function=settings().expiry_function)


@cache
def _timer() -> EventBridgeTimer:
    chosen = settings()
    return EventBridgeTimer(
        lambda: aws.client("scheduler"),
        group=chosen.schedule_group,
        role=chosen.schedule_role,
        function=chosen.expiry_function,
    )
