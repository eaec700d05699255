"""What would work instead of a wish that no flow lets pass. Nothing is advised that was not tried."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import NamedTuple

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.flow_choice import FARTHEST_START, Decision, Target, Wish, decide
from nightlatch.domain.value import rfc3339

MOST = 5


class AdviceKind(StrEnum):
    """In what way the wish would have to differ."""

    SHORTER = "shorter"
    OTHER_TIME = "other time"
    OTHER_PERMISSION = "other permission"
    SEPARATELY = "separately"


class Advice(NamedTuple):
    """A wish that would pass, and how it differs."""

    kind: AdviceKind
    text: str
    wish: Wish


def advise(flows: Sequence[AccessFlow], wish: Wish, decision: Decision, *, at: datetime) -> list[Advice]:
    """List wishes near this one that a flow lets pass, the nearest first. Texts that are missing are not invented."""
    if decision.choice:
        return []
    near = chain(_nearer_in_time(wish, decision, at), _others(wish, flows, at))
    return list(islice((one for one in _different(near) if decide(flows, one.wish, at=at).choice), MOST))


def _different(advices: Iterable[Advice]) -> Iterator[Advice]:
    """Leave out what was advised before: several flows may have the same maximum or hours."""
    seen: list[Wish] = []
    for advice in advices:
        if advice.wish not in seen:
            seen.append(advice.wish)
            yield advice


def _nearer_in_time(wish: Wish, decision: Decision, at: datetime) -> Iterator[Advice]:
    for candidate in sorted(decision.candidates, key=lambda one: len(one.faults)):
        maximum = candidate.flow.definition.grant.maximum
        shorter = wish._replace(duration=maximum) if wish.duration and wish.duration > maximum else None
        shorter_text = f"ask for at most {iso_8601(maximum)}"
        if shorter:
            yield Advice(AdviceKind.SHORTER, shorter_text, shorter)
        if opening := _later_opening(candidate.flow, wish, at):
            text = f"begin at {rfc3339(opening)}"
            yield Advice(AdviceKind.OTHER_TIME, text, wish._replace(starts_at=opening))
            if shorter:
                yield Advice(AdviceKind.OTHER_TIME, f"{text}, and {shorter_text}", shorter._replace(starts_at=opening))


def _later_opening(flow: AccessFlow, wish: Wish, at: datetime) -> datetime | None:
    begins_at, hours = wish.begins_at(at), flow.definition.when
    opening = hours.next_opening(begins_at) if hours else None
    return opening if opening and begins_at < opening <= at + FARTHEST_START else None


def _others(wish: Wish, flows: Sequence[AccessFlow], at: datetime) -> Iterator[Advice]:
    alone = [wish._replace(targets=[target]) for target in wish.targets]
    if len(alone) > 1:
        for single in alone:
            yield Advice(AdviceKind.SEPARATELY, f"ask for {_named(single.targets[0])} alone", single)
    for position, single in enumerate(alone):
        if decide(flows, single, at=at).choice is None:
            yield from _other_permissions(wish, position)


def _other_permissions(wish: Wish, position: int) -> Iterator[Advice]:
    resource, wanted = wish.targets[position]
    for permission in resource.permissions:
        target = (resource, permission)
        if target not in wish.targets:
            text = f"ask for {_named(target)} instead of {wanted.name}"
            targets = [*wish.targets[:position], target, *wish.targets[position + 1 :]]
            yield Advice(AdviceKind.OTHER_PERMISSION, text, wish._replace(targets=targets))


def _named(target: Target) -> str:
    resource, permission = target
    return f"{permission.name} on {resource.name}"
