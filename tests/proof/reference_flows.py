"""What the flows say to a wish, told a second time: plain dictionaries, and everything tried.

Nothing of the rules is imported. Times are aware datetimes, durations minutes.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Plain = Mapping[str, Any]

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def verdict(flows: Sequence[Plain], wish: Plain, now: datetime) -> dict[str, Any]:
    """Say which flow is chosen, or which faults are told, or that no flow covers the wish."""
    covering = [flow for flow in flows if covers(flow, wish)]
    if not covering:
        return {"outcome": "not allowed"}
    faults = {flow["id"]: faults_of(flow, wish, now) for flow in covering}
    satisfied = [flow for flow in covering if not faults[flow["id"]]]
    if satisfied:
        satisfied.sort(key=lambda flow: flow["id"])
        satisfied.sort(key=lambda flow: approvals_needed(flow, wish))
        chosen = satisfied[0]
        duration = chosen["default"] if wish["duration"] is None else wish["duration"]
        return {"outcome": "chosen", "flow": chosen["id"], "duration": duration}
    covering.sort(key=lambda flow: flow["id"])
    covering.sort(key=lambda flow: flow["maximum"], reverse=True)
    covering.sort(key=lambda flow: len(faults[flow["id"]]))
    return {"outcome": "faults", "faults": faults[covering[0]["id"]]}


# Covering


def covers(flow: Plain, wish: Plain) -> bool:
    """Whether a flow is about these people and all of these targets."""
    if not is_of(flow["who"], wish["requester"]):
        return False
    if wish["asker"] is not None and not is_named(flow["on_behalf"], wish["asker"]):
        return False
    return all(is_wanted(flow["what"], wish["integration"], target) for target in wish["targets"])


def is_of(who: Plain, person: Plain) -> bool:
    """Whether any, or all, of the conditions hold of a person."""
    held = [holds(condition, person) for condition in who["conditions"]]
    return held.count(True) == len(held) if who["match"] == "all" else True in held


def holds(condition: Plain, person: Plain) -> bool:
    """Whether one condition holds of a person."""
    actual = {person["id"]} if condition["attribute"] == "person" else set(person["groups"])
    wanted = set(condition["values"])
    match condition["operator"]:
        case "is":
            return "*" in wanted or bool(actual & wanted)
        case "is not":
            return not actual & wanted
        case "contains":
            return any(value.find(part) >= 0 for value in actual for part in wanted)
        case _:
            return any(value[: len(part)] == part for value in actual for part in wanted)


def is_named(selector: Plain | None, person: Plain) -> bool:
    """Whether a selector of people and groups means this person."""
    if selector is None:
        return False
    named = person["id"] in selector["people"] or "*" in selector["people"]
    return named or any(group in selector["groups"] for group in person["groups"])


def is_wanted(what: Plain, integration: str, target: Plain) -> bool:
    """Whether a permission on a resource is selected, and not excluded."""
    if what["integration"] != integration:
        return False
    if what["resource_type"] is not None and what["resource_type"] != target["type"]:
        return False
    if "*" not in what["permissions"] and target["permission"] not in what["permissions"]:
        return False
    return is_there(what, target) and not is_there(what["exclude"], target)


def is_there(selector: Plain, target: Plain) -> bool:
    """Whether a resource is named, or it or the permission is tagged."""
    ways = [
        target["name"] in selector["names"],
        "*" in selector["names"],
        target["id"] in selector["ids"],
        "*" in selector["ids"],
        any(tag in selector["tags"] for tag in target["tags"]),
        any(tag in selector["tags"] for tag in target["permission_tags"]),
    ]
    return True in ways


# Satisfying


def faults_of(flow: Plain, wish: Plain, now: datetime) -> list[str]:
    """List the places of the wish that break a flow."""
    require = flow["require"]
    faults = []
    if wish["duration"] is not None and wish["duration"] > flow["maximum"]:
        faults.append("/duration")
    justification, ticket = wish["justification"].strip(), wish["ticket"].strip()
    is_short = require["justification"] and len(justification) < require["minimum_length"]
    if is_short or is_unlike(justification, require["justification_pattern"]):
        faults.append("/justification")
    if (require["ticket"] and not ticket) or is_unlike(ticket, require["ticket_pattern"]):
        faults.append("/ticket")
    begins = now if wish["starts_at"] is None or wish["starts_at"] < now else wish["starts_at"]
    if flow["when"] is not None and not is_open(flow["when"], begins):
        faults.append("/starts_at")
    if not has_enough_approvers(flow["steps"], involved(wish)):
        faults.append("")
    return faults


def is_unlike(text: str, pattern: str | None) -> bool:
    """Whether there is a text that its pattern does not match."""
    return bool(text) and pattern is not None and re.fullmatch(pattern, text, re.DOTALL) is None


def is_open(when: Plain, at: datetime) -> bool:
    """Whether a moment lies in the hours of one of the days, each laid out as minutes of the week."""
    local = at.astimezone(ZoneInfo(when["zone"]))
    minute = local.weekday() * 1440 + local.hour * 60 + local.minute
    for day in when["days"]:
        first = DAYS.index(day) * 1440 + minutes_of(when["start"])
        length = minutes_of(when["end"]) - minutes_of(when["start"])
        if (minute - first) % (7 * 1440) < (length if length > 0 else length + 1440):
            return True
    return False


def minutes_of(clock: str) -> int:
    """Count the minutes of a day until the clock shows this."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def involved(wish: Plain) -> set[str]:
    """Name those whose votes never count."""
    return {person["id"] for person in (wish["requester"], wish["asker"]) if person is not None}


def has_enough_approvers(steps: Sequence[Plain], without: Collection[str]) -> bool:
    """Whether different people can be found for all places of the steps of which everybody is known by name."""
    places = []
    for step in steps:
        if step["needed"] == "all" and not places_of_all(step, without):
            return False
        if step["groups"] or "*" in step["people"] or step["escalation"] is not None:
            continue
        possible = set(step["people"]) - set(without)
        number = len(possible) if step["needed"] == "all" else step["needed"]
        places += [possible] * number
    return can_seat(places, frozenset())


def places_of_all(step: Plain, without: Collection[str]) -> list[str]:
    """List whom `all` means."""
    return [*(set(step["people"]) - set(without)), *set(step["groups"])]


def can_seat(places: Sequence[Collection[str]], seated: frozenset[str]) -> bool:
    """Whether each place finds somebody who sits nowhere else."""
    if not places:
        return True
    return any(can_seat(places[1:], seated | {person}) for person in places[0] if person not in seated)


def approvals_needed(flow: Plain, wish: Plain) -> int:
    """Count what all steps need."""
    return sum(
        len(places_of_all(step, involved(wish))) if step["needed"] == "all" else step["needed"]
        for step in flow["steps"]
    )
