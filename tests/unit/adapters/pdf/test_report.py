"""What a report says is what its entries and its manifest say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nightlatch.adapters.pdf import report as module
from nightlatch.adapters.pdf.report import report_of
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.evidence import CONTROLS
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.local_time import LocalTime
from tests.cloudformation import ROOT
from tests.unit.adapters.pdf.exports import SOURCE, a_manifest, a_trail

END = {"event_type": "access.expired", "details": {"lateness_seconds": 250}}
ERROR = {"event_type": "access.revoke.failed", "severity": "error", "description": "the target is away"}


def said(entries: list[LedgerEntry], **facts: Any) -> dict[str, Any]:
    return report_of(a_manifest(entries, **facts), entries, source=SOURCE, sha256="ab" * 32)


def origin(report: dict[str, Any]) -> dict[str, Any]:
    return {name: words for name, words, _ in report["origin"]}


def results(report: dict[str, Any]) -> list[str]:
    return [result for *_, result in report["controls"]]


def berlin(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=1)


def test_the_figures_are_counted_from_the_entries() -> None:
    report = said(a_trail({"event_type": "access.granted"}, END, END, ERROR, {"severity": "warning"}))

    assert report["figures"] == [
        ["Entries", "5", "4 kinds of event"],
        ["People", "0", "and 1 other actor"],
        ["Access ended", "2", "longest delay 4 min 10 s"],
        ["Warnings and errors", "2", "1 warning, 1 error"],
    ]


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (berlin(10, 1), berlin(11, 1), "1 to 31 October 2026, all entries"),
        (berlin(10, 31), berlin(11, 3), "31 October to 2 November 2026, all entries"),
        (berlin(11, 1), berlin(11, 2), "1 November 2026, all entries"),
        (berlin(1, 1) - timedelta(days=1), berlin(1, 2), "31 December 2025 to 1 January 2026, all entries"),
        (berlin(10, 1), berlin(10, 1, 9), "2026-10-01 00:00:00 to 2026-10-01 09:00:00 (UTC+01:00), all entries"),
        (None, None, "Until 2026-11-23 09:30:00 (UTC+01:00), all entries"),
    ],
)
def test_the_period_is_said_in_the_deployments_zone(since: datetime | None, until: datetime | None, words: str) -> None:
    assert said([], filter=EntryFilter(since=since, until=until))["subtitle"] == words


def test_the_zone_is_in_the_name_of_the_column_and_where_it_varies_in_every_cell() -> None:
    entries = a_trail({})
    fixed, varying = said(entries), said(entries, times=LocalTime(zone="Europe/Berlin"))

    assert (fixed["columns"][1]["name"], fixed["rows"][0][1]) == ("Time (UTC+01:00)", "2026-11-22 13:00:00")
    assert varying["columns"][1]["name"] == "Time (Europe/Berlin)"
    assert varying["rows"][0][1] == "2026-11-22 13:00:00 +01:00"


def test_it_says_where_the_records_come_from() -> None:
    entries = a_trail({}, {})

    told = origin(said(entries))

    assert told["Source"] == SOURCE
    assert told["Filter"] == "none"
    assert told["Taken"] == "by Grace Mensah <grace@example.com>, 2026-11-23 09:30:00 (UTC+01:00)"
    assert told["Complete"] == "2 entries below, numbers 1 to 2 read with no gap"
    assert told["Unchanged"].startswith("Hash chain verified")
    assert entries[-1].hash[:16] in told["Unchanged"]
    assert told["SHA-256 of it"] == "ab" * 32


def test_a_filter_is_said_and_how_many_it_did_not_want() -> None:
    wanted = EntryFilter(event_types=frozenset({"access.granted", "access.expired"}), text="a\u202eb")
    entries = a_trail({}, {}, {}, {})

    report = said(entries[1:2], filter=wanted, include_filters=True, first_seq=1, last_seq=4)

    assert report["subtitle"].endswith("the entries that a filter admits")
    assert origin(report)["Filter"] == ["event_types=access.expired,access.granted text=a", {"code": "U+202E"}, "b"]
    assert origin(report)["Complete"].endswith(
        "numbers 1 to 4 read with no gap; 3 of them are not what the filter asks for"
    )


def test_without_its_filters_an_export_is_said_to_have_none_but_its_time() -> None:
    wanted = EntryFilter(since=berlin(10, 1), severities=frozenset({"error"}))

    assert origin(said([], filter=wanted))["Filter"] == "since=2026-09-30T23:00:00.000Z"


def test_all_is_shown_where_nothing_is_amiss() -> None:
    report = said(a_trail({"event_type": "access.granted"}, END))

    assert (results(report), report["exceptions"]) == (["Shown"] * 3, [])


def test_what_the_entries_do_not_show_is_said_not_to_be_there() -> None:
    assert results(said([])) == ["Not in here"] * 3
    assert results(said(a_trail({"event_type": "flow.created"}))) == ["Not in here", "Shown", "Shown"]


def test_errors_are_exceptions_with_number_time_and_words() -> None:
    report = said(a_trail({"event_type": "access.granted"}, ERROR))

    assert report["exceptions"] == [["2", "2026-11-22 13:00:00", "the target is away", "error", "access.revoke.failed"]]
    assert results(report) == ["1 exception", "Shown", "Shown"]


def test_more_exceptions_than_are_listed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(module, "MOST_EXCEPTIONS", 2)

    report = said(a_trail(*[ERROR] * 5))

    assert (len(report["exceptions"]), report["more_exceptions"], results(report)[0]) == (2, 3, "5 exceptions")


def test_a_changed_entry_is_the_first_exception() -> None:
    """I1: a byte of an entry is changed."""
    first, second = a_trail({}, ERROR)

    report = said([first.model_copy(update={"description": "nothing"}), second])

    assert origin(report)["Unchanged"] == "Not verified: see the exceptions"
    assert report["exceptions"][0] == ["", "", "The hash does not fit what the entry says: 1", "error", "Integrity"]
    assert results(report)[2] == "1 exception"


def test_a_trail_that_was_not_read_to_its_end_is_an_exception() -> None:
    """I3: no hole, and it is said."""
    report = said(a_trail({}), complete=False)

    assert origin(report)["Complete"].endswith("what comes after 1 could not be read")
    assert [row[-1] for row in report["exceptions"]] == ["Completeness"]


def test_who_has_no_name_is_called_by_id() -> None:
    [row] = said(a_trail({}))["rows"]

    assert row == ["1", "2026-11-22 13:00:00", "access.requested", "Nightlatch", "req_1", "something happened", "info"]


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        ([0], [[0, "22 Nov"]]),
        ([0, 1], [[0, "22 Nov"], [1, "23 Nov"]]),
        ([0, 30], [[0, "22 Nov"], [8, "30 Nov"], [15, "7 Dec"], [22, "14 Dec"], [30, "22 Dec"]]),
    ],
)
def test_the_chart_names_some_of_its_days_and_says_which_they_are(days: list[int], labels: list[list[Any]]) -> None:
    [known] = a_trail({})
    entries = [known.model_copy(update={"timestamp": known.timestamp + timedelta(days=day)}) for day in days]

    chart = said(entries)["chart"]

    assert (sum(chart["counts"]), chart["labels"]) == (len(days), labels)


def test_the_page_about_it_names_the_same_controls() -> None:
    page = (ROOT / "docs" / "pdf-export.md").read_text()

    assert [name for names in CONTROLS.values() for name in names if name not in page] == []
