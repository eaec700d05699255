"""What the pages of configuration call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.flows import access_flows
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_flows import AccessFlows


@dataclass(frozen=True)
class ConfigurationDesk(Desk):
    """Access flows."""

    flows: Callable[[], AccessFlows] = access_flows
