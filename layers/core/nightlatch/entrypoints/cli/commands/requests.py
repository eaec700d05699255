"""Follow requests, extend access, give it back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.commands.audit import event_lines
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment, span
from nightlatch.entrypoints.cli.references import request_id, short
from nightlatch.entrypoints.cli.screen import MUTED, facts, table, whole
from nightlatch.entrypoints.cli.shapes import (
    NOTHING,
    Json,
    counted,
    item_state,
    permissions,
    person,
    resources,
    segment,
    state,
    time_left,
)
from nightlatch.entrypoints.cli.steps import approvals_needed, still_asked
from nightlatch.entrypoints.cli.times import clock, iso_8601, parse_time, words

WIDE_ENOUGH_FOR_FULL_IDS = 118

Meant = Annotated[str, typer.Argument(metavar="REQUEST", help="A request's id, the end of it, or `last`.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]


def list_requests(
    context: typer.Context,
    *,
    status: Annotated[list[str] | None, typer.Option(help="Only these: granted,pending; repeatable.")] = None,
    last: Last = None,
    rounded: Rounded = None,
    since: Annotated[str | None, typer.Option(help="Made since: 24h, 7d, or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Made before: a span ago, or a time.")] = None,
    zone: Zone = None,
    requester: Annotated[list[str] | None, typer.Option(help="`me`, or a person's id; repeatable.")] = None,
    integration: Annotated[list[str] | None, typer.Option(help="Only for these: orders-db; repeatable.")] = None,
    flow: Annotated[list[str] | None, typer.Option(help="Only under these: orders-roles; repeatable.")] = None,
    resource_type: Annotated[list[str] | None, typer.Option("--type", help="Resource types; repeatable.")] = None,
    resource: Annotated[list[str] | None, typer.Option(help="Resources, by name or id; repeatable.")] = None,
    permission: Annotated[list[str] | None, typer.Option("--permission", "-p", help="Permissions; repeatable.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="How it was asked: web,cli,api; repeatable.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", "-q", metavar="TEXT", help="Text in names, reasons, tickets, ids.")
    ] = None,
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only those whose access could not be ended yet.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    offset: Annotated[int | None, typer.Option(min=0, max=1000, help="Pass over so many.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on after the last page.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """List requests, newest first: yours, or everybody's for administrators and auditors.

    Values of one option are alternatives; all options must be met.

    nightlatch requests list --status granted,pending --last 24h

    nightlatch requests list --integration orders-db -p role3 --requester me --last 2mo

    nightlatch requests list -q INC-2291 --since 2026-11-22T10:00 --zone Europe/Berlin
    """
    run = invocation(context, acting, output)
    query = {
        "status": [value.upper() for value in listed(status)],
        "last": last,
        "round": rounded,
        "since": moment(since, now=run.now, zone=zone),
        "until": moment(until, now=run.now, zone=zone, is_end=True),
        "zone": zone,
        "requester": listed(requester),
        "integration": listed(integration),
        "flow": listed(flow),
        "resource_type": listed(resource_type),
        "resource": listed(resource),
        "permission": listed(permission),
        "source": [value.lower() for value in listed(source)],
        "q": search,
        "quarantined": "true" if quarantined else None,
        "limit": limit,
        "offset": offset,
        "cursor": cursor,
    }
    run.screen.show(run.api.get("/v1/requests", query), lambda page: requests_view(run, page))


def show(context: typer.Context, *, meant: Meant, acting: Acting = None, output: Output = None) -> None:
    """Show one request: who, why, what, the votes, the times, and everything that happened to it."""
    run = invocation(context, acting, output)
    path = f"/v1/requests/{segment(request_id(run.api, meant))}"
    found = run.api.get(path)
    found["timeline"] = run.api.get(f"{path}/timeline")["events"]
    run.screen.show(found, lambda shown: request_view(shown, now=run.now))


def cancel(
    context: typer.Context, *, meant: Meant, reason: Reason = "", acting: Acting = None, output: Output = None
) -> None:
    """Withdraw your request before it is granted."""
    act(invocation(context, acting, output), meant, "cancel", {"reason": reason})


def give_back(
    context: typer.Context, *, meant: Meant, reason: Reason = "", acting: Acting = None, output: Output = None
) -> None:
    """Give your access back before it ends."""
    act(invocation(context, acting, output), meant, "return", {"reason": reason})


def extend(
    context: typer.Context,
    *,
    meant: Meant,
    duration: Annotated[timedelta, typer.Option("--for", parser=span, metavar="SPAN", help="How much longer: 1h.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Make your access last longer, as far as its flow lets it.

    nightlatch extend last --for 1h
    """
    act(invocation(context, acting, output), meant, "extend", {"duration": iso_8601(duration)})


def credentials(context: typer.Context, *, meant: Meant, acting: Acting = None, output: Output = None) -> None:
    """Show how to connect with a granted request. Looking is recorded."""
    run = invocation(context, acting, output)
    known = run.api.post(f"/v1/requests/{segment(request_id(run.api, meant))}/credentials")
    run.screen.show(known, _credentials_view)


