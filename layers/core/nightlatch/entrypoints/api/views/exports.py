"""Exports of the trail: one that is the answer, and one that is under way."""

from base64 import b64encode

from aws_lambda_powertools.event_handler import Response
from pydantic_core import to_json
from typing_extensions import TypedDict

from nightlatch.domain.export import Export, ExportFormat, ExportState, Manifest
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.api.views.base import Link, Links, Time, view
from nightlatch.services.exports import Answered, Shown


@view
class ExportProgress(TypedDict):
    """How far an export has come: of `total` numbers of the ledger so many were read, and so many rows written."""

    read: int
    total: int
    rows: int


@view
class ExportView(TypedDict):
    """An export. `download` and `manifest` in the links are good for five minutes; ask again for others."""

    id: str
    state: ExportState
    format: ExportFormat
    file_name: str
    requested_at: Time
    updated_at: Time
    progress: ExportProgress
    failure: str | None
    manifest: Manifest | None
    _links: Links


def export_view(shown: Shown) -> ExportView:
    """Show an export as it stands."""
    export = shown.export
    addresses = {"self": address_of(export), "download": shown.file, "manifest": shown.manifest}
    return ExportView(
        id=export.id,
        state=export.state,
        format=export.order.format,
        file_name=export.file_name,
        requested_at=rfc3339(export.requested_at),
        updated_at=rfc3339(export.updated_at),
        progress=ExportProgress(
            read=export.next_seq - export.first,
            total=max(export.last - export.first + 1, 0),
            rows=export.progress.rows,
        ),
        failure=export.failure or None,
        manifest=export.manifest,
        _links={name: Link(href=address) for name, address in addresses.items() if address},
    )


def address_of(export: Export) -> str:
    """Say where an export can be looked at."""
    return f"/v1/audit/exports/{export.id}"


def handed_out(outcome: Answered | Export) -> Response[str]:
    """Answer with the file itself, or (202) with where it will be.

    The file's hash goes along as RFC 9530 has it, and a link to its manifest.
    """
    if isinstance(outcome, Export):
        body = to_json(export_view(Shown(outcome))).decode()
        headers = {"Location": address_of(outcome), "Retry-After": "2"}
        return Response(202, content_type="application/json", body=body, headers=headers)
    export = outcome.export
    return Response(
        200,
        content_type=export.content_type,
        body=outcome.content,
        headers={
            "Content-Disposition": f'attachment; filename="{export.file_name}"',
            "Repr-Digest": f"sha-256=:{b64encode(outcome.sha256).decode()}:",
            "Link": f'<{address_of(export)}>; rel="describedby"',
            "Cache-Control": "no-store",
        },
    )
