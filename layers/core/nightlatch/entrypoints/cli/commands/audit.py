"""Look back: the trail as a list, in numbers, and as a feed that is followed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nightlatch.entrypoints.cli.errors import CliError, ProblemError
from nightlatch.entrypoints.cli.following import read_patiently
from nightlatch.entrypoints.cli.inert import inert
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import MUTED, facts, table, whole
from nightlatch.entrypoints.cli.shapes import NOTHING, SEVERITY_STYLES, Json, counted, person, segment
from nightlatch.entrypoints.cli.times import clock, parse_time

FEED = "/v1/audit"
ENTRIES = "/v1/audit/entries"
POLL_SECONDS = 2.0
CURSOR_EXPIRED = 410

MOST_COUNTED = 10_000
COUNTED = ("event_type", "severity", "actor")

Types = Annotated[list[str] | None, typer.Option("--type", help="Only events of this type; repeatable.")]
Actors = Annotated[list[str] | None, typer.Option("--actor", help="Only what `me`, or an id, did; repeatable.")]
Severities = Annotated[list[str] | None, typer.Option("--severity", help="Only info, warning or error; repeatable.")]
Resources = Annotated[list[str] | None, typer.Option("--resource", help="Only about these, by id; repeatable.")]
OfRequest = Annotated[str | None, typer.Option("--request", help="Only what happened to this request.")]
Integrations = Annotated[list[str] | None, typer.Option("--integration", help="Only at these; repeatable.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only by way of web,cli,api…; repeatable.")]
Search = Annotated[
    str | None, typer.Option("--search", "-q", metavar="TEXT", help="Text in types, descriptions, names.")
]
Since = Annotated[str | None, typer.Option(help="Recorded since: 24h, 7d, or a time.")]
Until = Annotated[str | None, typer.Option(help="Recorded before: a span ago, or a time.")]


def list_entries(
    context: typer.Context,
    *,
    event_type: Types = None,
    actor: Actors = None,
    severity: Severities = None,
    resource: Resources = None,
    meant: OfRequest = None,
    integration: Integrations = None,
    source: Sources = None,
    search: Search = None,
    last: Last = None,
    rounded: Rounded = None,
    since: Since = None,
    until: Until = None,
    zone: Zone = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    offset: Annotated[int | None, typer.Option(min=0, max=1000, help="Pass over so many.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on after the last page.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List events, newest first. Values of one option are alternatives; all options must be met.

    nightlatch audit list --severity warning,error --last 7d

    nightlatch audit list -q payroll --integration orders-db --source web
    """
    run = invocation(context, acting, output)
    query = {
        **_who_and_what(run, event_type=event_type, actor=actor, severity=severity),
        "resource": listed(resource),
        "request_id": request_id(run.api, meant) if meant else None,
        "integration": listed(integration),
        "source": [value.lower() for value in listed(source)],
        "q": search,
        **_frame(run, last=last, rounded=rounded, since=since, until=until, zone=zone),
        "limit": limit,
        "offset": offset,
        "cursor": cursor,
    }
    run.screen.show(run.api.get(ENTRIES, query), lambda page: _page_view(page, now=run.now))


