"""What a report says: each section in words, as template/report.typ lays them out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nightlatch.adapters.pdf import fonts, records, wording
from nightlatch.adapters.pdf.wording import number
from nightlatch.domain.evidence import (
    CONTROLS,
    ChainFindings,
    Figures,
    Theme,
    examined,
    exceptions,
    figures,
    per_day,
    theme_of,
)
from nightlatch.domain.export import Manifest
from nightlatch.domain.ledger import LedgerEntry

TITLE = "Audit evidence report"

MOST_EXCEPTIONS = 100
"""So many are listed in front. All are marked among the records."""

LABELS = 5

Entries = Sequence[LedgerEntry]
Row = list[Any]


def report_of(facts: Manifest, entries: Entries, *, source: str, sha256: str) -> dict[str, Any]:
    """Say everything that a report says."""
    findings = examined(entries)
    asked = wording.labelled(facts.requested_at, facts.times)
    return {
        "title": TITLE,
        "subtitle": _subtitle(facts),
        "taken_by": records.sans(f"Taken by {facts.requested_by.name}", within=20.0),
        "footer": f"Export {facts.export_id}, data sha256 {sha256[:8]}…{sha256[-4:]}, asked for {asked}",
        "sans": fonts.SANS,
        "mono": fonts.MONO,
        "figures": _figures(entries),
        "chart": _chart(facts, entries),
        "origin": _origin(facts, entries, findings, source=source, sha256=sha256),
        "controls": _controls(facts, entries, findings),
        "exceptions": [*_breaks(facts, findings), *_errors(facts, entries)],
        "more_exceptions": max(0, len(exceptions(entries)) - MOST_EXCEPTIONS),
        "columns": records.columns(facts.times),
        "rows": [records.row(entry, facts.times) for entry in entries],
    }


def _subtitle(facts: Manifest) -> str:
    chosen = "the entries that a filter admits" if facts.include_filters else "all entries"
    period = wording.period(facts.filter.since, facts.filter.until, facts.times, now=facts.requested_at)
    return f"{period}, {chosen}"


def _figures(entries: Entries) -> list[Row]:
    count = figures(entries)
    late = f"longest delay {wording.span(count.lateness)}" if count.lateness else "none late by a second"
    return [
        ["Entries", f"{count.entries:,}", number(count.kinds, "kind of event", "kinds of event")],
        ["People", f"{count.people:,}", f"and {number(count.others, 'other actor', 'other actors')}"],
        ["Access ended", f"{count.ended:,}", late if count.ended else "no end in these entries"],
        [
            "Warnings and errors",
            f"{count.warnings + count.errors:,}",
            f"{number(count.warnings, 'warning', 'warnings')}, {number(count.errors, 'error', 'errors')}",
        ],
    ]


def _chart(facts: Manifest, entries: Entries) -> dict[str, Any]:
    counts = per_day(entries, day_of=lambda at: wording.day(at, facts.times))
    last = len(counts) - 1
    named = {round(last * place / (LABELS - 1)) for place in range(LABELS)}
    labels = [[place, f"{day.day} {day:%b}"] for place, day in enumerate(counts) if place in named]
    return {"counts": list(counts.values()), "labels": labels}


def _origin(facts: Manifest, entries: Entries, findings: ChainFindings, *, source: str, sha256: str) -> list[Row]:
    by, asked = facts.requested_by, wording.labelled(facts.requested_at, facts.times)
    email = f" <{by.email}>" if by.email else ""
    return [
        ["Source", records.sans(source), False],
        ["Filter", records.mono(_filter(facts)), True],
        ["Taken", records.sans(f"by {by.name}{email}, {asked}"), False],
        ["Complete", _complete(facts, len(entries)), False],
        ["Unchanged", _unchanged(entries, findings), False],
        [
            "Attached",
            "records.json in this PDF/A-3 file: the same entries, whole, as they were recorded and hashed",
            False,
        ],
        ["SHA-256 of it", sha256, True],
    ]


def _filter(facts: Manifest) -> str:
    chosen = facts.filter.model_dump(mode="json", exclude_defaults=True)
    applied = chosen if facts.include_filters else {name: chosen[name] for name in ("since", "until") if name in chosen}
    words = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in applied.items()]
    return " ".join(words) or "none"


def _complete(facts: Manifest, rows: int) -> str:
    if facts.first_seq is None or facts.last_seq is None:
        return "There was nothing to read"
    read = f"numbers {facts.first_seq:,} to {facts.last_seq:,} read with no gap"
    end = "" if facts.complete else f"; what comes after {facts.last_seq:,} could not be read"
    left_out = facts.last_seq - facts.first_seq + 1 - rows
    chosen = f"; {left_out:,} of them are not what the filter asks for" if left_out else ""
    return f"{number(rows, 'entry', 'entries')} below, {read}{chosen}{end}"


def _unchanged(entries: Entries, findings: ChainFindings) -> str:
    if not entries:
        return "There is nothing to verify"
    if not findings.holds:
        return "Not verified: see the exceptions"
    last = entries[-1]
    return (
        "Hash chain verified: each entry has the hash of what it says, and follows on the one before it where that is "
        f"below. The hash of number {last.seq:,} begins with {last.hash[:16]}, to be compared with the signed digests"
    )


def _controls(facts: Manifest, entries: Entries, findings: ChainFindings) -> list[Row]:
    amiss = Counter(theme_of(entry.event_type) for entry in exceptions(entries))
    amiss[Theme.LOGGING] += len(_breaks(facts, findings))
    shown = _shown(figures(entries))
    return [[names, shown[theme][0], *_result(amiss[theme], of=shown[theme][1])] for theme, names in CONTROLS.items()]


def _shown(count: Figures) -> dict[Theme, tuple[str, int]]:
    """Say what the entries show of each theme, and how many things that is."""
    access = f"{count.requested:,} asked for, {count.granted:,} granted, {count.ended:,} ended"
    amiss = f"{number(count.warnings, 'warning', 'warnings')}, {number(count.errors, 'error', 'errors')}"
    entries = number(count.entries, "entry", "entries")
    return {
        Theme.ACCESS: (
            f"Access is asked for, decided, limited in time and removed: {access}",
            count.granted + count.ended,
        ),
        Theme.MONITORING: (f"What goes wrong is noticed and recorded: {amiss}", count.entries),
        Theme.LOGGING: (
            f"Who did what to what, when and from where, is recorded, numbered and hashed: {entries}",
            count.entries,
        ),
    }


def _result(amiss: int, *, of: int) -> Row:
    if amiss:
        return ["warning", number(amiss, "exception", "exceptions")]
    return ["good", "Shown"] if of else ["plain", "Not in here"]


def _breaks(facts: Manifest, findings: ChainFindings) -> list[Row]:
    found = [
        ("The hash does not fit what the entry says", findings.altered),
        ("The entry does not follow on the one before it", findings.detached),
    ]
    rows: list[Row] = [
        ["", "", f"{words}: {wording.numbers(numbers)}", "error", "Integrity"] for words, numbers in found if numbers
    ]
    if not facts.complete:
        rows.append(["", "", "The trail could not be read to its end", "error", "Completeness"])
    return rows


def _errors(facts: Manifest, entries: Entries) -> list[Row]:
    return [
        [
            f"{entry.seq:,}",
            wording.second(entry.timestamp, facts.times),
            records.sans(entry.description),
            "error",
            records.mono(entry.event_type, within=20.0),
        ]
        for entry in exceptions(entries)[:MOST_EXCEPTIONS]
    ]
