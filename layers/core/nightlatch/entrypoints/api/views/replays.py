"""Replays: looking through the past once more."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from typing_extensions import TypedDict

from nightlatch.domain.anomaly import AnomalyType
from nightlatch.domain.detection_lane import DetectionLane, Example, LaneState
from nightlatch.domain.identity import Person
from nightlatch.entrypoints.api.views.base import Link, Links, Time, time_of, view


@view
class ReplayRunView(TypedDict):
    """How far a replay has come. `counts` is what was found of each type, also what was known already.

    `examples` are the first that a dry run found. `first_seq` may be before `since`: what was before is remembered.
    """

    id: str
    state: LaneState
    progress_percent: int
    first_seq: int
    next_seq: int
    last_seq: int | None
    since: Time | None
    dry_run: bool
    rule: str | None
    counts: dict[AnomalyType, int]
    examples: list[Example]
    asked_by: Person | None
    asked_at: Time | None
    _links: Links


def replay_run_view(lane: DetectionLane) -> ReplayRunView:
    """Show a replay."""
    return ReplayRunView(
        id=lane.id,
        state=lane.state,
        progress_percent=lane.progress_percent,
        first_seq=lane.begin,
        next_seq=lane.next_seq,
        last_seq=lane.until,
        since=time_of(lane.since),
        dry_run=lane.dry_run,
        rule=lane.rule.id if lane.rule else None,
        counts=lane.counts,
        examples=list(lane.examples),
        asked_by=lane.asked_by,
        asked_at=time_of(lane.asked_at),
        _links={"self": Link(href=_address(lane))},
    )


def replay_begun(lane: DetectionLane) -> Response[ReplayRunView]:
    """Answer with a replay that is to be worked off, and where it is followed."""
    return Response(202, APPLICATION_JSON, replay_run_view(lane), {"Location": _address(lane), "Retry-After": "1"})


def _address(lane: DetectionLane) -> str:
    return f"/v1/anomalies/replays/{lane.id}"
