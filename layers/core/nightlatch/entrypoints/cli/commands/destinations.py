"""Destinations: say where events are sent on to, see what came of it, and let it be delivered again."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.errors import CliError, MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import listed, moment, settings
from nightlatch.entrypoints.cli.screen import LINK, facts, table
from nightlatch.entrypoints.cli.shapes import NOTHING, Json, counted, segment
from nightlatch.entrypoints.cli.times import clock, parse_time

PATH = "/v1/destinations"
CHOICES = ("name", "settings", "selection", "format", "template", "headers", "validators", "timeout")
STATES = {"delivered": ("●", "green"), "retrying": ("◐", "yellow"), "halved": ("◐", "yellow"), "gap": ("○", "yellow")}

Named = Annotated[str, typer.Argument(metavar="DESTINATION", help="A destination's id.")]
Name = Annotated[str | None, typer.Option(help="A name for people.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting; repeatable.")]
Events = Annotated[
    list[str] | None, typer.Option("--event", metavar="NAME", help="Only these: access.*; repeatable, all if left out.")
]
Severities = Annotated[list[str] | None, typer.Option("--severity", help="Only these: info, warning, error.")]
Integrations = Annotated[list[str] | None, typer.Option("--integration", metavar="ID", help="Only of these.")]
Form = Annotated[str | None, typer.Option("--format", help="native, ocsf or template.")]
TemplateFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A JSON object with placeholders: how an event is written. Without --format, the format is template then.",
    ),
]
ValidatorsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A JSON list, each with path and expected: what an answer must hold; [] takes them away.",
    ),
]
HeaderTexts = Annotated[list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="A header to add.")]
Seconds = Annotated[int | None, typer.Option("--timeout", metavar="SECONDS", help="How long to wait for an answer.")]
SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")]


def list_destinations(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """List the destinations: how they are, and how far each has come."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(PATH), lambda known: _list_view(known, now=run.now))


def show(context: typer.Context, *, destination: Named, acting: Acting = None, output: Output = None) -> None:
    """Show a destination, and how far it has come."""
    run = invocation(context, acting, output)
    _show(run, run.api.get(_path(destination)))