def act(run: Invocation, meant: str, action: str, body: Json) -> None:
    """Do something with a request and show where it stands then."""
    identifier = request_id(run.api, meant)
    given = {name: value for name, value in body.items() if value}
    changed = run.api.post(f"/v1/requests/{segment(identifier)}/{action}", given)
    run.screen.show(changed, lambda after: _brief_view(after, now=run.now))


def requests_view(run: Invocation, page: Json) -> RenderableType:
    """Lay out a page of requests."""
    naming = str if run.screen.width >= WIDE_ENOUGH_FOR_FULL_IDS else short
    rows: Sequence[Sequence[str | Text]] = [
        (
            naming(request["id"]),
            person(request["requester"]),
            resources(request),
            permissions(request),
            state(request),
            time_left(request, now=run.now),
        )
        for request in page["requests"]
    ]
    columns = ("ID", "REQUESTER", "RESOURCES", "PERMISSION", "STATUS", "TIME LEFT")
    return Group(table(*columns, rows=rows, folding=columns[1:4]), footer(len(rows), page.get("next_cursor")))


def footer(count: int, cursor: str | None, *, one: str = "request", many: str = "requests") -> Text:
    """Say how many there were, how to get more, and how a script gets them."""
    more = f" More: --cursor {cursor}" if cursor else ""
    number, _, word = counted(count, one, many).partition(" ")
    return whole((number, f"bold {MUTED}"), (f" {word}.{more}   Machine output: -o json", MUTED))


def request_view(request: Json, *, now: datetime) -> RenderableType:
    """Lay out everything about one request."""
    return Group(
        Text.assemble((request["id"], "bold"), "  ", state(request)), facts(_facts(request, now=now)),
        Text(), _items(request), Text(),
        event_lines(request["timeline"], now=now, naming_the_request=False),
    )  # fmt: skip


def _facts(request: Json, *, now: datetime) -> list[tuple[str, str]]:
    asker, flow, target = request["requester"], request["flow"], request["integration"]
    email = f" <{asker['email']}>" if asker.get("email") else ""
    known = [
        ("Requester", person(asker) + email),
        ("Asked by", person(request["asked_by"]) if request["asked_by"] else ""),
        ("Why", request["justification"] or NOTHING),
        ("Ticket", request.get("ticket") or ""),
        ("Integration", f"{target['name']} ({target['id']}, {target['kind']})"),
        ("Bundle", request["bundle_id"] or ""),
        ("Flow", f"{flow['name']} ({flow['id']}, version {flow['version']}): {flow['reason']}"),
        ("Approval", approvals_needed(request["approvers"]["steps"], per_item=len(request["items"]) > 1)),
        *(("Still asked", text) for text in still_asked(request, now=now)),
        ("Duration", words(timedelta(seconds=request["duration_seconds"]))),
        ("Extensions", _extensions(request["extensions"])),
        ("Session user", request["session_user"]),
        *((name, _at(request.get(field), now)) for name, field in _TIMES),
        ("Ended because", request.get("end_reason") or ""),
        ("Time left", time_left(request, now=now) if request["status"] == "GRANTED" else ""),
    ]
    return [(name, value) for name, value in known if value]


_TIMES = (
    ("Asked", "created_at"),
    ("Lapses", "lapses_at"),
    ("Begins", "starts_at"),
    ("Granted", "granted_at"),
    ("Ends", "ends_at"),
    ("Closed", "closed_at"),
)


def _extensions(known: Json) -> str:
    longest = words(timedelta(seconds=known["longest_seconds"]))
    return f"{known['used']} of {known['allowed']} used, each at most {longest}" if known["allowed"] else ""


def _at(text: str | None, now: datetime) -> str:
    return clock(parse_time(text), now=now) if text else ""


def _items(request: Json) -> RenderableType:
    rows = [
        (
            item["id"],
            item["resource"]["name"],
            item["permission"]["name"],
            item_state(item["status"]),
            f"{item['approvals']} of {item['needed']}",
            "; ".join(_vote(vote) for vote in item["votes"]) or NOTHING,
        )
        for item in request["items"]
    ]
    columns = ("ITEM", "RESOURCE", "PERMISSION", "STATUS", "APPROVALS", "VOTES")
    return table(*columns, rows=rows, folding=("RESOURCE", "PERMISSION", "VOTES"))


def _vote(vote: Json) -> str:
    said = f"{vote['verdict']} by {person(vote['approver'])}"
    return f"{said}: {vote['reason']}" if vote.get("reason") else said


def _brief_view(request: Json, *, now: datetime) -> RenderableType:
    left = f"   {time_left(request, now=now)} left" if request["status"] == "GRANTED" else ""
    undecided = [item["permission"]["name"] for item in request["items"] if item["status"] == "pending"]
    waits = f"   still to be decided: {', '.join(undecided)}" if request["status"] == "PENDING" and undecided else ""
    return Text.assemble((request["id"], MUTED), "  ", state(request), left, waits)


def _credentials_view(known: Json) -> RenderableType:
    return facts([(name, str(value)) for name, value in known.items() if not name.startswith("_")])
