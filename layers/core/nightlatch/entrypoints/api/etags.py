"""Versions as ETags: what If-Match must name to overwrite something."""

from typing import TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

from nightlatch.domain.value import Entity

V = TypeVar("V")


def tagged(view: V, entity: Entity, *, status: int = 200) -> Response[V]:
    """Answer with the view of an entity, and the ETag of its version."""
    return Response(status, APPLICATION_JSON, view, {"ETag": f'"{entity.version}"'})