def add(
    context: typer.Context,
    *,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A name for addresses: siem.")],
    kind: Annotated[str, typer.Option(help="webhook, splunk-hec, azure-logs, datadog, sumologic …")],
    name: Name = None,
    setting: Set = None,
    event: Events = None,
    severity: Severities = None,
    integration: Integrations = None,
    form: Form = None,
    template: TemplateFile = None,
    validators: ValidatorsFile = None,
    header: HeaderTexts = None,
    timeout: Seconds = None,
    begin: Annotated[str | None, typer.Option("--from", metavar="ENTRY", help="Begin with this entry.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Begin with what was recorded then.")] = None,
    secret_stdin: SecretStdin = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Send events on to somewhere. The secret is asked for, or read from standard input; it is never shown again.

    nightlatch destinations add siem --kind webhook --set url=https://siem.example.com/events --event 'access.*'
    """
    run = invocation(context, acting, output)
    chosen = _written(template, validators) | _chosen(name or identifier, setting, header, form, timeout)
    wanted = _selection({}, event, severity, integration)
    start = {"from_entry": begin, "since": moment(since, now=run.now)}
    body = {"id": identifier, "kind": kind, **chosen, "selection": wanted, "secret": _secret(secret_stdin)}
    made = run.api.post(PATH, body | {name: place for name, place in start.items() if place})
    run.screen.show(made, _made_view)


def edit(
    context: typer.Context,
    *,
    destination: Named,
    name: Name = None,
    setting: Set = None,
    event: Events = None,
    severity: Severities = None,
    integration: Integrations = None,
    form: Form = None,
    template: TemplateFile = None,
    validators: ValidatorsFile = None,
    header: HeaderTexts = None,
    timeout: Seconds = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Change what is named, and leave all else as it is. What failed is tried again at once.

    nightlatch destinations edit siem --event 'access.*' --event 'anomaly.*'
    """
    run = invocation(context, acting, output)
    current = run.api.read(_path(destination))
    chosen = {field: current.body[field] for field in CHOICES}
    changes = _written(template, validators) | _chosen(name, setting, header, form, timeout)
    for field in ("settings", "headers"):
        changes[field] = {**chosen[field], **changes[field]}
    changes["selection"] = _selection(chosen["selection"], event, severity, integration)
    _show(run, run.api.put(_path(destination), {**chosen, **changes}, if_match=current.etag).body)


def try_out(context: typer.Context, *, destination: Named, acting: Acting = None, output: Output = None) -> None:
    """Send a test, which is no event, and say what came of it; exit code 1 if it was not taken."""
    run = invocation(context, acting, output)
    delivery = run.api.post(f"{_path(destination)}/test")
    run.screen.show(delivery, lambda line: _log_view({"deliveries": [line]}, now=run.now))
    if delivery["result"] != "delivered":
        raise CliError(f"{destination} did not take the test: {delivery['error'] or delivery['status']}")


def enable(context: typer.Context, *, destination: Named, acting: Acting = None, output: Output = None) -> None:
    """Let a destination go on from where it stopped."""
    run = invocation(context, acting, output)
    _show(run, run.api.post(f"{_path(destination)}/enable"))


def disable(
    context: typer.Context,
    *,
    destination: Named,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Let a destination stop. What comes meanwhile waits, as long as events are kept."""
    run = invocation(context, acting, output)
    _show(run, run.api.post(f"{_path(destination)}/disable", {"reason": reason}))


def rotate_secret(
    context: typer.Context,
    *,
    destination: Named,
    secret_stdin: SecretStdin = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Replace the secret. A webhook is signed with the old one too, for a day."""
    run = invocation(context, acting, output)
    made = run.api.post(f"{_path(destination)}/rotate-secret", {"secret": _secret(secret_stdin)})
    run.screen.show(made, _made_view)


def log(
    context: typer.Context,
    *,
    destination: Named,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="So many.")] = 20,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List the latest attempts to deliver, newest first."""
    run = invocation(context, acting, output)
    found = run.api.get(f"{_path(destination)}/deliveries", {"limit": limit})
    run.screen.show(found, lambda page: _log_view(page, now=run.now))


def replay(
    context: typer.Context,
    *,
    destination: Named,
    failed: Annotated[bool, typer.Option("--failed", help="All that was given up or refused.")] = False,
    delivery: Annotated[str | None, typer.Option(metavar="ID", help="One delivery of the log.")] = None,
    begin: Annotated[str | None, typer.Option("--from", metavar="ENTRY", help="From this entry on.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="ENTRY", help="Up to this entry.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this time on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Deliver again, beside what is new: what failed, one delivery, or what lies between two entries or times.

    nightlatch destinations replay siem --since 2h
    """
    run = invocation(context, acting, output)
    ends = {"from_entry": begin, "to_entry": end, "since": moment(since, now=run.now)}
    ends["until"] = moment(until, now=run.now, is_end=True)
    wanted = {name: value for name, value in {**ends, "delivery": delivery, "failed": failed}.items() if value}
    if not wanted:
        raise MistakenError("say what to deliver again: --failed, --delivery, --from, --to, --since or --until")
    _show(run, run.api.post(f"{_path(destination)}/replay", wanted))


def remove(
    context: typer.Context, *, destination: Named, yes: Yes = False, acting: Acting = None, output: Output = None
) -> None:
    """Take a destination away, and its secret. What waits for it is not delivered."""
    run = invocation(context, acting, output)
    current = run.api.read(_path(destination))
    if not yes:
        behind = counted(current.body["progress"]["behind"], "event waits", "events wait")
        typer.confirm(f"Remove {destination}? {behind} for it.", abort=True, err=True)
    run.api.delete(_path(destination), if_match=current.etag)
    run.screen.show({"id": destination, "result": "removed"}, lambda gone: _done(f"Removed {gone['id']}"))


def _path(destination: str) -> str:
    return f"{PATH}/{segment(destination)}"


def _secret(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Secret (empty: one is made where it is ours to make)", "", hide_input=True, err=True))


def _chosen(
    name: str | None, setting: list[str] | None, header: list[str] | None, form: str | None, timeout: int | None
) -> Json:
    headers = {key: str(value) for key, _, value in (text.partition("=") for text in header or ())}
    chosen = {"name": name, "settings": settings(setting or ()), "headers": headers, "format": form, "timeout": timeout}
    return {field: value for field, value in chosen.items() if value is not None}


def _written(template: Path | None, validators: Path | None) -> Json:
    written: Json = {"format": "template", "template": _text(template)} if template else {}
    if validators:
        try:
            written["validators"] = json.loads(_text(validators))
        except ValueError as error:
            raise MistakenError(f"{validators} is no JSON: {error}") from error
    return written


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakenError(f"{file} cannot be read: {error}") from error


def _selection(
    before: Json, events: list[str] | None, severities: list[str] | None, integrations: list[str] | None
) -> Json:
    given = {"event_types": events, "severities": severities, "integrations": integrations}
    return {**before, **{field: listed(values) for field, values in given.items() if values is not None}}


# Views


def _show(run: Invocation, destination: Json) -> None:
    run.screen.show(destination, lambda known: _view(known, now=run.now))


def _done(text: str) -> Text:
    return Text.assemble(("✓ ", "green"), text)


def _made_view(made: Json) -> RenderableType:
    lines = [_done(f"Ready: {made['id']}")]
    if made["new_secret"]:
        lines.append(Text.assemble("  Secret  ", (made["new_secret"], "bold"), "   it is not shown again"))
    next_step = Text.assemble("  Next    ", (f"nightlatch destinations test {made['id']}", LINK))
    return Group(*lines, next_step)


def _list_view(known: Json, *, now: datetime) -> RenderableType:
    rows = [
        (
            one["id"],
            one["kind"],
            _state(one),
            str(one["progress"]["behind"]),
            _time(one["progress"]["last_delivered_at"], now),
            one["disabled_because"] or one["name"],
        )
        for one in known["destinations"]
    ]
    return table("ID", "KIND", "STATUS", "BEHIND", "DELIVERED", "", rows=rows, folding=("",))


def _state(destination: Json) -> Text:
    if not destination["is_active"]:
        return Text.assemble(("○", "red" if destination["disabled_because"] else ""), " disabled")
    if destination["progress"]["failing_since"]:
        return Text.assemble(("✗", "red"), " failing")
    return Text.assemble(("●", "green"), " active")


def _view(destination: Json, *, now: datetime) -> RenderableType:
    progress, chosen = destination["progress"], destination["selection"]
    lost = sum(one["last"] - one["first"] + 1 for one in progress["lost"])
    rows: list[tuple[str, Any]] = [
        ("Destination", f"{destination['id']}, {destination['name']}"),
        ("Kind", f"{destination['kind']}, as {destination['format']}"),
        ("Status", _state(destination).plain),
        ("Why", destination["disabled_because"]),
        *((name, str(value)) for name, value in destination["settings"].items()),
        ("Events", ", ".join(chosen["event_types"]) or "all"),
        ("Severities", ", ".join(sorted(chosen["severities"]))),
        ("Integrations", ", ".join(sorted(chosen["integrations"]))),
        ("Behind", counted(progress["behind"], "event", "events")),
        ("Delivered", f"{progress['delivered']}, last {_time(progress['last_delivered_at'], now)}"),
        ("Failing since", _time(progress["failing_since"], now)),
        ("Next attempt", _time(progress["retry_at"], now)),
        ("Not delivered", f"{counted(lost, 'number', 'numbers')}; `replay --failed` sends them again" if lost else ""),
        ("Replays", counted(len(progress["replays"]), "under way", "under way") if progress["replays"] else ""),
    ]
    return facts([(name, text) for name, text in rows if text not in {"", NOTHING}])


def _log_view(page: Json, *, now: datetime) -> RenderableType:
    rows = [
        (
            clock(parse_time(one["at"]), now=now, seconds=True),
            _result(one),
            f"{one['first_seq']}-{one['last_seq']}" if one["first_seq"] else "test",
            str(one["attempt"]),
            str(one["status"] or NOTHING),
            f"{one['took_milliseconds']} ms",
            one["error"] or one["answer"],
            one["id"],
        )
        for one in page["deliveries"]
    ]
    columns = ("AT", "RESULT", "NUMBERS", "ATTEMPT", "STATUS", "TOOK", "ANSWER", "ID")
    return table(*columns, rows=rows, folding=("ANSWER",))


def _result(delivery: Json) -> Text:
    sign, style = STATES.get(delivery["result"], ("✗", "red"))
    return Text.assemble((sign, style), " ", delivery["result"])


def _time(at: str | None, now: datetime) -> str:
    return clock(parse_time(at), now=now) if at else NOTHING
