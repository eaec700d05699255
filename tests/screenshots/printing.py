"""The first pages of the company's trail as PDF, as a reader of PDFs shows them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium
from PIL.Image import Image

from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.export import Export, ExportFormat, ExportOrder
from nightlatch.services.exports import text_of
from tests.screenshots.company import DAY, FORTNIGHT, NOA, Company

SOURCE = "DynamoDB table acme-nightlatch-ledger, eu-central-1, account 123456789012"
PAGES = 2
SCALE = 1.6
"""In pixels a point. A page across is then nearly as wide as a picture of the console."""

COLOURS = 256


def printed(company: Company) -> Iterator[Image]:
    """Draw the front and the first of the records."""
    with closing(pdfium.PdfDocument(_report(company))) as pdf:
        for page in islice(pdf, PAGES):
            yield page.render(scale=SCALE).to_pil().quantize(COLOURS)


def _report(company: Company) -> bytes:
    """Export all of these days, as who may see them."""
    world, call = company.world, company.call(NOA)
    until = datetime.combine(company.now.date() + DAY, time(), ZoneInfo(world.zone))
    order = ExportOrder.of(
        ExportFormat.PDF, EntryFilter(since=until - (FORTNIGHT + 1) * DAY, until=until), include_filters=False
    )
    export = world.exports.export(order, call)
    assert isinstance(export, Export)
    world.export_jobs.work_on(NOA.id, export.id, has_time=lambda: True)
    return evidence_pdf(world.files.kept[text_of(export)], SOURCE)
