"""The records of an export are read, typeset and kept as another file."""

import pytest

from nightlatch.domain.errors import NotFoundError, NotPrintableError
from nightlatch.services import reports as module
from nightlatch.services.reports import Reports
from tests.fakes.exports import FakeFiles

PDF, RECORDS = "somebody/exp_1/trail.pdf", "somebody/exp_1/trail.pdf.records.json"


def typeset(records: bytes, source: str) -> bytes:
    if not records:
        raise NotPrintableError("there is nothing")
    return b"PDF of " + records + b" from " + source.encode()


def make(files: FakeFiles) -> None:
    Reports(files=files, typeset=typeset, table="ledger").make(records=RECORDS, target=PDF, place="here")


def test_the_pdf_is_kept_beside_its_records() -> None:
    files = FakeFiles({RECORDS: b"x" * 3000})

    make(files)

    assert files.kept == {RECORDS: b"x" * 3000, PDF: b"PDF of " + b"x" * 3000 + b" from DynamoDB table ledger, here"}


def test_more_than_fits_into_memory_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(module, "LARGEST_PRINTED_FILE", 1024**2)
    files = FakeFiles({RECORDS: b"x" * (1024**2 + 1)})

    with pytest.raises(NotPrintableError, match="more than 1 MiB"):
        make(files)

    assert PDF not in files.kept


def test_nothing_is_kept_of_what_cannot_be_typeset() -> None:
    files = FakeFiles({RECORDS: b""})

    with pytest.raises(NotPrintableError, match="there is nothing"):
        make(files)

    assert PDF not in files.kept


def test_without_records_there_is_no_report() -> None:
    with pytest.raises(NotFoundError):
        make(FakeFiles())
