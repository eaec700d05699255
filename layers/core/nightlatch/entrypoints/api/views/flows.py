"""Access flows."""

from collections.abc import Iterable
from typing import Self

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
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


class FlowVersions(View):
    """Every version that a flow had, newest first."""

    versions: list[FlowView]

    @classmethod
    def of(cls, flows: Iterable[AccessFlow]) -> Self:
        """Show versions."""
        return cls(versions=[FlowView.of(flow) for flow in flows])
