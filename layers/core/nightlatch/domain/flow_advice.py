"""What would work instead of a wish that no flow lets pass. Nothing is advised that was not tried."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.flow_choice import Decision, Target, Wish, decide
from nightlatch.domain.value import rfc3339

MOST = 5


class AdviceKind(StrEnum):
    """In what way the wish would have to differ."""

    SHORTER = "shorter"
    OTHER_TIME = "other time"
    OTHER_PERMISSION = "other permission"
    SEPARATELY = "separately"


@dataclass(frozen=True)
class Advice:
    """A wish that would pass, and how it differs."""

    kind: AdviceKind
    text: str
    wish: Wish


def advise(flows: Sequence[AccessFlow], wish: Wish, decision: Decision, *, at: datetime) -> list[Advice]:
    """List wishes near this one that a flow lets pass, the nearest first. Texts that are missing are not invented."""
    if decision.choice:
        return []
    near = _nearer_in_time(wish, decision, at) if decision.candidates else _others(wish, flows, at)
    return list(islice((one for one in near if decide(flows, one.wish, at=at).choice), MOST))


def _nearer_in_time(wish: Wish, decision: Decision, at: datetime) -> Iterator[Advice]:
    for candidate in sorted(decision.candidates, key=lambda one: len(one.faults)):
        definition = candidate.flow.definition
        maximum, hours = definition.grant.maximum, definition.when
        shorter = replace(wish, duration=min(wish.duration or definition.grant.default, maximum))
        opening = hours.next_opening(wish.begins_at(at)) if hours else None
        if shorter != wish:
            yield Advice(AdviceKind.SHORTER, f"ask for at most {iso_8601(maximum)}", shorter)
        if opening:
            text = f"begin at {rfc3339(opening)}"
            yield Advice(AdviceKind.OTHER_TIME, text, replace(wish, starts_at=opening))
            text += f", and ask for at most {iso_8601(maximum)}"
            yield Advice(AdviceKind.OTHER_TIME, text, replace(shorter, starts_at=opening))


def _others(wish: Wish, flows: Sequence[AccessFlow], at: datetime) -> Iterator[Advice]:
    alone = [replace(wish, targets=[target]) for target in wish.targets]
    if len(alone) > 1:
        for single in alone:
            yield Advice(AdviceKind.SEPARATELY, f"ask for {_named(single.targets[0])} alone", single)
    for single in alone:
        if decide(flows, single, at=at).choice is None:
            resource, wanted = single.targets[0]
            for permission in resource.permissions:
                if permission != wanted:
                    target = (resource, permission)
                    text = f"ask for {_named(target)} instead of {wanted.name}"
                    yield Advice(AdviceKind.OTHER_PERMISSION, text, replace(wish, targets=[target]))


def _named(target: Target) -> str:
    resource, permission = target
    return f"{permission.name} on {resource.name}"
