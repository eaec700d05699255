"""Follow a request step by step until access is there, or cannot come any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nightlatch.entrypoints.cli.errors import UnreachableError
from nightlatch.entrypoints.cli.inert import inert
from nightlatch.entrypoints.cli.screen import LINK, MUTED, Part, amounts
from nightlatch.entrypoints.cli.shapes import ON_THE_WAY, Json, person, segment, time_left
from nightlatch.entrypoints.cli.steps import approvals_needed
from nightlatch.entrypoints.cli.times import clock, parse_time, words

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.invocation import Invocation

GRANTED = "GRANTED"
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 3.0
LONGEST_PAUSE_FAR_AHEAD_SECONDS = 30.0
SOON = timedelta(minutes=2)
LONGEST_PAUSE_IN_AN_OUTAGE_SECONDS = 30.0

DONE: Part = ("  ✓ ", "green")
FAILED: Part = ("  ✗ ", "red")


def tell_sent(run: "Invocation", request: Json) -> None:
    """Tell which flow a new request came under, who is asked, and its id."""
    request = inert(request)
    needed = approvals_needed(request["approvers"]["steps"], per_item=len(request["items"]) > 1)
    run.screen.line(DONE, "Matched flow ", (request["flow"]["name"], "bold"), "   ", *amounts(needed))
    run.screen.line(DONE, "Sent", "   ", (request["id"], MUTED), *_for_whom(request))
    if request["starts_at"]:
        starts = clock(parse_time(request["starts_at"]), now=run.now)
        run.screen.line(DONE, "Begins at ", (starts, "bold"), ", if it is approved by then")


def _for_whom(request: Json) -> list[Part]:
    return ["   for ", (person(request["requester"]), "bold")] if request["asked_by"] else []


def follow(run: "Invocation", request: Json) -> Json:
    """Wait until access is there or cannot come any more, telling each step; return how the request stands then."""
    told: set[tuple[str, str]] = set()
    current = request
    for current in _states(run, request):
        _tell_votes(run, current, told)
    if current["status"] == GRANTED:
        _tell_granted(run, inert(current))
    return current


def _states(run: "Invocation", request: Json) -> Iterator[Json]:
    """Give a request as it is now, and again after each look, to the last state on the way."""
    yield request
    pause = FIRST_PAUSE_SECONDS
    while request["status"] in ON_THE_WAY:
        run.outside.sleep(pause)
        pause = min(pause * 1.5, _longest_pause(request, now=run.now))
        request = read_patiently(run, f"/v1/requests/{segment(request['id'])}")
        yield request


def _longest_pause(request: Json, *, now: datetime) -> float:
    """Look less often while access is not to begin soon."""
    starts_at = request["starts_at"]
    is_far = starts_at and parse_time(starts_at) - now > SOON
    return LONGEST_PAUSE_FAR_AHEAD_SECONDS if is_far else LONGEST_PAUSE_SECONDS


def read_patiently(run: "Invocation", href: str) -> Json:
    """Read something, waiting out an API that does not answer: what is waited for happens without us."""
    pause = LONGEST_PAUSE_SECONDS
    while True:
        try:
            return run.api.get_link(href)
        except UnreachableError as error:
            run.screen.note((f"{error}; trying again in {pause:.0f} s", MUTED))
            run.outside.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_IN_AN_OUTAGE_SECONDS)
            run.forget_the_address()


def _tell_votes(run: "Invocation", request: Json, told: set[tuple[str, str]]) -> None:
    votes = [(item, vote) for item in inert(request["items"]) for vote in item["votes"]]
    several = len(request["items"]) > 1
    for item, vote in sorted(votes, key=lambda pair: str(pair[1]["at"])):
        key = (item["id"], vote["approver"]["id"])
        if key not in told:
            told.add(key)
            run.screen.line(*_vote_line(item, vote, request, naming_the_item=several))


def _vote_line(item: Json, vote: Json, request: Json, *, naming_the_item: bool) -> list[Part]:
    what = f"{item['permission']['name']} {vote['verdict']}" if naming_the_item else str(vote["verdict"]).capitalize()
    after = words(parse_time(vote["at"]) - parse_time(request["created_at"]))
    line: list[Part] = [
        DONE if vote["verdict"] == "approved" else FAILED,
        f"{what} by ",
        (person(vote["approver"]), "bold"),
        (f"   after {after}", MUTED),
    ]
    return [*line, (f"   {vote['reason']}", "")] if vote.get("reason") else line


def _tell_granted(run: "Invocation", request: Json) -> None:
    screen, identifier = run.screen, request["id"]
    if not any(item["votes"] for item in request["items"]):
        screen.line(DONE, "Approved automatically")
    until = clock(parse_time(request["ends_at"]), now=run.now)
    left = time_left(request, now=run.now)
    screen.line(DONE, "Granted until ", (until, "bold green"), *amounts(f" ({left} left)"))
    screen.line()
    screen.line("  Connect      ", (f"nightlatch credentials {identifier}", LINK))
    screen.line("  Give back    ", (f"nightlatch return {identifier}", LINK))
