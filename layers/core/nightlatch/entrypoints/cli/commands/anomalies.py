"""Anomalies: see what was found, say what became of it, end the access, look through the past once more."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.commands import anomaly_settings
from nightlatch.entrypoints.cli.commands.requests import footer
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import LINK, facts, table
from nightlatch.entrypoints.cli.shapes import NOTHING, Json, counted, person, segment, state
from nightlatch.entrypoints.cli.times import clock, parse_time

PATH = "/v1/anomalies"
REPLAYS = f"{PATH}/replays"
POLL_SECONDS = 1.0
SEVERITIES = {"low": "", "medium": "yellow", "high": "red"}
STATES = {"open": ("●", "yellow"), "acknowledged": ("◐", "cyan"), "resolved": ("✓", "green")}

Named = Annotated[str, typer.Argument(metavar="ANOMALY", help="An anomaly's id.")]
Values = list[str] | None


def list_anomalies(
    context: typer.Context,
    *,
    kind: Annotated[Values, typer.Option("--type", help="Only these: high_risk_access; repeatable.")] = None,
    severity: Annotated[Values, typer.Option(help="Only these: low, medium, high.")] = None,
    standing: Annotated[Values, typer.Option("--state", help="Only these: open, acknowledged, resolved.")] = None,
    last: Last = None,
    rounded: Rounded = None,
    since: Annotated[str | None, typer.Option(help="Detected since: 24h, 7d, or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Detected before: a span ago, or a time.")] = None,
    zone: Zone = None,
    resource_type: Annotated[Values, typer.Option(help="Types of resources; repeatable.")] = None,
    resource: Annotated[Values, typer.Option(help="Resources, by name or id; repeatable.")] = None,
    user: Annotated[Values, typer.Option(help="`me`, or the id of a requester or an actor; repeatable.")] = None,
    integration: Annotated[Values, typer.Option(help="Only of these; repeatable.")] = None,
    meant: Annotated[str | None, typer.Option("--request", help="Only what is about this request.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", "-q", metavar="TEXT", help="Text in reasons, names, notes, ids.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="So many.")] = 50,
    offset: Annotated[int | None, typer.Option(min=0, max=1000, help="Pass over so many.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on after the last page.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List anomalies, the latest detected first. Values of one option are alternatives; all options must be met.

    nightlatch anomalies list --state open --severity high --last 7d
    """
    run = invocation(context, acting, output)
    query = {
        "type": listed(kind),
        "severity": listed(severity),
        "state": listed(standing),
        "last": last,
        "round": rounded,
        "since": moment(since, now=run.now, zone=zone),
        "until": moment(until, now=run.now, zone=zone, is_end=True),
        "zone": zone,
        "resource_type": listed(resource_type),
        "resource": listed(resource),
        "user": listed(user),
        "integration": listed(integration),
        "request_id": request_id(run.api, meant) if meant else None,
        "q": search,
        "limit": limit,
        "offset": offset,
        "cursor": cursor,
    }
    run.screen.show(run.api.get(PATH, query), lambda page: _list_view(page, now=run.now))


def show(context: typer.Context, *, anomaly: Named, acting: Acting = None, output: Output = None) -> None:
    """Show an anomaly: what was found, what it rests on, what is recommended and what can be done."""
    run = invocation(context, acting, output)
    _show(run, run.api.get(_path(anomaly)))


