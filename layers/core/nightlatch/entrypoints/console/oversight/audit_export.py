"""Taking the trail along: what is small is answered at once, what is large is written meanwhile and fetched later."""

from base64 import b64encode
from collections.abc import Sequence

from nightlatch.domain.errors import Fault, InvalidInputError, LimitReachedError
from nightlatch.domain.export import Export, ExportFormat, ExportOrder
from nightlatch.entrypoints.console.answers import NEVER_KEPT, OK, Answer, redirect
from nightlatch.entrypoints.console.oversight.audit_filter import Wanted, wanted_by_address, wanted_by_form
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.exports import MOST_ROWS_INLINE

BAD_REQUEST = 400


def show(visitor: Visitor[OversightDesk]) -> Answer:
    """Show the form: in which format, of which time, and whether the filters count."""
    return _form(visitor, wanted_by_address(visitor))


def send(visitor: Visitor[OversightDesk]) -> Answer:
    """Export. The answer is the file itself, or the page of the job that writes it."""
    try:
        order = _order(visitor)
        outcome = visitor.desk.exports().export(order, visitor.call)
    except InvalidInputError as error:
        return _form(visitor, wanted_by_address(visitor), faults=error.faults)
    except LimitReachedError as error:
        return _form(visitor, wanted_by_address(visitor), faults=(Fault("", str(error)),))
    if isinstance(outcome, Export):
        return redirect(f"/oversight/audit/exports/{outcome.id}")
    export = outcome.export
    headers = {
        "Content-Type": export.content_type,
        "Content-Disposition": f'attachment; filename="{export.file_name}"',
        "Repr-Digest": f"sha-256=:{b64encode(outcome.sha256).decode()}:",
        "Cache-Control": NEVER_KEPT,
    }
    return Answer(body=outcome.content, headers=headers)


def job(visitor: Visitor[OversightDesk], export_id: str) -> Answer:
    """Show how an export of one's own stands, and where its file is. The addresses are good for minutes."""
    shown = visitor.desk.exports().show(export_id, visitor.call)
    return visitor.page("oversight/audit_export_job.html", keep=NEVER_KEPT, shown=shown, export=shown.export)


def _order(visitor: Visitor[OversightDesk]) -> ExportOrder:
    said = visitor.visit.said("format")
    if said not in set(ExportFormat):
        raise InvalidInputError(Fault("/format", "choose one of the formats"))
    wanted = wanted_by_form(visitor).entries
    return ExportOrder.of(ExportFormat(said), wanted, include_filters=bool(visitor.visit.said("include_filters")))


def _form(visitor: Visitor[OversightDesk], wanted: Wanted, *, faults: Sequence[Fault] = ()) -> Answer:
    return visitor.page(
        "oversight/audit_export.html",
        BAD_REQUEST if faults else OK,
        wanted=wanted,
        formats=FORMATS,
        faults=faults,
        said=visitor.visit.said,
        most_inline=MOST_ROWS_INLINE,
    )


FORMATS = {
    ExportFormat.CSV: "CSV: a table for spreadsheets, guarded against formulas",
    ExportFormat.JSON: "JSON: the entries as they are hashed, with the manifest",
    ExportFormat.JSONL: "JSON Lines: one entry a line",
    ExportFormat.OCSF: "OCSF: for a SIEM that speaks the Open Cybersecurity Schema",
    ExportFormat.PDF: "PDF: evidence to be handed to an auditor, up to 10,000 entries",
}
