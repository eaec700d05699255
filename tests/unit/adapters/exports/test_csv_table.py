"""CSV: read back exactly, and no spreadsheet computes what somebody wrote."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.adapters.exports.csv_table import DANGEROUS, CsvTable, guarded
from nightlatch.domain.audit_event import ResourceReference
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime
from tests.builders import NOON, a_chain

WINTER = LocalTime.between(NOON, NOON, zone="Europe/Berlin")
A_YEAR = LocalTime.between(datetime(2026, 1, 1, tzinfo=UTC), NOON, zone="Europe/Berlin")
FORMULA = "=HYPERLINK(1)"
texts = st.text(st.characters(codec="utf-8"), max_size=20)


def an_entry(**fields: Any) -> LedgerEntry:
    return a_chain(1)[0].model_copy(update=fields)


def cells_of(*entries: LedgerEntry, times: LocalTime = WINTER) -> list[dict[str, str]]:
    """Write, and read as a spreadsheet does."""
    table = CsvTable(times)
    text = table.header() + "".join(map(table.row, entries))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


def unguarded(cell: str) -> str:
    return cell.removeprefix("'")


def test_times_are_the_deployments_and_their_columns_say_so() -> None:
    [row] = cells_of(an_entry())

    assert row["Timestamp (UTC+01:00)"] == row["Recorded (UTC+01:00)"] == "2026-11-22 13:00:00.000"


def test_where_clocks_change_each_cell_says_its_offset() -> None:
    [row] = cells_of(an_entry(), times=A_YEAR)

    assert row["Timestamp (Europe/Berlin)"] == "2026-11-22 13:00:00.000 +01:00"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_no_cell_begins_like_a_formula(begin: str) -> None:
    """F1: CSV cells starting `= + - @` tab CR, in every field that somebody else fills, user agent too."""
    text = f'{begin}cmd|"/C calc"!A0'
    entry = an_entry(
        event_type=text,
        description=text,
        actor=Actor(type=ActorType.USER, id=text, name=text, email=text),
        resource=ResourceReference(type=text, id=text, name=text),
        request_id=text,
        integration=text,
        ip_address=text,
        user_agent=text,
        details={text: text},
    )

    [row] = cells_of(entry)

    assert [cell for cell in row.values() if cell.startswith(begin)] == []
    assert row["User agent"] == "'" + text
    assert row["Details"] == json.dumps({text: text}, separators=(",", ":"), ensure_ascii=False)


@given(text=texts)
def test_a_guarded_text_is_no_formula_and_can_be_read_back(text: str) -> None:
    """F1: the guard is put before, and nothing is taken away."""
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(tuple(sign for sign in DANGEROUS if sign != "'"))


@given(description=texts, agent=texts)
def test_whatever_is_recorded_is_read_back_from_its_own_cell(description: str, agent: str) -> None:
    """F1, F2: quotes, commas, line ends, control characters and overrides of direction stay data."""
    rows = cells_of(an_entry(description=description, user_agent=agent), an_entry())

    assert len(rows) == 2
    assert (unguarded(rows[0]["Description"]), unguarded(rows[0]["User agent"])) == (description, agent)


def test_a_line_ends_as_rfc_4180_says() -> None:
    assert CsvTable(WINTER).header().endswith("Hash\r\n")
