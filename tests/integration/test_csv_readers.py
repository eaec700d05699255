"""The trail as CSV, opened by programs that know nothing of how it was written: a database, and a spreadsheet."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from string import ascii_uppercase
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

import duckdb
import pytest

from nightlatch.adapters.exports.csv_table import DANGEROUS, CsvTable
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime
from tests.builders import NOON, a_chain

SOFFICE = shutil.which("soffice")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

# Of line ends LibreOffice knows one: it shows a carriage return as a line feed.
FORMULAS = [f"{sign}1+1" for sign in DANGEROUS if sign != "\r"] + [
    '=HYPERLINK("https://evil.example","click")',
    "@SUM(1,1)",
    "-2+3+cmd|' /C calc'!A0",
]
HARMLESS = [
    " =1+1",
    "two\nlines, and\n\na comma",
    'a "quoted" word, and ""',
    '"=1+1"',
    "semicolon; tab\tand | bar",
    "Zoë Ångström, Łódź",
    "Ελλάδα, Привет",
    "שלום, مرحبا",
    "山田太郎、서울",
    "สวัสดี, नमस्ते",
    "👩🏽‍🚀 and e\u0301",
]
TEXTS = FORMULAS + HARMLESS

Rows = Sequence[Sequence[str]]


@pytest.fixture(scope="module")
def entries() -> list[LedgerEntry]:
    """One entry for each text, which is in every field that somebody else fills."""
    return [
        entry.model_copy(
            update={
                "description": text,
                "actor": Actor(type=ActorType.USER, id="usr_1", name=text),
                "user_agent": text,
                "details": {"text": text},
            }
        )
        for entry, text in zip(a_chain(len(TEXTS)), TEXTS, strict=True)
    ]


@pytest.fixture(scope="module")
def file(entries: list[LedgerEntry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of them."""
    table = CsvTable(LocalTime.between(NOON, NOON, zone="Europe/Berlin"))
    path = tmp_path_factory.mktemp("csv") / "trail.csv"
    path.write_bytes((table.header() + "".join(map(table.row, entries))).encode())
    return path


def by_duckdb(file: Path) -> Rows:
    """Read it as RFC 4180 says, and nothing in it for more than a text."""
    with closing(duckdb.connect()) as database:
        options = "header = false, all_varchar = true, strict_mode = true, delim = ',', quote = '\"', escape = '\"'"
        found = database.execute(f"SELECT * FROM read_csv('{file}', {options})").fetchall()
    return [["" if cell is None else cell for cell in row] for row in found]


def columns(rows: Rows, *names: str) -> list[tuple[str, ...]]:
    """Take columns by their names."""
    places = [rows[0].index(name) for name in names]
    return [tuple(row[place] for place in places) for row in rows[1:]]


def test_a_database_reads_every_cell_as_it_was_recorded(file: Path, entries: list[LedgerEntry]) -> None:
    """F1: quotes, commas, line breaks and other scripts stay in their cell."""
    rows = by_duckdb(file)

    read = [
        tuple(cell.removeprefix("'") for cell in row)
        for row in columns(rows, "Description", "Actor name", "User agent")
    ]
    assert rows[0][0] == "Timestamp (UTC+01:00)"
    assert {len(row) for row in rows} == {len(rows[0])}
    assert read == [(text, text, text) for text in TEXTS]
    assert columns(rows, "Id", "Hash") == [(entry.id, entry.hash) for entry in entries]


@pytest.fixture(scope="module")
def workbook(file: Path) -> ZipFile:
    """What LibreOffice makes of it when it may take whatever it likes for a number, a time or a formula."""
    if not SOFFICE:
        pytest.skip("LibreOffice is not at hand")
    profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
    reading = "--infilter=CSV:44,34,76,1,,0,false,true"
    command = [SOFFICE, "--headless", profile, reading, "--convert-to", "xlsx", "--outdir", str(file.parent), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return ZipFile(file.with_suffix(".xlsx"))


def cells(workbook: ZipFile) -> list[Element]:
    """List the cells of the sheet."""
    return list(fromstring(workbook.read("xl/worksheets/sheet1.xml")).iter(f"{SHEET}c"))


def shown(workbook: ZipFile) -> Rows:
    """Read what the sheet shows, row by row."""
    shared = ["".join(each.itertext()) for each in fromstring(workbook.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")]
    rows: dict[int, dict[str, str]] = {}
    for cell in cells(workbook):
        column, row = re.findall(r"[A-Z]+|\d+", cell.attrib["r"])
        value = cell.findtext(f"{SHEET}v", "")
        rows.setdefault(int(row), {})[column] = shared[int(value)] if cell.get("t") == "s" else value
    return [[row.get(name, "") for name in ascii_uppercase[: len(rows[1])]] for row in rows.values()]


def test_a_spreadsheet_finds_no_formula(workbook: ZipFile) -> None:
    """F1: CSV cells starting `= + - @` tab CR."""
    assert [cell.attrib["r"] for cell in cells(workbook) if cell.find(f"{SHEET}f") is not None] == []


def test_a_spreadsheet_shows_every_text_in_its_own_cell(workbook: ZipFile, file: Path) -> None:
    """F1: and each is guarded, or as it was recorded."""
    rows = shown(workbook)

    guarded = [f"'{text}" for text in FORMULAS] + HARMLESS
    assert rows[0] == by_duckdb(file)[0]
    assert columns(rows, "Description", "Actor name", "User agent") == [(text, text, text) for text in guarded]
    assert columns(rows, "Details") == columns(by_duckdb(file), "Details")


def test_a_spreadsheet_takes_numbers_for_numbers_and_times_for_times(workbook: ZipFile) -> None:
    numbers, times = zip(*columns(shown(workbook), "Number", "Timestamp (UTC+01:00)"), strict=True)

    days_since_1899 = 46348 + 13 / 24
    assert [int(each) for each in numbers] == list(range(1, len(TEXTS) + 1))
    assert [float(each) for each in times] == pytest.approx([days_since_1899] * len(TEXTS))
