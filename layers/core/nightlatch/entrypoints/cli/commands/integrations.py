"""Integrations: connect systems, check them, scan what is in them."""

import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.errors import CliError
from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation
from nightlatch.entrypoints.cli.options import settings
from nightlatch.entrypoints.cli.screen import LINK, MUTED, table
from nightlatch.entrypoints.cli.shapes import NOTHING, Json, counted, segment
from nightlatch.entrypoints.cli.times import clock, parse_time

STATES = {"ready": ("●", "green"), "failing": ("✗", "red")}

Named = Annotated[str, typer.Argument(metavar="INTEGRATION", help="An integration's id.")]


def list_integrations(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """List the connected systems and how they are."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get("/v1/integrations"), lambda known: _list_view(known, now=run.now))


def add(
    context: typer.Context,
    *,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A name for addresses: orders-db.")],
    kind: Annotated[str, typer.Option(help="The kind of system: postgresql.")],
    name: Annotated[str | None, typer.Option(help="A name for people; the id, if none is given.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting; repeatable.")
    ] = None,
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Connect a system. Its secret is asked for, or read from standard input; it is never shown again.

    nightlatch integrations add orders-db --kind postgresql --set host=db.internal --set port=5432 --secret-stdin
    """
    run = invocation(context, acting, output)
    chosen = settings(setting or ())
    secret = sys.stdin.readline().rstrip("\r\n") if secret_stdin else typer.prompt("Secret", hide_input=True, err=True)
    body = {"id": identifier, "name": name or identifier, "kind": kind, "settings": chosen, "secret": secret}
    added = run.api.post("/v1/integrations", body)
    run.screen.show(added, _added_view)


def check(context: typer.Context, *, identifier: Named, acting: Acting = None, output: Output = None) -> None:
    """Try whether a system can be worked with; exit code 1 if not."""
    run = invocation(context, acting, output)
    result = run.api.post(f"/v1/integrations/{segment(identifier)}/check")
    run.screen.show(result, lambda known: _check_view(identifier, known))
    if not result["ok"]:
        raise CliError(f"{identifier} cannot be worked with")


def scan(context: typer.Context, *, identifier: Named, acting: Acting = None, output: Output = None) -> None:
    """Read what is in a system into the catalog."""
    run = invocation(context, acting, output)
    scanned = run.api.post(f"/v1/integrations/{segment(identifier)}/scan")
    run.screen.show(scanned, _scan_view)


def _list_view(known: Json, *, now: datetime) -> RenderableType:
    rows = [
        (
            integration["id"],
            integration["name"],
            integration["kind"],
            _state(integration),
            str(integration["resource_count"]),
            clock(parse_time(integration["scanned_at"]), now=now) if integration.get("scanned_at") else NOTHING,
            integration.get("status_message") or "",
        )
        for integration in known["integrations"]
    ]
    columns = ("ID", "NAME", "KIND", "STATUS", "RESOURCES", "SCANNED", "")
    return table(*columns, rows=rows, folding=("NAME", ""))


def _state(integration: Json) -> Text:
    sign, style = STATES.get(integration["status"], ("◌", "yellow"))
    return Text.assemble((sign, style), " ", integration["status"])


def _added_view(integration: Json) -> RenderableType:
    next_step = Text.assemble("  Next    ", (f"nightlatch integrations scan {integration['id']}", LINK))
    return Group(Text.assemble(("✓ ", "green"), f"Added {integration['id']}"), next_step)


def _check_view(identifier: str, result: Json) -> RenderableType:
    sign = ("✓ ", "green") if result["ok"] else ("✗ ", "red")
    return Text.assemble(sign, identifier, (f"   {result['message']}", MUTED))


def _scan_view(integration: Json) -> RenderableType:
    found = counted(integration["resource_count"], "resource", "resources")
    return Text.assemble(("✓ ", "green"), f"{found} in {integration['id']}")
