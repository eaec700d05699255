"""Ask for access, follow requests, give access back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli import following, wishes
from nightlatch.entrypoints.cli.commands.audit import event_lines
from nightlatch.entrypoints.cli.errors import EndedWithoutAccessError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment, span
from nightlatch.entrypoints.cli.references import request_id, short
from nightlatch.entrypoints.cli.screen import LINK, MUTED, facts, table, whole
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
from nightlatch.entrypoints.cli.times import clock, iso_8601, parse_time, words

WIDE_ENOUGH_FOR_FULL_IDS = 118

Meant = Annotated[str, typer.Argument(metavar="REQUEST", help="A request's id, the end of it, or `last`.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]


def request(
    context: typer.Context,
    *,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="INTEGRATION/RESOURCE; see the catalog.")],
    permission: Annotated[list[str], typer.Option("--permission", "-p", help="What to get there; repeatable.")],
    duration: Annotated[
        timedelta | None, typer.Option("--for", parser=span, metavar="SPAN", help="How long: 2h, 90m, 1h30m, 1d.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why you need it; approvers and auditors read it.")] = "",
    ticket: Annotated[str | None, typer.Option(help="The ticket it belongs to.")] = None,
    resource_type: Annotated[
        str | None, typer.Option("--type", help="The resource's type, if the name is not enough.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait for the access; exit code 3 if it does not come.")
    ] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Ask for access.

    nightlatch request orders-db/orders -p role1 -p role3 --for 2h --reason 'INC-2291 duplicate charges' --wait
    """
    run = invocation(context, acting, output)
    body = wishes.body(run.api, targets, listed(permission), resource_type=resource_type)
    body |= {"justification": reason}
    body |= {"ticket": ticket} if ticket else {}
    body |= {"duration": iso_8601(duration)} if duration else {}
    made = run.api.post("/v1/requests", body)
    following.tell_sent(run, made)
    if wait:
        made = _wait(run, made)
    else:
        run.screen.line("  Follow it    ", (f"nightlatch requests show {made['id']}", LINK))
    if run.screen.for_machines:
        run.screen.json(made)
    if wait and made["status"] != following.GRANTED:
        raise EndedWithoutAccessError(f"request {made['id']} is {made['status'].lower()}: no access")


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
        ("Why", request["justification"] or NOTHING),
        ("Ticket", request.get("ticket") or ""),
        ("Integration", f"{target['name']} ({target['id']}, {target['kind']})"),
        ("Flow", f"{flow['name']} ({flow['id']}, version {flow['version']})"),
        ("Duration", words(timedelta(seconds=request["duration_seconds"]))),
        ("Session user", request["session_user"]),
        *((name, _at(request.get(field), now)) for name, field in _TIMES),
        ("Ended because", request.get("end_reason") or ""),
        ("Time left", time_left(request, now=now) if request["status"] == "GRANTED" else ""),
    ]
    return [(name, value) for name, value in known if value]


_TIMES = (
    ("Asked", "created_at"),
    ("Lapses", "lapses_at"),
    ("Granted", "granted_at"),
    ("Ends", "ends_at"),
    ("Closed", "closed_at"),
)


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


def _wait(run: Invocation, made: Json) -> Json:
    try:
        return following.follow(run, made)
    except KeyboardInterrupt:
        run.screen.note(f"Not waiting any more. It goes on without you: nightlatch requests show {made['id']}")
        raise
