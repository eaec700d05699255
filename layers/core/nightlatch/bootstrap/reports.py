"""The making of PDFs."""

from functools import cache

from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from nightlatch.bootstrap.files import files
from nightlatch.bootstrap.settings import settings
from nightlatch.services.reports import Reports


@cache
def reports() -> Reports:
    """Wire the making of PDFs."""
    return Reports(files=files(), typeset=evidence_pdf, table=settings().ledger_table)
