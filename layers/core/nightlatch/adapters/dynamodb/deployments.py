"""Reading what was deployed when somebody last looked."""

from nightlatch.adapters.dynamodb.keys import DEPLOYMENT, Key, key_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.deployment import Deployment


@key_of.register
def _(_: Deployment) -> Key:
    return DEPLOYMENT


class DynamoDeployments:
    """Reads the deployment."""

    def deployment(self) -> Deployment | None:
        """Read it, consistently; None before anybody looked."""
        record = read_one(StateRecord, DEPLOYMENT)
        return value_of(record, Deployment) if record else None
