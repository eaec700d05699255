"""Destinations, and what came of each attempt to deliver."""

from collections.abc import Iterable, Sequence

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from pydantic import JsonValue
from typing_extensions import TypedDict

from nightlatch.domain.delivery import Delivery, Progress, Result, Stretch
from nightlatch.domain.destination import Destination, DestinationKind, Format, Selection, Validator
from nightlatch.domain.destination_choices import shown_headers
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.views.base import Links, Time, links_of, time_of, view
from nightlatch.services.destinations import Made, Shown


@view
class ReplayView(TypedDict):
    """A stretch of the ledger that is being delivered again."""

    number: int
    next_seq: int
    last_seq: int
    attempts: int
    retry_at: Time | None


@view
class ProgressView(TypedDict):
    """How far a destination has come. `behind` is how many entries of the ledger it has not seen yet.

    `lost` are numbers that were given up or refused. They can be delivered again.
    """

    next_seq: int
    behind: int
    attempts: int
    retry_at: Time | None
    failing_since: Time | None
    last_delivered_at: Time | None
    delivered: int
    undelivered: int
    lost: list[Stretch]
    replays: list[ReplayView]


@view
class DestinationView(TypedDict):
    """Where events go. Its secret is not shown to anybody, nor are headers that are secret by their name."""

    id: str
    version: int
    name: str
    kind: DestinationKind
    settings: dict[str, JsonValue]
    has_secret: bool
    selection: Selection
    format: Format
    template: str
    headers: dict[str, JsonValue]
    validators: list[Validator]
    timeout: int
    is_active: bool
    disabled_because: str
    created_at: Time
    updated_at: Time
    progress: ProgressView


@view
class MadeDestinationView(DestinationView):
    """A destination that has a new secret. `new_secret` is what of it was made here: it is shown this once."""

    new_secret: str | None


@view
class DestinationList(TypedDict):
    """Every destination."""

    destinations: list[DestinationView]


@view
class DeliveryView(TypedDict):
    """An attempt. `answer` is the beginning of what was answered, `took_milliseconds` how long that was waited for."""

    id: str
    at: Time
    result: Result
    is_test: bool
    replay: int
    parcel: str
    first_seq: int
    last_seq: int
    entries: int
    attempt: int
    status: int | None
    took_milliseconds: int
    answer: str
    error: str
    retry_at: Time | None


@view
class DeliveryPage(TypedDict):
    """A page of the delivery log, newest first."""

    deliveries: list[DeliveryView]
    next_cursor: str | None
    _links: Links


def destination_view(shown: Shown) -> DestinationView:
    """Show a destination."""
    destination: Destination = shown.standing.destination
    return DestinationView(
        id=destination.id,
        version=destination.version,
        name=destination.name,
        kind=destination.kind,
        settings=destination.settings,
        has_secret=bool(destination.secret_reference),
        selection=destination.selection,
        format=destination.format,
        template=destination.template,
        headers=shown_headers(destination.headers),
        validators=list(destination.validators),
        timeout=destination.timeout,
        is_active=destination.is_active,
        disabled_because=destination.disabled_because,
        created_at=rfc3339(destination.created_at),
        updated_at=rfc3339(destination.updated_at),
        progress=_progress_view(shown.standing.progress, shown.head),
    )


def destination_answer(shown: Shown) -> Response[DestinationView]:
    """Answer with a destination and the ETag of its version."""
    return Response(200, APPLICATION_JSON, destination_view(shown), _etag(shown))


def made_answer(made: Made, *, status: int = 200) -> Response[MadeDestinationView]:
    """Answer with a destination that has a new secret, and where it is."""
    body = MadeDestinationView(**destination_view(made.shown), new_secret=made.secret)
    headers = {**_etag(made.shown), "Location": f"/v1/destinations/{made.shown.standing.destination.id}"}
    return Response(status, APPLICATION_JSON, body, {**headers, "Cache-Control": "no-store"})


def destination_list(shown: Iterable[Shown]) -> DestinationList:
    """Show destinations."""
    return DestinationList(destinations=[destination_view(one) for one in shown])


def delivery_view(delivery: Delivery) -> DeliveryView:
    """Show an attempt."""
    attempt = delivery.attempt
    return DeliveryView(
        id=delivery.id,
        at=rfc3339(attempt.at),
        result=delivery.result,
        is_test=delivery.is_test,
        replay=delivery.replay,
        parcel=attempt.parcel_id,
        first_seq=attempt.first,
        last_seq=attempt.last,
        entries=attempt.entries,
        attempt=delivery.number,
        status=attempt.status,
        took_milliseconds=attempt.took,
        answer=attempt.answer,
        error=attempt.error,
        retry_at=time_of(delivery.retry_at),
    )


def delivery_page(deliveries: Sequence[Delivery], *, next_cursor: str | None, links: dict[str, str]) -> DeliveryPage:
    """Show a page of the log."""
    lines = [delivery_view(delivery) for delivery in deliveries]
    return DeliveryPage(deliveries=lines, next_cursor=next_cursor, _links=links_of(links))


def _etag(shown: Shown) -> dict[str, str | list[str]]:
    return {"ETag": f'"{shown.standing.destination.version}"'}


def _progress_view(progress: Progress, head: int) -> ProgressView:
    live = progress.live
    return ProgressView(
        next_seq=live.next_seq,
        behind=max(head - live.next_seq + 1, 0),
        attempts=live.attempts,
        retry_at=time_of(live.retry_at),
        failing_since=time_of(progress.failing_since),
        last_delivered_at=time_of(progress.last_delivered_at),
        delivered=progress.delivered,
        undelivered=progress.undelivered,
        lost=list(progress.lost),
        replays=[
            ReplayView(
                number=lane.replay,
                next_seq=lane.next_seq,
                last_seq=lane.last or 0,
                attempts=lane.attempts,
                retry_at=time_of(lane.retry_at),
            )
            for lane in progress.replays
        ],
    )
