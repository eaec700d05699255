"""Who must approve: steps in order, and how far the votes on one item have come through them.

    step 1 ─ enough of its people said yes ─► step 2 ─ … ─► approved
             (after a while of silence, the people of its escalation are asked too)

Votes are replayed in the order in which they were cast. Each counts in the step that was current then, if that step
asked its voter, so that nobody counts twice. No step is approved automatically: that is a rule without steps.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, model_validator

from nightlatch.domain.duration import GrantDuration
from nightlatch.domain.identity import Principal
from nightlatch.domain.item import Verdict, Vote
from nightlatch.domain.selectors import EVERYTHING, PeopleSelector
from nightlatch.domain.value import Value

ALL = "all"
NOBODY: frozenset[str] = frozenset()

Place = TypeVar("Place")
One = TypeVar("One")


class Escalation(PeopleSelector):
    """Who is asked as well, once a step has waited for so long. They need be no fewer: only others."""

    after: GrantDuration

    @model_validator(mode="after")
    def _must_name_somebody(self) -> Self:
        if not (self.people or self.groups):
            raise ValueError("must name people or groups")
        return self


class ApprovalStep(PeopleSelector):
    """How many of whom must say yes.

    `needed` is a number of people (1 means any of them), or `all`: every person named, and somebody for every group,
    a different person for each.
    """

    needed: Annotated[int, Field(ge=1, le=10)] | Literal["all"] = 1
    escalation: Escalation | None = None

    @model_validator(mode="after")
    def _must_be_possible(self) -> Self:
        if not (self.people or self.groups):
            raise ValueError("must name people or groups")
        if self.needed == ALL and EVERYTHING in self.people:
            raise ValueError('cannot need all of everybody ("*")')
        if isinstance(self.needed, int) and not self._is_open_ended and self.needed > len(set(self.people)):
            raise ValueError(f"cannot need {self.needed} of {len(set(self.people))} people")
        return self

    def asks(self, person_id: str, *, groups: Collection[str], waited: timedelta) -> bool:
        """Whether this person's word counts here, after the step has been current for so long."""
        escalation = self.escalation
        return self.names(person_id, groups=groups) or (
            escalation is not None and waited >= escalation.after and escalation.names(person_id, groups=groups)
        )

    def places(self, *, without: Collection[str]) -> list[PeopleSelector]:
        """List what must be filled, by one person each; the requester's own place is not there."""
        if isinstance(self.needed, int):
            return [self] * self.needed
        people = (PeopleSelector(people=(one,)) for one in dict.fromkeys(self.people) if one not in without)
        groups = (PeopleSelector(groups=(one,)) for one in dict.fromkeys(self.groups))
        return [*people, *groups]

    def fits(self, vote: Vote, place: PeopleSelector) -> bool:
        """Whether a counted vote can fill a place. Who was asked by the escalation stands in for anybody."""
        voter, groups = vote.approver.id, vote.groups
        return place.names(voter, groups=groups) or not self.names(voter, groups=groups)

    def is_filled(self, votes: Sequence[Vote], *, without: Collection[str]) -> bool:
        """Whether these votes are enough."""
        places = self.places(without=without)
        return bool(places) and _matched(places, votes, fits=lambda place, vote: self.fits(vote, place)) == len(places)

    @property
    def _is_open_ended(self) -> bool:
        """Whether nobody can say beforehand how many people it names."""
        return bool(self.groups) or EVERYTHING in self.people or self.escalation is not None

    def candidates(self, *, without: Collection[str]) -> frozenset[str] | None:
        """List everybody who could vote here; None when that cannot be said."""
        return None if self._is_open_ended else frozenset(self.people) - frozenset(without)


class ApprovalRule(Value):
    """The steps to approval, in order, and how soon it must be reached. No steps, said explicitly: automatic."""

    steps: tuple[ApprovalStep, ...] = Field(max_length=5)
    window: GrantDuration = timedelta(hours=24)

    @property
    def is_automatic(self) -> bool:
        """Whether nobody is asked."""
        return not self.steps

    def needed(self, *, without: Collection[str] = NOBODY) -> int:
        """Count the approvals that all steps need together."""
        return sum(len(step.places(without=without)) for step in self.steps)

    def names(self, principal: Principal) -> bool:
        """Whether a person is named in any step or escalation, whoever's turn it is."""
        return any(selector.selects(principal) for selector in self._selectors())

    def groups_of(self, principal: Principal) -> tuple[str, ...]:
        """List the groups of a person that this rule speaks of: what a vote remembers."""
        named = {group for selector in self._selectors() for group in selector.groups}
        return tuple(sorted(named & principal.groups))

    def _selectors(self) -> Iterator[PeopleSelector]:
        for step in self.steps:
            yield step
            if step.escalation:
                yield step.escalation

    def is_reachable(self, *, without: Collection[str]) -> bool:
        """Whether there are enough different people, as far as they are named, when the requester may not vote."""
        if not all(step.places(without=without) for step in self.steps):
            return False
        known = [(step, step.candidates(without=without)) for step in self.steps]
        places = [people for step, people in known if people is not None for _ in step.places(without=without)]
        everybody = sorted(NOBODY.union(*places))
        return _matched(places, everybody, fits=lambda people, one: one in people) == len(places)

    def progress(self, votes: Mapping[str, Vote], *, since: datetime, without: Collection[str]) -> "Progress":
        """Replay the votes on one item; `since` is when the first step became current."""
        progress = Progress(self, frozenset(without), since=since)
        for vote in sorted(votes.values(), key=lambda vote: (vote.at, vote.approver.id)):
            if vote.verdict is Verdict.APPROVED:
                progress = progress.after(vote)
        return progress


class Progress(NamedTuple):
    """How far an item has come: the current step, since when, the votes counted in it and those counted before."""

    rule: ApprovalRule
    without: frozenset[str]
    since: datetime
    position: int = 0
    votes: tuple[Vote, ...] = ()
    counted_before: int = 0

    @property
    def step(self) -> ApprovalStep | None:
        """The step that is current; None when all are done."""
        return self.rule.steps[self.position] if self.position < len(self.rule.steps) else None

    @property
    def is_complete(self) -> bool:
        """Whether nobody's yes is missing."""
        return self.step is None

    @property
    def approvals(self) -> int:
        """How many yeses counted."""
        return self.counted_before + len(self.votes)

    def asks(self, person_id: str, *, groups: Collection[str], at: datetime) -> bool:
        """Whether this person's word counts now."""
        return (
            self.step is not None
            and person_id not in self.without
            and self.step.asks(person_id, groups=groups, waited=at - self.since)
        )

    def after(self, vote: Vote) -> "Progress":
        """Count a vote, if its voter was asked."""
        if self.step is None or not self.asks(vote.approver.id, groups=vote.groups, at=vote.at):
            return self
        votes = (*self.votes, vote)
        if not self.step.is_filled(votes, without=self.without):
            return self._replace(votes=votes)
        counted = self.counted_before + len(votes)
        return self._replace(position=self.position + 1, since=vote.at, votes=(), counted_before=counted)


def _matched(places: Sequence[Place], people: Sequence[One], *, fits: Callable[[Place, One], bool]) -> int:
    """Count the places that different people can fill at best (Kuhn's augmenting paths)."""
    taken: dict[int, int] = {}

    def fill(place: int, seen: set[int]) -> bool:
        for one in range(len(people)):
            if one not in seen and fits(places[place], people[one]):
                seen.add(one)
                if one not in taken or fill(taken[one], seen):
                    taken[one] = place
                    return True
        return False

    return sum(fill(place, set()) for place in range(len(places)))
