"""Which audit entries a query asks for: the same parameters for each route that finds entries by them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import TypeVar

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.entrypoints.api.entry_parameters import EntrySearch, EventTypes, Severities, SinceDay, UntilDay
from nightlatch.entrypoints.api.entry_queries import entry_filter
from nightlatch.entrypoints.api.parameters import Ids, Relative, Rounded, Sources, Zone
from nightlatch.entrypoints.asked_frame import AskedFrame

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class AskedEntries:
    """What was sent. Each field is a parameter of the query."""

    last: Relative = None
    rounded: Rounded = None
    start_date: SinceDay = None
    end_date: UntilDay = None
    zone: Zone = None
    event_type: EventTypes = None
    actor: Ids = None
    severity: Severities = None
    resource: Ids = None
    request_id: Ids = None
    integration: Ids = None
    source: Sources = None
    q: EntrySearch = None

    def read(self, *, now: datetime, own_zone: str) -> EntryFilter:
        """Say which entries are meant. `own_zone` is the deployment's."""
        frame = AskedFrame(
            last=self.last,
            rounded=self.rounded,
            zone=self.zone,
            since=self.start_date,
            until=self.end_date,
            begin_name="start_date",
            end_name="end_date",
        )
        return entry_filter(
            frame=frame.read(now=now, own_zone=own_zone),
            event_types=self.event_type,
            actors=self.actor,
            severities=self.severity,
            resources=self.resource,
            request_ids=self.request_id,
            integrations=self.integration,
            sources=self.source,
            text=self.q,
        )


def asking_for_entries(route: Callable[..., R]) -> Callable[..., R]:
    """Give a route all of these parameters, and hand them to it as its `asked`.

    Powertools reads a route's parameters off its signature; a dependency of a route cannot have any.
    """
    own, shared = signature(route), signature(AskedEntries).parameters

    @wraps(route)
    def asking(**sent: object) -> R:
        asked = AskedEntries(**{name: sent.pop(name) for name in shared})  # type: ignore[arg-type]  # they were checked
        return route(asked=asked, **sent)

    parameters = [*(one for one in own.parameters.values() if one.name != "asked"), *shared.values()]
    asking.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # inspect looks for it
    return asking
