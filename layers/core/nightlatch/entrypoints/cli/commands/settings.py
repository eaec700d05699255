"""Decide about the audit trail, as an administrator: how long it is kept, what it tells of, who else writes into it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import RenderableType

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.screen import facts
from nightlatch.entrypoints.cli.shapes import Json, counted
from nightlatch.entrypoints.cli.times import local_minute

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Answer

PATH = "/v1/settings/audit"
READS = {"sensitive": "only those that show what is sensitive are events", "all": "every one is an event"}


def show(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """Show what is decided about the audit trail."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(PATH), _view)


def retention(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Argument(min=30, max=365, metavar="DAYS", help="Days that events are kept.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before events are deleted.")] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Keep events for so many days, 30 to 365. It holds at once; what was given up once stays gone.

    nightlatch settings retention 180
    """
    run = invocation(context, acting, output)
    current = run.api.read(PATH)
    if days < current.body["retention_days"] and not yes:
        _confirm_loss(run, days)
    _replace(run, current, retention_days=days)
    if days > current.body["retention_days"]:
        _say_what_stays_gone(run, current.body["retention_days"], days)


def reads(
    context: typer.Context,
    *,
    which: Annotated[Literal["sensitive", "all"], typer.Argument(help="Which calls that only read are events.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Let the trail tell of sensitive reads only (the trail itself, exports, credentials, reports), or of all.

    nightlatch settings reads all
    """
    run = invocation(context, acting, output)
    _replace(run, run.api.read(PATH), reads=which)


def add_writer(
    context: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="ID", help="The service's id, as whoami tells it: usr_…")],
    events: Annotated[
        list[str] | None, typer.Option("--also", metavar="PATTERN", help="Nightlatch's own names that it may use.")
    ] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Let a service write events of its own, or choose anew which of Nightlatch's own names it may use.

    nightlatch settings writers add usr_… --also 'auth.*'
    """
    run = invocation(context, acting, output)
    current = run.api.read(PATH)
    writer = {"principal_id": service, "events": events or []}
    _replace(run, current, writers=[*_others(current, service), writer])


def remove_writer(
    context: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="ID", help="The service's id.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Let a service write no more. What it has written stays."""
    run = invocation(context, acting, output)
    current = run.api.read(PATH)
    others = _others(current, service)
    if len(others) == len(current.body["writers"]):
        raise MistakenError(f"{service} is no writer; see: nightlatch settings show")
    _replace(run, current, writers=others)


def _others(current: "Answer", service: str) -> list[Json]:
    return [writer for writer in current.body["writers"] if writer["principal_id"] != service]


def _confirm_loss(run: Invocation, days: int) -> None:
    since = local_minute(run.now - timedelta(days=days))
    run.screen.note(f"Events recorded before {since} can no longer be read, from this moment on,")
    run.screen.note("and are then deleted from the ledger. What is deleted cannot be brought back by anybody.")
    typer.confirm(f"Keep events for {days} days only?", abort=True, err=True)


def _say_what_stays_gone(run: Invocation, before: int, days: int) -> None:
    # A day later than the shorter one says: until stored events follow, what it would have ended may be removed.
    since = local_minute(run.now - timedelta(days=before - 1))
    run.screen.note(f"Events are kept for {days} days from now on. Those recorded before {since} stay gone.")


def _replace(run: Invocation, current: "Answer", **change: Any) -> None:
    choices = {name: value for name, value in current.body.items() if name != "version"} | change
    run.screen.show(run.api.put(PATH, choices, if_match=current.etag).body, _view)


def _view(settings: Json) -> RenderableType:
    writers = [_writer(writer) for writer in settings["writers"]]
    rows = [
        ("Events are kept", f"{settings['retention_days']} days"),
        ("Calls that read", READS[settings["reads"]]),
        *((f"Writer {number}", text) for number, text in enumerate(writers, start=1)),
        ("Version", f"{settings['version']}, {_origin(settings)}"),
    ]
    return facts(rows)


def _writer(writer: Json) -> str:
    names = ", ".join(writer["events"])
    return f"{writer['principal_id']}, also under the names {names}" if names else writer["principal_id"]


def _origin(settings: Json) -> str:
    changes = settings["version"]
    return f"after {counted(changes, 'change', 'changes')}" if changes else "as deployed"
