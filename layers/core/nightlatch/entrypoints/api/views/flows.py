"""Access flows."""

from collections.abc import Iterable, Sequence
from typing import Self

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
from nightlatch.domain.flow_history import Difference, differences
from nightlatch.domain.identity import Person
from nightlatch.entrypoints.api.views.base import Time, View


class FlowView(View):
    """One version of an access flow."""

    id: str
    version: int
    updated_at: Time
    updated_by: Person
    definition: FlowDefinition

    @classmethod
    def of(cls, flow: AccessFlow) -> Self:
        """Show a flow."""
        return cls(
            id=flow.id,
            version=flow.version,
            updated_at=flow.updated_at,
            updated_by=flow.updated_by,
            definition=flow.definition,
        )


class FlowList(View):
    """Every flow in force."""

    flows: list[FlowView]

    @classmethod
    def of(cls, flows: Iterable[AccessFlow]) -> Self:
        """Show flows."""
        return cls(flows=[FlowView.of(flow) for flow in flows])


class FlowVersion(FlowView):
    """One version of a flow, and what it changed."""

    is_deleted: bool
    changes: list[Difference]

    @classmethod
    def after(cls, before: AccessFlow | None, flow: AccessFlow) -> Self:
        """Show a version beside the one before it."""
        old = before.definition if before and not before.is_deleted else None
        changes = differences(old, None if flow.is_deleted else flow.definition)
        return cls(**dict(FlowView.of(flow)), is_deleted=flow.is_deleted, changes=changes)


class FlowVersions(View):
    """Every version that a flow had, newest first."""

    versions: list[FlowVersion]

    @classmethod
    def of(cls, flows: Sequence[AccessFlow]) -> Self:
        """Show versions, newest first."""
        pairs = zip(flows, [*flows[1:], None], strict=True)
        return cls(versions=[FlowVersion.after(before, flow) for flow, before in pairs])
