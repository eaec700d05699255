"""Access flows."""

from collections.abc import Iterable, Sequence

from aws_lambda_powertools.event_handler import Response
from typing_extensions import TypedDict

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
from nightlatch.domain.flow_history import Difference, differences
from nightlatch.domain.identity import Person
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.etags import tagged
from nightlatch.entrypoints.api.views.base import Time, view


@view
class FlowView(TypedDict):
    """One version of an access flow."""

    id: str
    version: int
    updated_at: Time
    updated_by: Person
    definition: FlowDefinition


def flow_view(flow: AccessFlow) -> FlowView:
    """Show a flow."""
    return FlowView(
        id=flow.id,
        version=flow.version,
        updated_at=rfc3339(flow.updated_at),
        updated_by=flow.updated_by,
        definition=flow.definition,
    )


@view
class FlowList(TypedDict):
    """Every flow in force."""

    flows: list[FlowView]


def flow_list(flows: Iterable[AccessFlow]) -> FlowList:
    """Show flows."""
    return FlowList(flows=[flow_view(flow) for flow in flows])


@view
class FlowVersion(FlowView):
    """One version of a flow, and what it changed."""

    is_deleted: bool
    changes: list[Difference]


def flow_version_after(before: AccessFlow | None, flow: AccessFlow) -> FlowVersion:
    """Show a version beside the one before it."""
    old = before.definition if before and not before.is_deleted else None
    changes = differences(old, None if flow.is_deleted else flow.definition)
    return FlowVersion(**flow_view(flow), is_deleted=flow.is_deleted, changes=changes)


@view
class FlowVersions(TypedDict):
    """Every version that a flow had, newest first."""

    versions: list[FlowVersion]


def flow_versions(flows: Sequence[AccessFlow]) -> FlowVersions:
    """Show versions, newest first."""
    pairs = zip(flows, [*flows[1:], None], strict=True)
    return FlowVersions(versions=[flow_version_after(before, flow) for flow, before in pairs])


def versioned(flow: AccessFlow, *, status: int = 200) -> Response[FlowView]:
    """Answer with a flow and the ETag of its version."""
    return tagged(flow_view(flow), flow, status=status)


def written(flow: AccessFlow) -> Response[FlowView]:
    """Answer with a flow that was written: its first version has just come to be."""
    return versioned(flow, status=201 if flow.version == 1 else 200)
