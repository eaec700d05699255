"""The page on exports: what it names is what there is."""

import json
import re
from importlib.resources import files

import pytest

from nightlatch.adapters.exports.ocsf import CLASSES, USER_ACCESS, VERSION, kind_of
from nightlatch.adapters.exports.registry import WRITERS
from nightlatch.adapters.s3_files import LINK_SECONDS
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.export import KEPT, LARGEST_FILE, MOST_ROWS, ExportFormat, ExportState
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.local_time import LocalTime
from nightlatch.services.exports import (
    LARGEST_ANSWER,
    LONGEST_LOOK,
    MOST_ROWS_INLINE,
    MOST_SECONDS,
    MOST_UNDER_WAY,
    STALLED,
)
from tests.benchmarks import exports as benchmark
from tests.builders import NOON, a_history, a_request, an_entry
from tests.functions.client import ROOT

PAGE = (ROOT / "docs" / "exports.md").read_text()
NAMED = set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", PAGE))


def test_every_parameter_is_on_the_page() -> None:
    document = json.loads(files("nightlatch.entrypoints.api").joinpath("openapi.json").read_text())

    assert {each["name"] for each in document["paths"]["/v1/audit/export"]["get"]["parameters"]} <= NAMED


def test_every_format_state_and_class_is_on_the_page() -> None:
    assert {*ExportFormat, *ExportState} <= NAMED
    assert all(f"{kind.name}, {kind.uid}" in PAGE for kind in CLASSES.values())
    assert f"OCSF {VERSION}" in PAGE


def test_every_event_that_is_about_privileges_is_on_the_page() -> None:
    [row] = [line for line in PAGE.splitlines() if line.endswith(f"| {USER_ACCESS.name}, {USER_ACCESS.uid} |")]

    assert set(re.findall(r"`([^`]+)`", row)) == {event for event in EventType if kind_of(event) is USER_ACCESS}


@pytest.mark.parametrize("format_", [each for each in ExportFormat if not each.is_printed])
def test_about_how_many_rows_an_answer_has_room_for_is_on_the_page(format_: ExportFormat) -> None:
    of_requests = [an_entry(event) for change in a_history(a_request()).values() for event in change.events]
    usual = [benchmark.an_entry()]
    table = PAGE.split("a job from about\n\n")[1].split("\n\n")[0]
    [row] = [line for line in table.splitlines() if f"`{format_}`" in line]

    told = [int(number.replace(",", "")) for number in re.findall(r"\d,\d{3}", row)]
    assert told == pytest.approx([room_for(of_requests, format_), room_for(usual, format_)], rel=0.05)
    assert round(len(canonical_json(usual[0].model_dump(mode="json"))) / 1_000, 1) == 0.9


def room_for(entries: list[LedgerEntry], format_: ExportFormat) -> float:
    """Say how many entries of this size fit into an answer."""
    writer = WRITERS[format_](LocalTime.between(NOON, NOON, zone="UTC"))
    size = sum(len(json.dumps(writer.row(entry))) for entry in entries) / len(entries)
    return min(MOST_ROWS_INLINE, LARGEST_ANSWER / size)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"Up to {MOST_ROWS_INLINE:,} rows" in PAGE
    assert f"({LARGEST_ANSWER / 1e6} MB as JSON" in PAGE
    assert f"within {MOST_SECONDS.total_seconds():.0f} seconds, among {LONGEST_LOOK:,} entries" in PAGE
    assert f"More than {MOST_ROWS:,} rows, or {LARGEST_FILE // 1024**3} GiB" in PAGE
    assert (KEPT.days, MOST_UNDER_WAY, LINK_SECONDS, STALLED.total_seconds()) == (7, 5, 300, 360)
