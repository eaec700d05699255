"""Look back: the trail as a list, and as a feed that is followed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nightlatch.entrypoints.cli.errors import ProblemError
from nightlatch.entrypoints.cli.following import read_patiently
from nightlatch.entrypoints.cli.inert import inert
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import MUTED, table, whole
from nightlatch.entrypoints.cli.shapes import NOTHING, SEVERITY_STYLES, Json, counted, person
from nightlatch.entrypoints.cli.times import clock, parse_time

FEED = "/v1/audit"
ENTRIES = "/v1/audit/entries"
POLL_SECONDS = 2.0
CURSOR_EXPIRED = 410
FROM_THE_OLDEST = f"{FEED}?limit=100"

Types = Annotated[list[str] | None, typer.Option("--type", help="Only events of this type; repeatable.")]
Actors = Annotated[list[str] | None, typer.Option("--actor", help="Only what `me`, or an id, did; repeatable.")]
Severities = Annotated[list[str] | None, typer.Option("--severity", help="Only info, warning or error; repeatable.")]


def list_entries(
    context: typer.Context,
    *,
    event_type: Types = None,
    actor: Actors = None,
    severity: Severities = None,
    meant: Annotated[str | None, typer.Option("--request", help="Only what happened to this request.")] = None,
    last: Last = None,
    rounded: Rounded = None,
    since: Annotated[str | None, typer.Option(help="Recorded since: 24h, 7d, or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Recorded before: a span ago, or a time.")] = None,
    zone: Zone = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after the last page.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List events, newest first.

    nightlatch audit list --severity warning,error --last 7d
    """
    run = invocation(context, acting, output)
    query = {
        "event_type": listed(event_type),
        "actor": _actors(run, actor),
        "severity": listed(severity),
        "request_id": request_id(run.api, meant) if meant else None,
        "last": last,
        "round": rounded,
        "start_date": moment(since, now=run.now, zone=zone),
        "end_date": moment(until, now=run.now, zone=zone, is_end=True),
        "zone": zone,
        "limit": limit,
        "cursor": cursor,
    }
    run.screen.show(run.api.get(ENTRIES, query), lambda page: _page_view(page, now=run.now))


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

    nightlatch audit tail -n 50 --severity warning,error
    """
    run = invocation(context, acting, output)
    wanted = {"event_type": listed(event_type), "severity": listed(severity), "actor": _actors(run, actor)}
    for event in _feed(run, start=start, count=count, once=once):
        if _is_wanted(event, wanted):
            _print(run, event)


def _actors(run: Invocation, given: list[str] | None) -> list[str]:
    return [run.api.get("/v1/whoami")["id"] if actor == "me" else actor for actor in listed(given)]


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


def _feed(run: Invocation, *, start: str | None, count: int, once: bool) -> Iterator[Json]:
    """Give the events from where the person wants to begin, then on, for ever unless `once`."""
    past = [] if start else run.api.get(ENTRIES, {"limit": max(count, 1)})["entries"]
    yield from reversed(past[:count])
    seen = past[0]["id"] if past else None
    first = start or seen
    link = f"{FEED}?from={first}&limit=100" if first else FROM_THE_OLDEST
    while True:
        page = _page(run, link)
        yield from (event for event in page["events"] if event["id"] != seen)
        link = page["_links"]["next"]["href"]
        if page["has_more"]:
            continue
        if once:
            return
        run.outside.sleep(POLL_SECONDS)


def _page(run: Invocation, link: str) -> Json:
    """Read a page. What was not read before its retention ended is gone: say so, and go on with the oldest there is."""
    try:
        return read_patiently(run, link)
    except ProblemError as error:
        if error.status != CURSOR_EXPIRED:
            raise
        run.screen.note(("Some events are no longer kept; going on with the oldest that is.", "yellow"))
        oldest = error.problem.get("oldest")
        return read_patiently(run, f"{FEED}?from={oldest}&limit=100" if oldest else FROM_THE_OLDEST)


def _is_wanted(event: Json, wanted: dict[str, list[str]]) -> bool:
    known: dict[str, Any] = {**event, "actor": event["actor"]["id"]}
    return all(not values or known[name] in values for name, values in wanted.items())


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
