"""What the steps of a flow come to, told a second time: plain dictionaries, and every order of people tried."""

from collections.abc import Collection, Sequence
from itertools import permutations
from typing import Any


def named(selector: dict[str, Any], person: str, groups: Collection[str]) -> bool:
    """Whether a selector of people and groups means this person."""
    wanted = selector["people"]
    return "*" in wanted or person in wanted or any(group in selector["groups"] for group in groups)


def replay(
    steps: Sequence[dict[str, Any]], votes: Sequence[dict[str, Any]], without: Collection[str]
) -> tuple[int, int]:
    """Say which step is current at last, and how many votes counted. Times are minutes since the asking."""
    position, since, counted = 0, 0, 0
    cast: list[dict[str, Any]] = []
    for vote in sorted(votes, key=lambda vote: (vote["at"], vote["person"])):
        if position == len(steps) or not vote["yes"] or vote["person"] in without:
            continue
        step = steps[position]
        asked = [step]
        if step["escalation"] and vote["at"] - since >= step["escalation"]["after"]:
            asked.append(step["escalation"])
        if not any(named(selector, vote["person"], vote["groups"]) for selector in asked):
            continue
        cast, counted = [*cast, vote], counted + 1
        if filled(step, cast, without):
            position, since, cast = position + 1, vote["at"], []
    return position, counted


def filled(step: dict[str, Any], cast: Sequence[dict[str, Any]], without: Collection[str]) -> bool:
    """Whether these votes are enough for a step."""
    if step["needed"] != "all":
        return len(cast) >= int(step["needed"])
    places = [("person", name) for name in sorted(set(step["people"])) if name not in without]
    places += [("group", name) for name in sorted(set(step["groups"]))]
    orders = permutations(cast, len(places))
    return bool(places) and any(
        all(sits(step, vote, place) for vote, place in zip(order, places, strict=True)) for order in orders
    )


def sits(step: dict[str, Any], vote: dict[str, Any], place: tuple[str, str]) -> bool:
    """Whether a voter may take the place of a person or of a group."""
    kind, name = place
    stands_in = not named(step, vote["person"], vote["groups"])
    return stands_in or (vote["person"] == name if kind == "person" else name in vote["groups"])
