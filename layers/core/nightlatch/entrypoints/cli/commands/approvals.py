"""Decide: approve and reject."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType

from nightlatch.entrypoints.cli.commands.requests import Meant, Reason, act, footer
from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import listed
from nightlatch.entrypoints.cli.references import request_id, short
from nightlatch.entrypoints.cli.screen import table
from nightlatch.entrypoints.cli.shapes import Json, permissions, person, resources, segment
from nightlatch.entrypoints.cli.times import parse_time, words

Items = Annotated[
    list[str] | None, typer.Option("--item", help="Only this item, by its id or permission; repeatable. Else all.")
]


def approvals(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after the last page.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List the requests that wait for your decision."""
    run = invocation(context, acting, output)
    page = run.api.get("/v1/approvals", {"limit": limit, "cursor": cursor})
    run.screen.show(page, lambda shown: _waiting_view(run, shown))


def approve(
    context: typer.Context,
    *,
    meant: Meant,
    item: Items = None,
    reason: Reason = "",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Say yes to a request, or to some of its items.

    nightlatch approve req_0cn4… --item role3 --reason 'on call this week'
    """
    _decide(invocation(context, acting, output), meant, "approve", item, reason)


def reject(
    context: typer.Context,
    *,
    meant: Meant,
    item: Items = None,
    reason: Reason = "",
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Say no to a request, or to some of its items."""
    _decide(invocation(context, acting, output), meant, "reject", item, reason)


def _decide(run: Invocation, meant: str, verdict: str, items: list[str] | None, reason: str) -> None:
    identifier = request_id(run.api, meant, to_decide=True)
    chosen = listed(items)
    ids = item_ids(run.api.get(f"/v1/requests/{segment(identifier)}"), chosen) if chosen else []
    act(run, identifier, verdict, {"items": ids, "reason": reason})


def item_ids(request: Json, chosen: list[str]) -> list[str]:
    """Find the items that are meant: by id, or every one with a permission of that name."""
    ids: list[str] = []
    for name in chosen:
        found = [item["id"] for item in request["items"] if name in {item["id"], item["permission"]["name"]}]
        if not found:
            there = [f"{item['id']}  {item['permission']['name']}" for item in request["items"]]
            raise MistakenError(f"request {request['id']} has no item {name}; it has:", lines=there)
        ids += found
    return list(dict.fromkeys(ids))


def _waiting_view(run: Invocation, page: Json) -> RenderableType:
    rows = [
        (
            short(request["id"]),
            person(request["requester"]),
            resources(request),
            permissions(request),
            words(run.now - parse_time(request["created_at"])),
            request["justification"],
        )
        for request in page["requests"]
    ]
    columns = ("ID", "REQUESTER", "RESOURCES", "PERMISSION", "WAITS", "WHY")
    shown = table(*columns, rows=rows, folding=("REQUESTER", "RESOURCES", "PERMISSION", "WHY"))
    return Group(shown, footer(len(rows), page.get("next_cursor")))
