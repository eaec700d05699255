"""Votes on a request: whose word counts now, on which items, and what they come to."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from nightlatch.domain.duration import iso_8601
from nightlatch.domain.errors import (
    ConflictError,
    Fault,
    FreshSignInRequiredError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from nightlatch.domain.fresh_sign_in import is_fresh
from nightlatch.domain.identity import Principal
from nightlatch.domain.item import Item, ItemStatus, Verdict, Vote

if TYPE_CHECKING:
    from nightlatch.domain.access_request import AccessRequest


def refusal(request: "AccessRequest", voter: Principal) -> str | None:
    """Say why `voter` may never vote here, or None when they may, though perhaps not yet."""
    if voter.id == request.requester.id:
        return "the requester is never an approver of the same request"
    if voter.id in request.involved:
        return "who asked on behalf of another is never an approver of the same request"
    if voter.is_service:
        return "a service identity cannot approve"
    if not request.flow.approve.names(voter):
        return f"the access flow {request.flow.id} does not name you as an approver"
    return None


def awaits(request: "AccessRequest", voter: Principal, *, at: datetime) -> bool:
    """Whether a vote of `voter` is asked for now."""
    return refusal(request, voter) is None and bool(_open_to(request, voter, at))


def cast(
    request: "AccessRequest", verdict: Verdict, *, by: Principal, items: Iterable[str], reason: str, at: datetime
) -> tuple[Vote, dict[str, Item]]:
    """Make one person's vote, and the items as they are with it, by id: no items when it was all said before.

    Without names it is on every item that asks for it. Raises NotAllowedError, NotFoundError, ConflictError,
    InvalidInputError or FreshSignInRequiredError when it may not, cannot or not yet be cast.
    """
    if reason_against := refusal(request, by):
        raise NotAllowedError(reason_against)
    if request.flow.approver_reason and not reason.strip():
        raise InvalidInputError(Fault("/reason", f"is required (flow {request.flow.id})"))
    vote = Vote(
        verdict=verdict, approver=by.as_person(), groups=request.flow.approve.groups_of(by), reason=reason, at=at
    )
    wanted = [_item(request, item_id) for item_id in items] or _open_to(request, by, at) or list(request.items)
    counting = [item for item in wanted if _counts(request, item, by, verdict, at)]
    if counting and verdict is Verdict.APPROVED:
        _require_fresh_sign_in(request, by, at)
    return vote, {item.id: _voted(request, item, vote) for item in counting}


def _require_fresh_sign_in(request: "AccessRequest", voter: Principal, at: datetime) -> None:
    """Refuse a yes of somebody who signed in too long ago. A no gives nobody anything, and need not wait."""
    within = request.flow.fresh_sign_in
    if within is None or is_fresh(voter.signed_in_at, within=within, at=at):
        return
    unknown = "" if voter.signed_in_at else ", and yours does not say when it was (auth_time)"
    text = f"approving under access flow {request.flow.id} takes a sign-in within the last {iso_8601(within)}{unknown}"
    raise FreshSignInRequiredError(text, within=within)


def _item(request: "AccessRequest", item_id: str) -> Item:
    for item in request.items:
        if item.id == item_id:
            return item
    raise NotFoundError(f"request {request.id} has no item {item_id}")


def _open_to(request: "AccessRequest", voter: Principal, at: datetime) -> list[Item]:
    return [item for item in request.items if voter.id not in item.votes and _asks(request, item, voter, at)]


def _asks(request: "AccessRequest", item: Item, voter: Principal, at: datetime) -> bool:
    is_open = item.status is ItemStatus.PENDING and request.is_pending
    return is_open and request.progress(item).asks(voter.id, groups=voter.groups, at=at)


def _counts(request: "AccessRequest", item: Item, voter: Principal, verdict: Verdict, at: datetime) -> bool:
    """Whether a vote makes a difference: not once an item is decided, nor said again by the same person."""
    earlier = item.votes.get(voter.id)
    if earlier and earlier.verdict is not verdict:
        raise ConflictError(f"you have {earlier.verdict} {item.id} of request {request.id} already")
    if earlier or item.status is not ItemStatus.PENDING:
        return False
    if not _asks(request, item, voter, at):
        position, steps = request.progress(item).position + 1, len(request.flow.approve.steps)
        raise ConflictError(
            f"{item.id} of request {request.id} is at step {position} of {steps}, which does not ask you"
        )
    return True


def _voted(request: "AccessRequest", item: Item, vote: Vote) -> Item:
    voted = item.with_vote(vote)
    return voted.approved() if request.progress(voted).is_complete else voted
