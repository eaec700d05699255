"""In which ways a changed access flow asks for less, or lets more pass, than it did.

What cannot be told to be as strict as before counts as looser: another group of approvers, hours in another zone.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from nightlatch.domain.access_flow import FlowDefinition, GrantRule, Requirements
from nightlatch.domain.approval_rule import ApprovalRule
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.selectors import (
    EVERYTHING,
    Condition,
    Match,
    Operator,
    PeopleSelector,
    ResourceSelector,
    TargetSelector,
    Who,
)


def loosens(before: FlowDefinition, after: FlowDefinition) -> tuple[str, ...]:
    """List in which ways `after` is looser than `before`, in words; none when it is as strict or stricter."""
    found = {
        "more people may ask": not _is_within(after.who, before.who),
        "more people may ask for others": not _are_within([after.on_behalf], [before.on_behalf]),
        "more may be asked for": not _asks_for_no_more(before.what, after.what),
        "access may last longer": _longest(after.grant) > _longest(before.grant),
        "it is open at other times": not _is_open_no_longer(before.when, after.when),
    }
    said = (text for text, is_so in found.items() if is_so)
    return (*said, *_approval(before.approve, after.approve), *_requirements(before.require, after.require))


def _approval(before: ApprovalRule, after: ApprovalRule) -> Iterator[str]:
    if after.is_automatic and not before.is_automatic:
        yield "nobody must approve"
    elif after.needed() < before.needed() or len(after.steps) < len(before.steps):
        yield "fewer approvals are needed"
    if not _are_within(_approvers(after), _approvers(before)):
        yield "others may approve"


def _approvers(rule: ApprovalRule) -> list[PeopleSelector | None]:
    return [*rule.steps, *(step.escalation for step in rule.steps)]


def _requirements(before: Requirements, after: Requirements) -> Iterator[str]:
    needless = [
        ("no justification is needed", before.justification and not after.justification),
        ("a shorter justification is enough", after.minimum_length < before.minimum_length),
        ("no ticket is needed", before.ticket and not after.ticket),
        ("approvers need give no reason", before.approver_reason and not after.approver_reason),
        ("an older sign-in is enough to approve", _is_later(before.fresh_sign_in, after.fresh_sign_in)),
    ]
    yield from (text for text, is_so in needless if is_so)
    patterns = (
        (before.justification_pattern, after.justification_pattern),
        (before.ticket_pattern, after.ticket_pattern),
    )
    if any(old is not None and new != old for old, new in patterns):
        yield "other texts fit"


def _is_later(before: timedelta | None, after: timedelta | None) -> bool:
    """Whether what ended some time ago may now have ended longer ago; None is without end."""
    return before is not None and (after is None or after > before)


def _longest(grant: GrantRule) -> float:
    more = grant.extensions.count * grant.extensions.longest.total_seconds() if grant.extensions else 0.0
    return grant.maximum.total_seconds() + more


def _is_within(inner: Who, outer: Who) -> bool:
    """Whether whoever the inner one selects is surely selected by the outer one too."""
    return all(
        any(all(any(_implies(one, wanted) for one in given) for wanted in enough) for enough in _ways(outer))
        for given in _ways(inner)
    )


def _ways(who: Who) -> list[tuple[Condition, ...]]:
    """List the ways to be selected: the conditions that must all hold."""
    return [who.conditions] if who.match is Match.ALL else [(condition,) for condition in who.conditions]


def _implies(one: Condition, other: Condition) -> bool:
    """Whether the other surely holds where the one does."""
    if EVERYTHING in other.values:
        return True
    if (one.attribute, one.operator) != (other.attribute, other.operator):
        return False
    given, wanted = set(one.values), set(other.values)
    return given >= wanted if one.operator is Operator.IS_NOT else given <= wanted


def _are_within(inner: Collection[PeopleSelector | None], outer: Collection[PeopleSelector | None]) -> bool:
    people, groups = _named(inner)
    allowed, allowed_groups = _named(outer)
    return EVERYTHING in allowed or (people <= allowed and groups <= allowed_groups)


def _named(selectors: Collection[PeopleSelector | None]) -> tuple[set[str], set[str]]:
    some = [selector for selector in selectors if selector]
    return {name for one in some for name in one.people}, {name for one in some for name in one.groups}


def _asks_for_no_more(before: TargetSelector, after: TargetSelector) -> bool:
    return (
        after.integration == before.integration
        and before.resource_type in {None, after.resource_type}
        and _are_among(after.permissions, before.permissions)
        and _covers_no_more(before, after)
        and _covers_no_more(after.exclude, before.exclude)
    )


def _covers_no_more(before: ResourceSelector, after: ResourceSelector) -> bool:
    if EVERYTHING in {*before.names, *before.ids}:
        return True
    pairs = (after.names, before.names), (after.ids, before.ids), (after.tags, before.tags)
    return all(_are_among(names, allowed) for names, allowed in pairs)


def _are_among(names: Collection[str], allowed: Collection[str]) -> bool:
    return EVERYTHING in allowed or set(names) <= set(allowed)


def _is_open_no_longer(before: OpeningHours | None, after: OpeningHours | None) -> bool:
    if before is None or before == after:
        return True
    if after is None or after.zone != before.zone or not set(after.days) <= set(before.days):
        return False
    return (after.start, after.end) == (before.start, before.end) or (
        before.start <= after.start < after.end <= before.end
    )
