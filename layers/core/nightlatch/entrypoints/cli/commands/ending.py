"""End access that is somebody else's: one request, several, everything of a person; and close what resists."""

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.commands.requests import Meant, act
from nightlatch.entrypoints.cli.errors import CliError, MistakenError, headline
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import table
from nightlatch.entrypoints.cli.shapes import Json, person, segment, state

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further try to stop somebody: what others change at that very moment may be refused at first."""


def revoke(
    context: typer.Context,
    *,
    meant: Annotated[
        list[str] | None, typer.Argument(metavar="REQUEST", help="Requests' ids, the ends of them, or `last`.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded, and the person is told.")],
    whose: Annotated[
        str | None, typer.Option("--person", metavar="usr_…", help="Everything that somebody has or has asked for.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before everything of a person ends.")] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """End access now, as an administrator: that of requests, or everything of a person.

    nightlatch revoke 4db4gd06 k1qg7o00 --reason 'INC-2291 is over'

    nightlatch revoke --person usr_… --reason 'laptop stolen'
    """
    run = invocation(context, acting, output)
    if bool(meant) is bool(whose):
        raise MistakenError("name the requests, or the --person whose everything is to end")
    if whose:
        _confirm(run, whose, is_confirmed=yes)
        _tell(run, _stopped(run, whose, reason))
    elif meant and len(meant) == 1:
        act(run, meant[0], "revoke", {"reason": reason})
    else:
        ids = [request_id(run.api, one) for one in meant or ()]
        _tell(run, run.api.post("/v1/revocations", {"requests": list(dict.fromkeys(ids)), "reason": reason})["results"])


def close(
    context: typer.Context,
    *,
    meant: Meant,
    reason: Annotated[str, typer.Option(help="What you did and saw at the target; it is recorded.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Close a quarantined request on your word that nothing of it is left at the target. Nightlatch does not look.

    nightlatch close 4db4gd06 --reason 'database is gone, see OPS-12'
    """
    act(invocation(context, acting, output), meant, "close", {"reason": reason})


def _confirm(run: Invocation, whose: str, *, is_confirmed: bool) -> None:
    if is_confirmed:
        return
    known = {somebody["id"]: somebody for somebody in run.api.get("/v1/people")["people"]}
    if whose not in known:
        raise MistakenError(f"nobody here is known as {whose}; see: nightlatch people list")
    run.screen.note(f"Everything that {person(known[whose])} ({whose}) has or has asked for is going to end.")
    typer.confirm("Go on?", abort=True, err=True)


def _stopped(run: Invocation, whose: str, reason: str) -> list[Json]:
    """Stop somebody, and again while others are changing something of theirs; return the last word on each."""
    path = f"/v1/people/{segment(whose)}/stop"
    outcomes: dict[str, Json] = {}
    for pause in (*PAUSES, None):
        results = run.api.post(path, {"reason": reason})["results"]
        outcomes |= {result["id"]: result for result in results}
        if pause is None or not any(result["problem"] for result in results):
            break
        run.outside.sleep(pause)
    return list(outcomes.values())


def _tell(run: Invocation, results: list[Json]) -> None:
    run.screen.show({"results": results}, _results_view)
    refused = sum(result["problem"] is not None for result in results)
    if refused:
        raise CliError(f"{refused} of {len(results)} requests could not be ended")


def _results_view(known: Json) -> RenderableType:
    rows = [(result["id"], _who(result), _result(result)) for result in known["results"]]
    return table("REQUEST", "REQUESTER", "RESULT", rows=rows, folding=("RESULT",)) if rows else Text("Nothing to end.")


def _who(result: Json) -> str:
    return person(result["request"]["requester"]) if result["request"] else ""


def _result(result: Json) -> Text:
    problem = result["problem"]
    return Text.assemble(("✗ ", "red"), headline(problem["status"], problem)) if problem else state(result["request"])
