"""What the pages of oversight call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.activity import activity, lookups
from nightlatch.bootstrap.requests import access_requests
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.activity import Activity
from nightlatch.services.lookups import Lookups


@dataclass(frozen=True)
class OversightDesk(Desk):
    """Following all requests."""

    requests: Callable[[], AccessRequests] = access_requests
    activity: Callable[[], Activity] = activity
    lookups: Callable[[], Lookups] = lookups
