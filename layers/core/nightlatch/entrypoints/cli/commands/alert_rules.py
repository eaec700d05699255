"""Alert rules: say which events, so many within a window, are an anomaly; and try that on the past."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.commands.anomalies import look_through
from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import listed, moment, span
from nightlatch.entrypoints.cli.screen import facts, table
from nightlatch.entrypoints.cli.shapes import Json, segment

PATH = "/v1/alert-rules"
CHOICES = ("name", "is_active", "events", "hours", "count", "window_minutes", "per", "severity")
EVENTS = ("event_types", "severities", "sources", "integrations")
MINUTE = timedelta(minutes=1)
EVERY_DAY = "mon,tue,wed,thu,fri,sat,sun"

Values = list[str] | None
Named = Annotated[str, typer.Argument(metavar="RULE", help="An alert rule's id.")]
Name = Annotated[str | None, typer.Option(help="What an anomaly of it is called.")]
Events = Annotated[Values, typer.Option("--event", metavar="NAME", help="Only these: access.*; repeatable.")]
EventSeverities = Annotated[Values, typer.Option("--event-severity", help="Only these: info, warning, error.")]
EventSources = Annotated[Values, typer.Option("--source", help="Only by these ways: web,cli,api.")]
Integrations = Annotated[Values, typer.Option("--integration", metavar="ID", help="Only of these.")]
Count = Annotated[int | None, typer.Option(help="So many events are an anomaly.")]
Within = Annotated[timedelta | None, typer.Option(parser=span, metavar="SPAN", help="Within this time: 10m.")]
Per = Annotated[str | None, typer.Option(help="Counted for each: actor, resource, address, all.")]
Severity = Annotated[str | None, typer.Option(help="How urgent it is: low, medium, high.")]
Outside = Annotated[str | None, typer.Option(metavar="08:00-18:00", help="Only outside of these hours.")]
Inside = Annotated[str | None, typer.Option(metavar="08:00-18:00", help="Only within these hours.")]
Days = Annotated[str, typer.Option(metavar="DAYS", help="The days of these hours: mon,tue.")]
OfZone = Annotated[str, typer.Option("--zone", metavar="IANA", help="The zone of these hours.")]


def list_rules(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """List the alert rules, also those that came with Nightlatch."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(PATH), _list_view)


def show(context: typer.Context, *, rule: Named, acting: Acting = None, output: Output = None) -> None:
    """Show an alert rule."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(_path(rule)), _view)


def add(
    context: typer.Context,
    *,
    rule: Named,
    name: Name = None,
    event: Events = None,
    event_severity: EventSeverities = None,
    source: EventSources = None,
    integration: Integrations = None,
    count: Count = None,
    within: Within = None,
    per: Per = None,
    severity: Severity = None,
    outside: Outside = None,
    inside: Inside = None,
    days: Days = EVERY_DAY,
    zone: OfZone = "UTC",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Make an alert rule. Everything that is left out is as for a rule that counts each event of one actor.

    nightlatch alert-rules add many-rejections --event access.rejected --count 3 --within 1h --severity high
    """
    run = invocation(context, acting, output)
    hours = _hours(outside, inside, days, zone)
    changes = _changes(name=name or rule, count=count, within=within, per=per, severity=severity, hours=hours)
    events = _events({}, (event, event_severity, source, integration))
    run.screen.show(run.api.post(PATH, {"id": rule, **changes, "events": events}), _view)


