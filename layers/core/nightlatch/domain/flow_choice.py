"""The choice of the access flow for a wish: one pure function, and the reasons for its answer."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.duration import iso_8601
from nightlatch.domain.errors import Fault, InvalidInputError, NotAllowedError
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission, Resource
from nightlatch.domain.text_pattern import matches

FARTHEST_START = timedelta(days=90)

Target = tuple[Resource, Permission]


class Wish(NamedTuple):
    """What somebody would like to have. `duration` None means the flow's default, `starts_at` None as soon as may be.

    `asked_by` is who asks, when that is not the person who is to have it.
    """

    requester: Principal
    integration: str
    targets: Sequence[Target]
    duration: timedelta | None = None
    justification: str = ""
    ticket: str = ""
    starts_at: datetime | None = None
    asked_by: Principal | None = None

    @property
    def involved(self) -> frozenset[str]:
        """Whose votes can never count."""
        return frozenset(person.id for person in (self.requester, self.asked_by) if person)

    def begins_at(self, now: datetime) -> datetime:
        """Say when access would begin if it were approved at once."""
        return now if self.starts_at is None else max(self.starts_at, now)


class Candidate(NamedTuple):
    """A flow that covers the wish, and what of the wish breaks its rules."""

    flow: AccessFlow
    faults: tuple[Fault, ...]


class FlowChoice(NamedTuple):
    """The flow that applies, for how long, and why it was this one."""

    flow: AccessFlow
    duration: timedelta
    reason: str


class Decision(NamedTuple):
    """What the flows say to a wish. `candidates` cover it; `choice` is the one that applies, if any does."""

    candidates: tuple[Candidate, ...]
    choice: FlowChoice | None

    @property
    def nearest(self) -> Candidate | None:
        """The candidate that is broken least; of those, the one that lets access last longest."""
        return min(self.candidates, key=lambda one: (len(one.faults), -_longest(one.flow), one.flow.id), default=None)

    @property
    def longest(self) -> timedelta | None:
        """How long access could last at most: under the flow that applies, or else under any that covers the wish."""
        flows = [self.choice.flow] if self.choice else [candidate.flow for candidate in self.candidates]
        return max((flow.definition.grant.maximum for flow in flows), default=None)

    def chosen(self) -> FlowChoice:
        """Return the choice.

        Raises NotAllowedError when no flow covers the wish, InvalidInputError when one does but the wish breaks it.
        """
        if self.choice:
            return self.choice
        if self.nearest is None:
            raise NotAllowedError("no access flow lets you ask for this")
        raise InvalidInputError(*self.nearest.faults)


def decide(flows: Iterable[AccessFlow], wish: Wish, *, at: datetime) -> Decision:
    """Choose, among the flows that cover the whole wish and that it satisfies, the one that needs fewest approvals."""
    candidates = tuple(Candidate(flow, tuple(_faults(flow, wish, at))) for flow in flows if covers(flow, wish))
    satisfied = [candidate.flow for candidate in candidates if not candidate.faults]
    if not satisfied:
        return Decision(candidates, None)
    flow = min(satisfied, key=lambda flow: (flow.definition.approve.needed(without=wish.involved), flow.id))
    duration = flow.definition.grant.default if wish.duration is None else wish.duration
    return Decision(candidates, FlowChoice(flow, duration, _reason(candidates, satisfied)))


def covers(flow: AccessFlow, wish: Wish) -> bool:
    """Whether a flow lets these people ask for all of the wish, whatever else it demands."""
    definition = flow.definition
    return (
        definition.who.selects(wish.requester.id, groups=wish.requester.groups)
        and (
            wish.asked_by is None or (definition.on_behalf is not None and definition.on_behalf.selects(wish.asked_by))
        )
        and all(definition.what.selects(wish.integration, *target) for target in wish.targets)
    )


def _reason(candidates: Sequence[Candidate], satisfied: Sequence[AccessFlow]) -> str:
    if len(satisfied) > 1:
        return "needs the fewest approvals"
    return "the only flow that covers it" if len(candidates) == 1 else "the only flow that it satisfies"


def _longest(flow: AccessFlow) -> float:
    return flow.definition.grant.maximum.total_seconds()


def _faults(flow: AccessFlow, wish: Wish, at: datetime) -> Iterator[Fault]:
    named = f"(flow {flow.id})"
    grant, hours = flow.definition.grant, flow.definition.when
    if wish.duration is not None and wish.duration > grant.maximum:
        yield Fault("/duration", f"must not be longer than {iso_8601(grant.maximum)} {named}")
    yield from _texts_missing(flow, wish, named)
    begins_at = wish.begins_at(at)
    if hours and not hours.are_open(begins_at):
        yield Fault("/starts_at", f"access may begin {hours} only {named}")
    if not flow.definition.approve.is_reachable(without=wish.involved):
        yield Fault("", f"there are not enough approvers without you {named}")


def _texts_missing(flow: AccessFlow, wish: Wish, named: str) -> Iterator[Fault]:
    require = flow.definition.require
    justification, ticket = wish.justification.strip(), wish.ticket.strip()
    if require.justification and len(justification) < require.minimum_length:
        yield Fault("/justification", f"must have at least {require.minimum_length} characters {named}")
    elif require.justification_pattern and justification and not matches(require.justification_pattern, justification):
        yield Fault("/justification", f"must match {require.justification_pattern} {named}")
    if require.ticket and not ticket:
        yield Fault("/ticket", f"is required {named}")
    elif require.ticket_pattern and ticket and not matches(require.ticket_pattern, ticket):
        yield Fault("/ticket", f"must match {require.ticket_pattern} {named}")
