"""An export takes no more memory the longer it is: a part of it is held, and then put into the store."""

import tracemalloc

import pytest

from nightlatch.domain.export import ExportFormat
from nightlatch.services import exports
from tests.benchmarks.exports import a_ledger, write_export

PART = 128 * 1024
"""Bytes: the fewer rows are several parts, too."""


@pytest.fixture(autouse=True)
def never_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS_INLINE", 0)


def peak_of(format_: ExportFormat, *, rows: int) -> int:
    """Write so many rows, and say how many bytes were held at once."""
    ledger = a_ledger(rows)
    tracemalloc.start()
    try:
        write_export(ledger, format_, part=PART)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format_", [each for each in ExportFormat if not each.is_printed])
def test_ten_times_the_rows_need_hardly_more_memory(format_: ExportFormat) -> None:
    peak_of(format_, rows=100)  # what is only ever built once

    assert peak_of(format_, rows=20_000) < 1.5 * peak_of(format_, rows=2_000)