def edit(
    context: typer.Context,
    *,
    rule: Named,
    name: Name = None,
    event: Events = None,
    event_severity: EventSeverities = None,
    source: EventSources = None,
    integration: Integrations = None,
    count: Count = None,
    within: Within = None,
    per: Per = None,
    severity: Severity = None,
    outside: Outside = None,
    inside: Inside = None,
    days: Days = EVERY_DAY,
    zone: OfZone = "UTC",
    any_time: Annotated[bool, typer.Option("--any-time", help="At all hours.")] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Change what is named of a rule, and leave all else as it is.

    nightlatch alert-rules edit failed-sign-ins --count 3
    """
    run = invocation(context, acting, output)
    hours = _hours(outside, inside, days, zone)
    changes = _changes(name=name, count=count, within=within, per=per, severity=severity, hours=hours)
    if any_time:
        changes["hours"] = None
    _put(run, rule, changes, (event, event_severity, source, integration))


def try_out(
    context: typer.Context,
    *,
    rule: Named,
    since: Annotated[str, typer.Option(metavar="TIME", help="On what was recorded since: 30d, or a time.")] = "30d",
    count: Count = None,
    within: Within = None,
    per: Per = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Count what a rule would have found, as it is or with other numbers; nothing is kept or changed.

    nightlatch alert-rules try failed-sign-ins --count 3 --since 90d
    """
    run = invocation(context, acting, output)
    current = run.api.get(_path(rule))
    tried = {name: current[name] for name in CHOICES} | _changes(count=count, within=within, per=per)
    tried |= {"id": rule, "is_active": True}
    look_through(run, {"since": moment(since, now=run.now), "dry_run": True, "rule": tried})


def enable(context: typer.Context, *, rule: Named, acting: Acting = None, output: Output = None) -> None:
    """Switch a rule on."""
    _put(invocation(context, acting, output), rule, {"is_active": True})


def disable(context: typer.Context, *, rule: Named, acting: Acting = None, output: Output = None) -> None:
    """Switch a rule off."""
    _put(invocation(context, acting, output), rule, {"is_active": False})


def remove(context: typer.Context, *, rule: Named, acting: Acting = None, output: Output = None) -> None:
    """Take a rule away. One that came with Nightlatch can be switched off only."""
    run = invocation(context, acting, output)
    current = run.api.read(_path(rule))
    run.api.delete(_path(rule), if_match=current.etag)
    gone = {"id": rule, "result": "removed"}
    run.screen.show(gone, lambda one: Text.assemble(("✓ ", "green"), f"Removed {one['id']}"))


def _put(run: Invocation, rule: str, changes: Json, events: tuple[Values, ...] = ()) -> None:
    current = run.api.read(_path(rule))
    chosen = {name: current.body[name] for name in CHOICES} | changes
    chosen["events"] = _events(chosen["events"], events)
    run.screen.show(run.api.put(_path(rule), chosen, if_match=current.etag).body, _view)


def _path(rule: str) -> str:
    return f"{PATH}/{segment(rule)}"


def _changes(*, within: timedelta | None, hours: Json | None = None, **given: str | int | None) -> Json:
    changes = {**given, "window_minutes": within // MINUTE if within else None, "hours": hours}
    return {field: value for field, value in changes.items() if value is not None}


def _events(before: Json, given: tuple[Values, ...]) -> Json:
    named = dict(zip(EVENTS, given, strict=False))
    return {**before, **{field: listed(values) for field, values in named.items() if values is not None}}


def _hours(outside: str | None, inside: str | None, days: str, zone: str) -> Json | None:
    if outside and inside:
        raise MistakenError("say --outside or --inside, not both")
    text = outside or inside
    if text is None:
        return None
    start, _, end = text.partition("-")
    hours = {"zone": zone, "days": listed([days]), "start": start.strip(), "end": end.strip()}
    return {"hours": hours, "outside": outside is not None}


# Views


def _list_view(known: Json) -> RenderableType:
    rows = [
        (one["id"], _state(one), str(one["count"]), _window(one), one["per"], one["severity"], one["name"])
        for one in known["alert_rules"]
    ]
    return table("ID", "STATUS", "COUNT", "WITHIN", "PER", "SEVERITY", "NAME", rows=rows, folding=("NAME",))


def _view(rule: Json) -> RenderableType:
    events = rule["events"]
    rows: list[tuple[str, Any]] = [
        ("Alert rule", f"{rule['id']}, {rule['name']}"),
        ("Status", _state(rule).plain + (", came with Nightlatch" if rule["is_delivered"] else "")),
        ("Events", ", ".join(events["event_types"]) or "all"),
        *((name, ", ".join(sorted(events[name]))) for name in EVENTS[1:]),
        ("Counted", f"{rule['count']} within {_window(rule)}, per {rule['per']}"),
        ("Hours", _hours_told(rule["hours"])),
        ("Severity", rule["severity"]),
    ]
    return facts([(name, text) for name, text in rows if text])


def _state(rule: Json) -> Text:
    return Text.assemble(("●", "green"), " on") if rule["is_active"] else Text("○ off")


def _window(rule: Json) -> str:
    return f"{rule['window_minutes']} min"


def _hours_told(chosen: Json | None) -> str:
    if not chosen:
        return ""
    hours, where = chosen["hours"], "outside of" if chosen["outside"] else "within"
    return f"{where} {','.join(hours['days'])} {hours['start']}-{hours['end']} {hours['zone']}"
