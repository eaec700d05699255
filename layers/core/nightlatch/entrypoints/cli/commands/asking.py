"""Ask for access, ask again, and find out beforehand what would come of it."""

from datetime import timedelta
from typing import Annotated

import typer

from nightlatch.entrypoints.cli import dry_runs, following, wishes
from nightlatch.entrypoints.cli.commands.requests import Meant
from nightlatch.entrypoints.cli.errors import CliError, EndedWithoutAccessError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import listed, span, start
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import LINK
from nightlatch.entrypoints.cli.shapes import Json, segment
from nightlatch.entrypoints.cli.times import iso_8601

Start = Annotated[
    str | None, typer.Option("--start", metavar="TIME", help="Not before: 2h (from now), 16:30, 2026-11-23T08:00.")
]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait for the access; exit code 3 if it does not come.")]


def request(
    context: typer.Context,
    *,
    targets: Annotated[list[str], typer.Argument(metavar="TARGET", help="INTEGRATION/RESOURCE; see the catalog.")],
    permission: Annotated[list[str], typer.Option("--permission", "-p", help="What to get there; repeatable.")],
    duration: Annotated[
        timedelta | None, typer.Option("--for", parser=span, metavar="SPAN", help="How long: 2h, 90m, 1h30m, 1d.")
    ] = None,
    starts: Start = None,
    reason: Annotated[str, typer.Option(help="Why you need it; approvers and auditors read it.")] = "",
    ticket: Annotated[str | None, typer.Option(help="The ticket it belongs to.")] = None,
    person: Annotated[
        str | None, typer.Option("--for-person", metavar="usr_…", help="Ask on behalf of somebody: their id.")
    ] = None,
    resource_type: Annotated[
        str | None, typer.Option("--type", help="The resource's type, if the name is not enough.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would come of it; exit code 1 if it would be refused.")
    ] = False,
    wait: Wait = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Ask for access. Targets of several integrations become a bundle: all requests are made, or none.

    nightlatch request orders-db/orders -p role1 -p role3 --for 2h --reason 'INC-2291 duplicate charges' --wait

    nightlatch request orders-db/orders -p role1 --for 1h --start 22:00 --dry-run
    """
    run = invocation(context, acting, output)
    asked = {
        "justification": reason,
        "ticket": ticket,
        "duration": iso_8601(duration) if duration else None,
        "starts_at": start(starts, now=run.now),
        "on_behalf_of": person,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    wanted = wishes.bodies(
        run.api, targets, listed(permission), resource_type=resource_type, offered_only=not (dry_run or person)
    )
    bodies = [{**body, **given} for body in wanted]
    if dry_run:
        kept = {"--type": resource_type, "--reason": reason, "--ticket": ticket, "--for-person": person}
        _try(run, bodies, kept)
    elif len(bodies) == 1:
        _made(run, run.api.post("/v1/requests", bodies[0]), wait=wait)
    else:
        _made_together(run, run.api.post("/v1/bundles", {"requests": bodies}), wait=wait)


def again(
    context: typer.Context,
    *,
    meant: Meant,
    duration: Annotated[
        timedelta | None, typer.Option("--for", parser=span, metavar="SPAN", help="How long; else as before.")
    ] = None,
    starts: Start = None,
    reason: Annotated[str | None, typer.Option(help="Why you need it; else as before.")] = None,
    ticket: Annotated[str | None, typer.Option(help="The ticket it belongs to; else as before.")] = None,
    wait: Wait = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Ask once more for what a request asked for. A start is never taken over.

    nightlatch again last --for 1h --wait
    """
    run = invocation(context, acting, output)
    changes = {
        "justification": reason,
        "ticket": ticket,
        "duration": iso_8601(duration) if duration else None,
        "starts_at": start(starts, now=run.now),
    }
    given = {name: value for name, value in changes.items() if value is not None}
    path = f"/v1/requests/{segment(request_id(run.api, meant))}/ask-again"
    _made(run, run.api.post(path, given), wait=wait)


def _try(run: Invocation, bodies: list[Json], kept: dict[str, str | None]) -> None:
    tried = [(body, run.api.post("/v1/dry-runs", body)) for body in bodies]
    outcomes = [outcome for _, outcome in tried]
    if run.screen.for_machines:
        run.screen.json(outcomes[0] if len(outcomes) == 1 else {"dry_runs": outcomes})
    for body, outcome in tried:
        dry_runs.tell(run, body, outcome, kept=kept, naming_the_integration=len(tried) > 1)
    if not all(outcome["allowed"] for outcome in outcomes):
        raise CliError("it would be refused")


def _made(run: Invocation, made: Json, *, wait: bool) -> None:
    made = _followed(run, made, wait=wait)
    if run.screen.for_machines:
        run.screen.json(made)
    _demand_access([made], wait=wait)


def _made_together(run: Invocation, bundle: Json, *, wait: bool) -> None:
    bundle["requests"] = [_followed(run, made, wait=wait) for made in bundle["requests"]]
    if run.screen.for_machines:
        run.screen.json(bundle)
    _demand_access(bundle["requests"], wait=wait)


def _followed(run: Invocation, made: Json, *, wait: bool) -> Json:
    following.tell_sent(run, made)
    if wait:
        return _wait(run, made)
    run.screen.line("  Follow it    ", (f"nightlatch requests show {made['id']}", LINK))
    return made


def _demand_access(requests: list[Json], *, wait: bool) -> None:
    for request in requests:
        if wait and request["status"] != following.GRANTED:
            raise EndedWithoutAccessError(f"request {request['id']} is {request['status'].lower()}: no access")


def _wait(run: Invocation, made: Json) -> Json:
    try:
        return following.follow(run, made)
    except KeyboardInterrupt:
        run.screen.note(f"Not waiting any more. It goes on without you: nightlatch requests show {made['id']}")
        raise
