"""The page on exports: what it names is what there is."""

import json
import re
from importlib.resources import files

from nightlatch.adapters.exports.ocsf import CLASSES, VERSION
from nightlatch.adapters.s3_files import LINK_SECONDS
from nightlatch.domain.export import KEPT, LARGEST_FILE, MOST_ROWS, ExportFormat, ExportState
from nightlatch.services.exports import MOST_ROWS_INLINE, MOST_UNDER_WAY, STALLED
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


def test_the_limits_are_those_of_the_code() -> None:
    assert f"Up to {MOST_ROWS_INLINE:,} rows" in PAGE
    assert f"More than {MOST_ROWS:,} rows, or {LARGEST_FILE // 1024**3} GiB" in PAGE
    assert (KEPT.days, MOST_UNDER_WAY, LINK_SECONDS, STALLED.total_seconds()) == (7, 5, 300, 360)
