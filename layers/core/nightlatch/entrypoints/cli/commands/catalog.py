"""What one may ask for."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation
from nightlatch.entrypoints.cli.screen import MUTED, table
from nightlatch.entrypoints.cli.shapes import Json, counted
from nightlatch.entrypoints.cli.times import words


def catalog(
    context: typer.Context,
    *,
    search: Annotated[str, typer.Argument(help="Only what contains this text.")] = "",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List what you may ask for, under which flow, and for how long.

    nightlatch catalog orders
    """
    run = invocation(context, acting, output)
    known = run.api.get("/v1/catalog")
    known["offers"] = [offer for offer in known["offers"] if search.lower() in _text(offer).lower()]
    run.screen.show(known, _view)


def _text(offer: Json) -> str:
    resource, permission = offer["resource"], offer["permission"]
    tags = (*resource.get("tags", ()), *permission.get("tags", ()))
    return " ".join((_target(offer), resource["id"], permission["name"], permission.get("description", ""), *tags))


def _target(offer: Json) -> str:
    return f"{offer['integration']['id']}/{offer['resource']['name']}"


def _view(known: Json) -> RenderableType:
    rows = [
        (
            _target(offer),
            offer["permission"]["name"],
            offer["permission"].get("description", ""),
            offer["flow"]["name"],
            _approvals(offer["flow"]["approvals_needed"]),
            words(timedelta(seconds=offer["flow"]["maximum_seconds"])),
        )
        for offer in known["offers"]
    ]
    columns = ("TARGET", "PERMISSION", "DESCRIPTION", "FLOW", "APPROVALS", "AT MOST")
    shown = table(*columns, rows=rows, folding=("TARGET", "PERMISSION", "DESCRIPTION", "FLOW"))
    hint = ".   Ask: nightlatch request TARGET -p PERMISSION --reason TEXT --wait"
    return Group(shown, Text(counted(len(rows), "offer", "offers") + hint, MUTED))


def _approvals(needed: int) -> str:
    return str(needed) if needed else "automatic"
