"""What would come of asking, told to a person: which flow and who is asked, or why not and what to type instead."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from nightlatch.entrypoints.cli.following import DONE, FAILED
from nightlatch.entrypoints.cli.inert import inert
from nightlatch.entrypoints.cli.screen import LINK, MUTED, amounts
from nightlatch.entrypoints.cli.shapes import Json
from nightlatch.entrypoints.cli.steps import step_words
from nightlatch.entrypoints.cli.times import clock, local_minute, parse_time, short_span, words
from nightlatch.entrypoints.cli.wishes import command

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.invocation import Invocation

NAME_WIDTH = 12


def tell(
    run: "Invocation", body: Json, outcome: Json, *, kept: Mapping[str, str | None], naming_the_integration: bool
) -> None:
    """Tell what would come of `body`. `kept` are the options that a command for something near it repeats."""
    outcome = inert(outcome)
    if naming_the_integration:
        run.screen.line((body["integration"], "bold"))
    if outcome["duplicate_of"]:
        run.screen.line(FAILED, "An open request asks for the same")
        run.screen.line("      ", (f"nightlatch requests show {outcome['duplicate_of']}", LINK))
    elif outcome["allowed"]:
        _tell_what_would_be(run, outcome)
    else:
        _tell_why_not(run, outcome)
        _tell_what_would_work(run, body["integration"], outcome, kept)


def _tell_what_would_be(run: "Invocation", outcome: Json) -> None:
    flow, steps = outcome["flow"], outcome["approvers"]["steps"]
    run.screen.line(DONE, "Would come under flow ", (flow["name"], "bold"), (f"   {flow['reason']}", MUTED))
    asked = [step_words(step, demanded=" for each item") for step in steps] or ["nobody: approved automatically"]
    for number, text in enumerate(asked, start=1):
        _fact(run, f"Step {number}" if len(asked) > 1 else "Asked", text)
    _fact(run, "Lasts", f"{_words(outcome['duration_seconds'])}, at most {_words(outcome['maximum_seconds'])}")
    starts_at = outcome["starts_at"]
    _fact(run, "Begins", clock(parse_time(starts_at), now=run.now) if starts_at else "as soon as it is approved")
    extensions = outcome["extensions"]
    if extensions["allowed"]:
        _fact(run, "Extensions", f"{extensions['allowed']}, each at most {_words(extensions['longest_seconds'])}")


def _tell_why_not(run: "Invocation", outcome: Json) -> None:
    run.screen.line(FAILED, "Would be refused")
    for objection in outcome["why_not"]:
        place = f"{objection['pointer']}: " if objection["pointer"] else ""
        run.screen.line("    ", (place, MUTED), objection["detail"])


def _tell_what_would_work(run: "Invocation", integration: str, outcome: Json, kept: Mapping[str, str | None]) -> None:
    if outcome["instead"]:
        run.screen.line("  What would work:")
    for advice in outcome["instead"]:
        starts_at, seconds = advice["starts_at"], advice["duration_seconds"]
        options = {
            "--for": short_span(timedelta(seconds=seconds)) if seconds else None,
            "--start": local_minute(parse_time(starts_at)) if starts_at else None,
            **kept,
        }
        run.screen.line("    ", advice["text"])
        run.screen.line("      ", (command(integration, advice["items"], options), LINK))


def _fact(run: "Invocation", name: str, text: str) -> None:
    run.screen.line((f"    {name:<{NAME_WIDTH}}", MUTED), *amounts(text))


def _words(seconds: int) -> str:
    return words(timedelta(seconds=seconds))
