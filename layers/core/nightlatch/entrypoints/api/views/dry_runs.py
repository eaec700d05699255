"""What would come of asking."""

from collections.abc import Iterator
from typing import Self

from nightlatch.domain.errors import Fault
from nightlatch.domain.flow_advice import Advice, AdviceKind
from nightlatch.domain.flow_choice import Decision
from nightlatch.entrypoints.api.views.base import Time, View, seconds
from nightlatch.entrypoints.api.views.requests import Approvers, Extensions, FlowReference
from nightlatch.services.asking import DryRun


class Objection(View):
    """What stands against it: in which flow (none: no flow covers it), at which place of what was sent."""

    flow: str | None
    pointer: str
    detail: str


class NamedItem(View):
    """One permission on one resource, as a request would name it."""

    resource_type: str
    resource: str
    permission: str


class Alternative(View):
    """What would work instead. What is not said anew stays as it was."""

    kind: AdviceKind
    text: str
    items: list[NamedItem]
    duration_seconds: int | None
    starts_at: Time | None

    @classmethod
    def of(cls, advice: Advice) -> Self:
        """Show a wish that would pass."""
        wish = advice.wish
        return cls(
            kind=advice.kind,
            text=advice.text,
            items=[
                NamedItem(resource_type=resource.type, resource=resource.id, permission=permission.name)
                for resource, permission in wish.targets
            ],
            duration_seconds=seconds(wish.duration) if wish.duration else None,
            starts_at=wish.starts_at,
        )


class DryRunView(View):
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

    @classmethod
    def of(cls, run: DryRun) -> Self:
        """Show what would come of it."""
        request, maximum = run.request, run.decision.longest
        flow = request.flow if request else None
        return cls(
            allowed=request is not None and run.duplicate_of is None,
            flow=FlowReference(id=flow.id, name=flow.name, version=flow.version, reason=flow.reason) if flow else None,
            approvers=Approvers.of(request) if request else None,
            extensions=Extensions.of(request) if request else None,
            duration_seconds=seconds(request.duration) if request else None,
            maximum_seconds=seconds(maximum) if maximum else None,
            starts_at=request.starts_at if request else None,
            duplicate_of=run.duplicate_of,
            why_not=[] if request else list(_objections(run.decision)),
            instead=[Alternative.of(advice) for advice in run.advice],
        )


def _objections(decision: Decision) -> Iterator[Objection]:
    uncovered = Fault("", "no access flow lets you ask for this")
    if not decision.candidates:
        yield Objection(flow=None, pointer=uncovered.pointer, detail=uncovered.message)
    for candidate in decision.candidates:
        for fault in candidate.faults:
            yield Objection(flow=candidate.flow.id, pointer=fault.pointer, detail=fault.message)
