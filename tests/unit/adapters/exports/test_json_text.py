"""JSON and JSON Lines: exactly what is served, so that the chain can be followed in a file."""

import json

from nightlatch.adapters.exports.json_text import JsonDocument, JsonLines
from nightlatch.domain.ledger import GENESIS, Head, LedgerEntry, canonical_json, first_break
from nightlatch.domain.local_time import LocalTime
from tests.builders import NOON, a_chain

TIMES = LocalTime.between(NOON, NOON, zone="Europe/Berlin")


def test_the_chain_holds_over_the_lines_of_a_file() -> None:
    """I2: what was exported can be checked without Nightlatch."""
    text = "".join(map(JsonLines(TIMES).row, a_chain(5)))

    entries = [LedgerEntry.model_validate(json.loads(line)) for line in text.splitlines()]

    assert first_break(entries, after=Head(hash=GENESIS)) is None


def test_a_line_is_the_canonical_form() -> None:
    [entry] = a_chain(1)

    assert JsonLines(TIMES).row(entry).encode() == canonical_json(entry.model_dump(mode="json")) + b"\n"


def test_control_characters_and_overrides_of_direction_stay_data_on_their_own_line() -> None:
    """F2: a text cannot end its line or pretend to be another."""
    entry = a_chain(1)[0].model_copy(update={"description": "a\u202egnp.exe\r\n\x1b[31m\u2028\0"})

    line = JsonLines(TIMES).row(entry)

    assert line.count("\n") == 1
    assert json.loads(line)["description"] == entry.description


def test_rows_of_a_document_are_parted_by_commas() -> None:
    document = JsonDocument(TIMES)

    assert json.loads("[" + document.separator.join(map(document.row, a_chain(3))) + "]")[2]["seq"] == 3