def acknowledge(
    context: typer.Context,
    *,
    anomaly: Named,
    note: Annotated[str, typer.Option(help="What is known so far.")] = "",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Say that you are looking at it."""
    run = invocation(context, acting, output)
    _show(run, run.api.post(f"{_path(anomaly)}/acknowledge", {"note": note}))


def resolve(
    context: typer.Context,
    *,
    anomaly: Named,
    note: Annotated[str, typer.Option(help="What came of it.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Say what came of it."""
    run = invocation(context, acting, output)
    _show(run, run.api.post(f"{_path(anomaly)}/resolve", {"note": note}))


def revoke(
    context: typer.Context,
    *,
    anomaly: Named,
    reason: Annotated[str, typer.Option(help="Why; it is recorded, and the person is told.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """End the access that it is about, now."""
    run = invocation(context, acting, output)
    ended = run.api.post(f"{_path(anomaly)}/revoke", {"reason": reason})
    run.screen.show(ended, lambda request: Text.assemble((request["id"], "bold"), "  ", state(request)))


def replay(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="TIME", help="From this time on: 30d, or a time.")],
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is found, and keep none of it.")] = False,
    fields: Annotated[
        Values, typer.Option("--set", metavar="FIELD=VALUE", help="Another setting, this once: inactive_user.days=30.")
    ] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Look through the past once more, and wait for what is found. What was found before is left as it is.

    nightlatch anomalies replay --since 30d --dry-run --set inactive_user.days=30
    """
    run = invocation(context, acting, output)
    body: Json = {"since": moment(since, now=run.now), "dry_run": dry_run}
    if until:
        body["until"] = moment(until, now=run.now, is_end=True)
    if fields:
        body["choices"] = _choices(run, fields)
    look_through(run, body)


def look_through(run: Invocation, body: Json) -> None:
    """Begin a replay, wait until it is done, and show what it found."""
    done = run.api.post(REPLAYS, body)
    with run.screen.progress("Looking through the past") as tell:
        while done["state"] == "running":
            run.outside.sleep(POLL_SECONDS)
            done = run.api.get(f"{REPLAYS}/{segment(done['id'])}")
            tell(done["progress_percent"], 100)
    run.screen.show(done, lambda replay: _replay_view(replay, now=run.now))


def _choices(run: Invocation, fields: list[str]) -> Json:
    choices = {name: value for name, value in run.api.get(anomaly_settings.PATH).items() if name != "version"}
    for field in fields:
        choices = anomaly_settings.with_field(choices, field)
    return choices


def _path(anomaly: str) -> str:
    return f"{PATH}/{segment(anomaly)}"


# Views


def _list_view(page: Json, *, now: datetime) -> RenderableType:
    rows = [
        (
            clock(parse_time(one["detected_at"]), now=now),
            _severity(one),
            _state(one),
            one["title"],
            one["reason"],
            one["id"],
        )
        for one in page["anomalies"]
    ]
    columns = ("DETECTED", "SEVERITY", "STATE", "TYPE", "REASON", "ID")
    shown = table(*columns, rows=rows, folding=("TYPE", "REASON"))
    return Group(shown, footer(len(rows), page.get("next_cursor"), one="anomaly", many="anomalies"))


def _show(run: Invocation, anomaly: Json) -> None:
    run.screen.show(anomaly, lambda known: _view(known, now=run.now))


def _view(anomaly: Json, *, now: datetime) -> RenderableType:
    flow, evidence = anomaly["flow"], anomaly["evidence"]
    resources = [f"{one['permission']} on {one['name']}".removeprefix(" on ") for one in anomaly["resources"]]
    known = [
        ("What", f"{anomaly['title']}: {anomaly['reason']}"),
        ("Severity", anomaly["severity"]),
        ("Detected", clock(parse_time(anomaly["detected_at"]), now=now)),
        ("Requester", person(anomaly["requester"])),
        ("Actor", person(anomaly["actor"])),
        ("Request", anomaly["request_id"] or ""),
        ("Flow", f"{flow['name']} ({flow['id']}, version {flow['version']})" if flow else ""),
        ("Integration", anomaly["integration"] or ""),
        ("Resources", ", ".join(resources)),
        ("Alert rule", anomaly["rule"] or ""),
        *_measured("", evidence["values"]),
        *_measured("against ", evidence["thresholds"]),
        ("Events", "\n".join(entry["id"] for entry in evidence["entries"])),
        ("Recommended", "\n".join(anomaly["recommended"])),
        ("Acknowledged by", person(anomaly["acknowledged_by"])),
        ("Resolved by", person(anomaly["resolved_by"])),
        ("Note", anomaly["note"]),
    ]
    rows = facts([(name, text) for name, text in known if text not in {"", NOTHING}])
    return Group(Text.assemble((anomaly["id"], "bold"), "  ", _state(anomaly)), rows, *_next_steps(anomaly))


def _measured(prefix: str, values: Json) -> list[tuple[str, str]]:
    """Write what there is: a zero and a no are something, nothing and an empty list are not."""
    return [(f"  {prefix}{name}", str(value)) for name, value in values.items() if value not in (None, "", [], {})]


def _next_steps(anomaly: Json) -> list[RenderableType]:
    """Say which commands lead on: to the request, to its end, to the flow."""
    links, name = anomaly["_links"], anomaly["id"]
    steps = {
        "request": f"nightlatch requests show {anomaly['request_id']}",
        "revoke": f"nightlatch anomalies revoke {name} --reason …",
        "flow": f"nightlatch flows show {anomaly['flow'] and anomaly['flow']['id']}",
        "rule": f"nightlatch alert-rules show {anomaly['rule']}",
    }
    return [Text.assemble("  Next    ", (command, LINK)) for link, command in steps.items() if link in links]


def _replay_view(replay: Json, *, now: datetime) -> RenderableType:
    rows = [(kind, str(number)) for kind, number in sorted(replay["counts"].items())]
    looked_at = replay["next_seq"] - replay["first_seq"]
    kept = "none of it was kept" if replay["dry_run"] else "what was not known yet was kept"
    line = f"{counted(looked_at, 'event', 'events')} looked at; {kept}"
    examples = [
        (clock(parse_time(one["detected_at"]), now=now), _severity(one), one["type"], one["reason"])
        for one in replay["examples"]
    ]
    shown: list[RenderableType] = [table("TYPE", "FOUND", rows=rows)] if rows else [Text("Nothing was found.")]
    if examples:
        shown += [Text(), table("DETECTED", "SEVERITY", "TYPE", "REASON", rows=examples, folding=("REASON",))]
    return Group(*shown, Text(line))


def _severity(one: Json) -> Text:
    return Text(one["severity"], SEVERITIES.get(one["severity"], ""))


def _state(anomaly: Json) -> Text:
    sign, style = STATES.get(anomaly["state"], ("○", ""))
    return Text.assemble((sign, style), " ", anomaly["state"])
