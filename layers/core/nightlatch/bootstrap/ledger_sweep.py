"""What only the ledger's sweep tells: what was counted, and what was deployed."""

from functools import cache

from nightlatch.adapters.dynamodb.deployments import DynamoDeployments
from nightlatch.bootstrap import clock, state
from nightlatch.bootstrap.settings import settings
from nightlatch.bootstrap.tallies import tallies
from nightlatch.services.deploying import Deploying
from nightlatch.services.tallying import Tallying


@cache
def tallying() -> Tallying:
    """Wire the telling of tallies."""
    return Tallying(unit_of_work=state.unit_of_work(), tallies=tallies(), clock=clock.now)


@cache
def deploying() -> Deploying:
    """Wire the noticing of deployments."""
    return Deploying(
        unit_of_work=state.unit_of_work(),
        deployments=DynamoDeployments(),
        clock=clock.now,
        code=settings().code,
        policy=settings().policy,
    )
