"""Who changed an access flow, when, and what: `-` before, `+` after."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.commands.flows import FlowId
from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation
from nightlatch.entrypoints.cli.screen import MUTED, whole
from nightlatch.entrypoints.cli.shapes import Json, person, segment
from nightlatch.entrypoints.cli.times import clock, parse_time


def history(
    context: typer.Context,
    *,
    flow: FlowId,
    version: Annotated[int | None, typer.Argument(min=1, help="Only this version.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Show every version of a flow, newest first: who wrote it, when, and what it changed.

    nightlatch flows history orders-roles
    """
    run = invocation(context, acting, output)
    known = run.api.get(f"/v1/flows/{segment(flow)}/versions")
    if version is not None:
        known["versions"] = [one for one in known["versions"] if one["version"] == version]
    if not known["versions"]:
        raise MistakenError(f"access flow {flow} has no version {version}")
    run.screen.show(known, lambda shown: _view(shown, now=run.now))


def _view(known: Json, *, now: datetime) -> RenderableType:
    return whole("\n").join(line for version in known["versions"] for line in _lines(version, now))


def _lines(version: Json, now: datetime) -> Iterator[Text]:
    changed = clock(parse_time(version["updated_at"]), now=now)
    verb = "deleted" if version["is_deleted"] else "written"
    yield whole((f"Version {version['version']}", "bold"), f"   {verb} by {person(version['updated_by'])}, {changed}")
    for change in version["changes"]:
        yield whole((f"  {change['pointer']}", MUTED))
        if change["before"] is not None:
            yield whole((f"    - {_written(change['before'])}", "red"))
        if change["after"] is not None:
            yield whole((f"    + {_written(change['after'])}", "green"))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
