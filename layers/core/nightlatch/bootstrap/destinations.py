"""Destinations, as administrators see them."""

import os
from functools import cache

from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.deliveries import queue, stored
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.senders import senders
from nightlatch.bootstrap.settings import settings
from nightlatch.services.destinations import Destinations


@cache
def destinations() -> Destinations:
    """Wire the use cases around destinations."""
    return Destinations(
        unit_of_work=state.unit_of_work(),
        destinations=stored(),
        ledger=ledger(),
        senders=senders(),
        secrets=SecretsManagerSecrets(
            lambda: aws.client("secretsmanager"), prefix=settings().destination_secret_prefix
        ),
        queue=queue(),
        clock=clock.now,
        randomness=os.urandom,
    )
