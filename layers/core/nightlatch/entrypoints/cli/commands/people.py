"""People whom Nightlatch has met."""

from datetime import datetime

import typer
from rich.console import Group, RenderableType

from nightlatch.entrypoints.cli.commands.requests import footer
from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation
from nightlatch.entrypoints.cli.screen import table
from nightlatch.entrypoints.cli.shapes import Json, person
from nightlatch.entrypoints.cli.times import clock, parse_time


def list_people(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """List everybody whom Nightlatch has met, as they last signed in: for administrators and auditors."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get("/v1/people"), lambda known: _list_view(known, now=run.now))


def _list_view(known: Json, *, now: datetime) -> RenderableType:
    rows = [
        (
            somebody["id"],
            person(somebody) + (" (service)" if somebody["is_service"] else ""),
            somebody["email"],
            ", ".join(somebody["groups"]),
            clock(parse_time(somebody["seen_at"]), now=now),
        )
        for somebody in known["people"]
    ]
    shown = table("ID", "NAME", "E-MAIL", "GROUPS", "KNOWN SO SINCE", rows=rows, folding=("NAME", "E-MAIL", "GROUPS"))
    return Group(shown, footer(len(rows), None, one="person", many="people"))
