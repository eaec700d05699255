"""What would come of asking."""

from collections.abc import Iterator

from typing_extensions import TypedDict

from nightlatch.domain.errors import Fault
from nightlatch.domain.flow_advice import Advice, AdviceKind
from nightlatch.domain.flow_choice import Decision
from nightlatch.entrypoints.api.views.base import Time, seconds, time_of, view
from nightlatch.entrypoints.api.views.requests import (
    Approvers,
    Extensions,
    FlowReference,
    approvers_view,
    extensions_view,
)
from nightlatch.services.asking import DryRun


@view
class Objection(TypedDict):
    """What stands against it: in which flow (none: no flow covers it), at which place of what was sent."""

    flow: str | None
    pointer: str
    detail: str


@view
class NamedItem(TypedDict):
    """One permission on one resource, as a request would name it."""

    resource_type: str
    resource: str
    permission: str


@view
class Alternative(TypedDict):
    """What would work instead. What is not said anew stays as it was."""

    kind: AdviceKind
    text: str
    items: list[NamedItem]
    duration_seconds: int | None
    starts_at: Time | None


def alternative(advice: Advice) -> Alternative:
    """Show a wish that would pass."""
    wish = advice.wish
    return Alternative(
        kind=advice.kind,
        text=advice.text,
        items=[
            NamedItem(resource_type=resource.type, resource=resource.id, permission=permission.name)
            for resource, permission in wish.targets
        ],
        duration_seconds=seconds(wish.duration) if wish.duration else None,
        starts_at=time_of(wish.starts_at),
    )


@view
class DryRunView(TypedDict):
    """Which flow would rule, who would be asked and for how long at most; or why not, and what would work instead."""

    allowed: bool
    flow: FlowReference | None
    approvers: Approvers | None
    extensions: Extensions | None
    duration_seconds: int | None
    maximum_seconds: int | None
    starts_at: Time | None
    duplicate_of: str | None
    why_not: list[Objection]
    instead: list[Alternative]


def dry_run_view(run: DryRun) -> DryRunView:
    """Show what would come of it."""
    request, maximum = run.request, run.decision.longest
    flow = request.flow if request else None
    return DryRunView(
        allowed=request is not None and run.duplicate_of is None,
        flow=FlowReference(id=flow.id, name=flow.name, version=flow.version, reason=flow.reason) if flow else None,
        approvers=approvers_view(request) if request else None,
        extensions=extensions_view(request) if request else None,
        duration_seconds=seconds(request.duration) if request else None,
        maximum_seconds=seconds(maximum) if maximum else None,
        starts_at=time_of(request.starts_at) if request else None,
        duplicate_of=run.duplicate_of,
        why_not=[] if request else list(_objections(run.decision)),
        instead=[alternative(advice) for advice in run.advice],
    )


def _objections(decision: Decision) -> Iterator[Objection]:
    uncovered = Fault("", "no access flow lets you ask for this")
    if not decision.candidates:
        yield Objection(flow=None, pointer=uncovered.pointer, detail=uncovered.message)
    for candidate in decision.candidates:
        for fault in candidate.faults:
            yield Objection(flow=candidate.flow.id, pointer=fault.pointer, detail=fault.message)