def show(
    context: typer.Context,
    *,
    entry: Annotated[str, typer.Argument(metavar="EVENT", help="An event's id.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Show all that is recorded of one event."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(f"{ENTRIES}/{segment(entry)}"), _entry_view)


def stats(
    context: typer.Context,
    *,
    event_type: Types = None,
    actor: Actors = None,
    severity: Severities = None,
    last: Last = None,
    rounded: Rounded = None,
    since: Since = None,
    until: Until = None,
    zone: Zone = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="Count so many at most.")] = MOST_COUNTED,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Count events by type, severity and actor, newest first, and say how many were counted.

    nightlatch audit stats --last 7d
    """
    run = invocation(context, acting, output)
    query = {
        **_who_and_what(run, event_type=event_type, actor=actor, severity=severity),
        **_frame(run, last=last, rounded=rounded, since=since, until=until, zone=zone),
    }
    run.screen.show(_counts(run, query, most=most), _counts_view)


def tail(
    context: typer.Context,
    *,
    count: Annotated[int, typer.Option("-n", min=0, max=1000, help="Begin with so many past events.")] = 10,
    start: Annotated[
        str | None, typer.Option("--from", metavar="EVENT", help="Begin with this event (its id).")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end instead of waiting for more.")] = False,
    event_type: Types = None,
    actor: Actors = None,
    severity: Severities = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Follow the trail, in the order of the ledger, one line an event. JSON is one object a line.

    An API that does not answer is waited for, and nothing is lost meanwhile. Where it ended it says how to go on.

    nightlatch audit tail -n 50 --severity warning,error
    """
    run = invocation(context, acting, output)
    wanted = _who_and_what(run, event_type=event_type, actor=actor, severity=severity)
    following = _Following(run, types=wanted["event_type"], actors=wanted["actor"])
    past, seen = ([], None) if start else _past(run, wanted, count=count)
    for event in past:
        _print(run, event)
    reached = start or seen
    try:
        for event in following.events(reached, once=once):
            is_wanted = not wanted["severity"] or event["severity"] in wanted["severity"]
            if is_wanted and event["id"] != seen:
                _print(run, event)
            reached = event["id"]
    except (CliError, KeyboardInterrupt):
        if reached:
            run.screen.note((f"It goes on with: nightlatch audit tail --from {inert(reached)}", MUTED))
        raise


def _who_and_what(run: Invocation, **given: list[str] | None) -> dict[str, list[str]]:
    """Read the filters that all commands have. Who `me` is, the API says."""
    chosen = {name: listed(values) for name, values in given.items()}
    return {**chosen, "actor": actors_of(run, chosen["actor"])}


def actors_of(run: Invocation, given: list[str] | None) -> list[str]:
    """Read whose doings are meant: ids, or `me`."""
    return [run.api.get("/v1/whoami")["id"] if actor == "me" else actor for actor in listed(given)]


def _frame(
    run: Invocation, *, last: str | None, rounded: str | None, since: str | None, until: str | None, zone: str | None
) -> dict[str, str | None]:
    return {
        "last": last,
        "round": rounded,
        "start_date": moment(since, now=run.now, zone=zone),
        "end_date": moment(until, now=run.now, zone=zone, is_end=True),
        "zone": zone,
    }


def event_lines(events: Sequence[Json], *, now: datetime, naming_the_request: bool = True) -> Table:
    """Lay out events, one line each, coloured by how much they ask for attention."""
    rows = [_row(event, now=now, naming_the_request=naming_the_request) for event in events]
    columns = ["TIME", "EVENT", "ACTOR", "DESCRIPTION", *(["REQUEST"] if naming_the_request else []), "NUMBER"]
    return table(*columns, rows=rows, folding=("ACTOR", "DESCRIPTION"))


def _row(event: Json, *, now: datetime, naming_the_request: bool) -> list[str | Text]:
    about = [event.get("request_id") or NOTHING] if naming_the_request else []
    return [
        Text(clock(parse_time(event["timestamp"]), now=now, seconds=True), MUTED),
        Text(event["event_type"], SEVERITY_STYLES.get(event["severity"], "")),
        person(event["actor"]),
        event["description"],
        *about,
        Text(f"#{event['seq']}", MUTED),
    ]


def _page_view(page: Json, *, now: datetime) -> RenderableType:
    cursor = page.get("next_cursor")
    more = f" More: --cursor {cursor}" if cursor else ""
    count = counted(len(page["entries"]), "event", "events")
    return Group(event_lines(page["entries"], now=now), whole((f"{count}.{more}   Machine output: -o json", MUTED)))


def _entry_view(entry: Json) -> RenderableType:
    actor, resource = entry["actor"], entry["resource"]
    known = [
        ("Event", entry["event_type"]),
        ("Severity", entry["severity"]),
        ("Number", str(entry["seq"])),
        ("Happened", entry["timestamp"]),
        ("Recorded", entry["recorded_at"]),
        ("Actor", f"{person(actor)} ({actor['type']} {actor['id']})"),
        ("Resource", f"{resource['name'] or NOTHING} ({resource['type']} {resource['id']})"),
        ("Request", entry["request_id"] or ""),
        ("Integration", entry["integration"] or ""),
        ("Source", " ".join(filter(None, (entry["source"], entry["ip_address"], entry["user_agent"])))),
        ("Description", entry["description"]),
        ("Details", json.dumps(entry["details"], ensure_ascii=False)),
        ("Hash", entry["hash"]),
    ]
    return Group(Text(entry["id"], "bold"), facts([(name, value) for name, value in known if value]))


def _counts(run: Invocation, query: Mapping[str, str | list[str] | None], *, most: int) -> Json:
    """Page through the list and count; `is_complete` says whether that was all of it."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    counted_so_far, cursor = 0, None
    while True:
        page = run.api.get(ENTRIES, {**query, "limit": min(1000, most - counted_so_far), "cursor": cursor})
        for entry in page["entries"]:
            for name in COUNTED:
                counts[name][entry["actor"]["id"] if name == "actor" else entry[name]] += 1
        counted_so_far += len(page["entries"])
        cursor = page["next_cursor"]
        if cursor is None or counted_so_far == most:
            by = {name: dict(values.most_common()) for name, values in counts.items()}
            return {"counted": counted_so_far, "is_complete": cursor is None, **by}


def _counts_view(counts: Json) -> RenderableType:
    rows = [(name, value, str(number)) for name in COUNTED for value, number in counts[name].items()]
    told = counted(counts["counted"], "event", "events")
    all_of_them = "all there are" if counts["is_complete"] else "the newest; there may be more: --most"
    return Group(
        table("BY", "VALUE", "EVENTS", rows=rows, folding=("VALUE",)), whole((f"{told}, {all_of_them}", MUTED))
    )


def _past(run: Invocation, wanted: Mapping[str, list[str]], *, count: int) -> tuple[list[Json], str | None]:
    """Read the newest events that are wanted, oldest first, and the id of the newest of all, to go on from."""
    newest = read_patiently(run, f"{ENTRIES}?limit=1")["entries"]
    if not newest:
        return [], None
    found = run.api.get(ENTRIES, {**wanted, "limit": count})["entries"] if count else []
    return [event for event in reversed(found) if event["seq"] <= newest[0]["seq"]], newest[0]["id"]


class _Following:
    """The feed, followed with its filters."""

    def __init__(self, run: Invocation, *, types: list[str], actors: list[str]) -> None:
        self._run = run
        self._filters = [("type", name) for name in types] + [("actor", name) for name in actors]

    def events(self, first: str | None, *, once: bool) -> Iterator[Json]:
        """Give the events from one on (None: from the oldest), for ever unless `once`."""
        link = self._link(first)
        while True:
            page = self._page(link)
            yield from page["events"]
            link = page["_links"]["next"]["href"]
            if page["has_more"]:
                continue
            if once:
                return
            self._run.outside.sleep(POLL_SECONDS)

    def _page(self, link: str) -> Json:
        """Read a page. What was not read before its retention ended is gone: say so, go on with the oldest there is."""
        try:
            return read_patiently(self._run, link)
        except ProblemError as error:
            if error.status != CURSOR_EXPIRED:
                raise
            self._run.screen.note(("Some events are no longer kept; going on with the oldest that is.", "yellow"))
            return read_patiently(self._run, self._link(error.problem.get("oldest")))

    def _link(self, first: str | None) -> str:
        begin = [("from", first)] if first else []
        return f"{FEED}?{urlencode([*begin, *self._filters, ('limit', '100')])}"


def _print(run: Invocation, event: Json) -> None:
    if run.screen.for_machines:
        run.screen.json_line(event)
        return
    shown = inert(event)
    run.screen.line(
        (clock(parse_time(shown["timestamp"]), now=run.now, seconds=True), MUTED),
        "  ",
        (f"{shown['event_type']:<25}", SEVERITY_STYLES.get(shown["severity"], "")),
        f"  {person(shown['actor']):<14}  {shown['description']}   ",
        (f"#{shown['seq']}", MUTED),
    )
