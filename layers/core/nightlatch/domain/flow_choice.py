"""The choice of the access flow for a wish: one pure function, and the reasons for its answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.errors import Fault, InvalidInputError, NotAllowedError
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission, Resource


@dataclass(frozen=True)
class Wish:
    """What somebody would like to have. `duration` None means the flow's default."""

    integration: str
    items: Sequence[tuple[Resource, Permission]]
    duration: timedelta | None
    justification: str


@dataclass(frozen=True)
class FlowChoice:
    """The flow that applies, for how long, and why it was this one."""

    flow: AccessFlow
    duration: timedelta
    reason: str


def choose_flow(flows: Iterable[AccessFlow], wish: Wish, *, requester: Principal) -> FlowChoice:
    """Choose, among the flows that cover the whole wish, the one that needs the fewest approvals.

    Raises NotAllowedError when no flow covers it, InvalidInputError when one does but the wish breaks its rules.
    """
    covering = covering_flows(flows, wish, requester=requester)
    if not covering:
        raise NotAllowedError("no access flow lets you ask for this")
    satisfied = [flow for flow in covering if not _faults(flow, wish)]
    if not satisfied:
        most_generous = max(covering, key=lambda flow: (flow.definition.grant.maximum, flow.id))
        raise InvalidInputError(*_faults(most_generous, wish))
    flow = min(satisfied, key=fewest_approvals)
    reason = "the only flow that covers it" if len(satisfied) == 1 else "needs the fewest approvals"
    duration = flow.definition.grant.default if wish.duration is None else wish.duration
    return FlowChoice(flow, duration, reason)


def covering_flows(flows: Iterable[AccessFlow], wish: Wish, *, requester: Principal) -> list[AccessFlow]:
    """List the flows that let `requester` ask for all of the wish, whatever else they demand."""
    return [flow for flow in flows if _covers(flow, wish, requester)]


def fewest_approvals(flow: AccessFlow) -> tuple[int, str]:
    """Order flows by how little they ask of others; equal ones by id, so that the choice is always the same."""
    return flow.definition.approve.needed, flow.id


def _covers(flow: AccessFlow, wish: Wish, requester: Principal) -> bool:
    what = flow.definition.what
    return flow.definition.who.selects(requester) and all(
        what.selects(wish.integration, resource, permission) for resource, permission in wish.items
    )


def _faults(flow: AccessFlow, wish: Wish) -> list[Fault]:
    grant, require = flow.definition.grant, flow.definition.require
    faults = []
    if wish.duration is not None and wish.duration > grant.maximum:
        faults.append(Fault("/duration", f"must not be longer than {iso_8601(grant.maximum)} (flow {flow.id})"))
    shortest = require.minimum_length if require.justification else 0
    if len(wish.justification.strip()) < shortest:
        faults.append(Fault("/justification", f"must have at least {shortest} characters (flow {flow.id})"))
    return faults
