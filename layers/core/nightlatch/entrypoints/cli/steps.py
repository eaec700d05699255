"""Steps of approval in a reader's words: how many of whom, who is asked later, and who is asked now."""

from collections.abc import Sequence
from datetime import datetime

from nightlatch.entrypoints.cli.shapes import Json, counted
from nightlatch.entrypoints.cli.times import clock, parse_span, parse_time, words

ALL = "all"
EVERYBODY = "*"


def whom(selector: Json) -> str:
    """Name the groups and people of a selector."""
    people = ["everybody" if person == EVERYBODY else person for person in selector.get("people", ())]
    return ", ".join([*selector.get("groups", ()), *people])


def step_words(step: Json, *, demanded: str = "") -> str:
    """Say what one step needs: `2 approvals from approvers`, `1 approval from each of a, b (after 4 h also from c)`."""
    each, number = ("each of ", 1) if step["needed"] == ALL else ("", step["needed"])
    escalation = step.get("escalation")
    later = f" (after {words(parse_span(escalation['after']))} also from {whom(escalation)})" if escalation else ""
    return f"{counted(number, 'approval', 'approvals')}{demanded} from {each}{whom(step)}{later}"


def approvals_needed(steps: Sequence[Json], *, per_item: bool = False) -> str:
    """Say in one line what all steps need."""
    if not steps:
        return "no approval needed"
    first, *following = steps
    demanded = " needed per item" if per_item else " needed"
    return ", then ".join([step_words(first, demanded=demanded), *(step_words(step) for step in following)])


def still_asked(request: Json, *, now: datetime) -> list[str]:
    """Say whose word is missing now: one line for all items that wait for the same."""
    waiting: dict[str, list[str]] = {}
    for item in request["items"]:
        if item.get("step"):
            waiting.setdefault(_missing(item["step"], request["approvers"]["steps"], now), []).append(
                item["permission"]["name"]
            )
    if len(request["items"]) == 1:
        return list(waiting)
    return [f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in waiting.items()]


def _missing(step: Json, steps: Sequence[Json], now: datetime) -> str:
    number = f"step {step['number']} of {len(steps)}: " if len(steps) > 1 else ""
    rule = steps[step["number"] - 1]
    each = "each of " if rule["needed"] == ALL else ""
    return f"{number}{step['needed'] - step['approvals']} more from {each}{whom(step)}{_also(step, rule, now)}"


def _also(step: Json, rule: Json, now: datetime) -> str:
    if not step.get("escalates_at"):
        return ""
    escalates_at = parse_time(step["escalates_at"])
    since = "now" if escalates_at <= now else f"from {clock(escalates_at, now=now)} on"
    return f", {since} also from {whom(rule['escalation'])}"
