"""Steps of approval: who is asked when, whose word counts where, and what can never be reached."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Progress
from nightlatch.domain.identity import Person, Principal
from nightlatch.domain.item import Verdict, Vote
from tests.builders import ADA, EVE, HOUR, IVO, MAYA, NOA, NOON, OMAR, a_principal, a_rule
from tests.proof import reference_steps

MINUTE = timedelta(minutes=1)
BOTH = a_principal("bo", groups=["approvers", "admins"])


def step(needed: int | str = 1, *named: Principal | str, escalation: dict[str, Any] | None = None) -> ApprovalStep:
    """Build a step that names these people and groups; an escalation after an hour unless it says otherwise."""
    return ApprovalStep.model_validate(
        {
            "needed": needed,
            "people": [one.id for one in named if isinstance(one, Principal)],
            "groups": [one for one in named if isinstance(one, str)],
            "escalation": escalation and {"after": "PT1H", **escalation},
        }
    )


def rule(*steps: ApprovalStep) -> ApprovalRule:
    return ApprovalRule(steps=steps)


def votes_of(
    wanted: ApprovalRule, *voters: Principal, every: timedelta = MINUTE, verdict: Verdict = Verdict.APPROVED
) -> dict[str, Vote]:
    """Let people vote, one after the other."""
    return {
        voter.id: Vote(
            verdict=verdict, approver=voter.as_person(), groups=wanted.groups_of(voter), at=NOON + number * every
        )
        for number, voter in enumerate(voters, start=1)
    }


def after(wanted: ApprovalRule, *voters: Principal, every: timedelta = MINUTE) -> Progress:
    return wanted.progress(votes_of(wanted, *voters, every=every), since=NOON, without={MAYA.id})


def completed_by(wanted: ApprovalRule, *voters: Principal) -> bool:
    return after(wanted, *voters).is_complete


# One step


def test_one_of_many_is_any_of_them() -> None:
    anybody = rule(step(1, NOA, OMAR, "admins"))

    assert [completed_by(anybody, somebody) for somebody in (NOA, OMAR, ADA, EVE)] == [True, True, True, False]


def test_n_of_m_are_n_different_people_whatever_their_groups() -> None:
    two = rule(step(2, NOA, OMAR, "admins"))

    assert completed_by(two, NOA, ADA)
    assert not completed_by(two, NOA)
    assert not completed_by(two, NOA, EVE)


def test_all_are_everybody_who_is_named() -> None:
    everybody = rule(step("all", NOA, OMAR))

    assert completed_by(everybody, OMAR, NOA)
    assert not completed_by(everybody, OMAR, ADA)


def test_all_of_several_groups_are_somebody_of_each() -> None:
    each = rule(step("all", "approvers", "admins"))

    assert completed_by(each, NOA, ADA)
    assert not completed_by(each, NOA, OMAR)


def test_who_is_in_two_groups_fills_the_place_that_nobody_else_does() -> None:
    each = rule(step("all", "approvers", "admins"))

    assert not completed_by(each, BOTH)
    assert completed_by(each, BOTH, NOA)
    assert completed_by(each, BOTH, ADA)


def test_who_is_named_and_in_a_named_group_is_one_person() -> None:
    both = rule(step("all", NOA, "approvers"))

    assert not completed_by(both, NOA)
    assert completed_by(both, OMAR, NOA)


def test_a_group_that_is_called_like_a_person_is_not_that_person() -> None:
    """B1."""
    imposter = a_principal("eve", groups=[NOA.id])
    both = rule(step("all", NOA, NOA.id))

    assert both.needed() == 2
    assert not completed_by(both, imposter)
    assert completed_by(both, imposter, NOA)


def test_whoever_is_named_twice_has_one_place() -> None:
    assert rule(step("all", NOA, NOA, "admins", "admins")).needed() == 2


def test_a_no_is_not_counted_as_approval() -> None:
    wanted = a_rule(1)

    assert not wanted.progress(
        votes_of(wanted, NOA, verdict=Verdict.REJECTED), since=NOON, without={MAYA.id}
    ).is_complete


def test_the_quorum_never_counts_the_requester_nor_who_asked_for_them() -> None:
    """A10."""
    anybody = rule(ApprovalStep(needed=2, people=("*",)))
    votes = votes_of(anybody, MAYA, NOA, ADA)

    progress = anybody.progress(votes, since=NOON, without={MAYA.id, NOA.id})

    assert (progress.approvals, progress.is_complete) == (1, False)
    assert not progress.asks(MAYA.id, groups=MAYA.groups, at=NOON)


def test_the_place_of_the_requester_is_not_there() -> None:
    """A10."""
    both = rule(step("all", MAYA, NOA))

    assert both.needed(without={MAYA.id}) == 1
    assert completed_by(both, NOA)


def test_nobody_is_asked_only_where_the_rule_has_no_steps() -> None:
    """A10."""
    only_the_requester = rule(step("all", MAYA))

    assert after(rule()).is_complete
    assert not after(only_the_requester).is_complete
    assert not after(only_the_requester, MAYA, NOA).is_complete


# Several steps


def test_steps_are_taken_in_order() -> None:
    two_steps = rule(step(1, "approvers"), step(1, "admins"))

    assert completed_by(two_steps, NOA, ADA)
    assert not completed_by(two_steps, ADA, NOA)
    assert not after(two_steps).asks(ADA.id, groups=ADA.groups, at=NOON)
    assert after(two_steps, NOA).asks(ADA.id, groups=ADA.groups, at=NOON)


def test_who_is_asked_in_two_steps_counts_in_one_of_them() -> None:
    """A4."""
    two_steps = rule(step(1, "approvers"), step(1, "approvers"))

    assert (after(two_steps, NOA).position, after(two_steps, NOA).approvals) == (1, 1)
    assert completed_by(two_steps, NOA, OMAR)


def test_who_spends_their_word_early_is_missing_where_nobody_else_is_asked() -> None:
    """A4: one word each, even where that leaves a request to lapse."""
    two_steps = rule(step(1, NOA, OMAR), step(1, NOA))

    assert completed_by(two_steps, OMAR, NOA)
    assert not completed_by(two_steps, NOA, OMAR)
    assert not after(two_steps, NOA).asks(OMAR.id, groups=OMAR.groups, at=NOON)


def test_the_approvals_of_steps_that_are_done_stay_counted() -> None:
    progress = after(rule(step(2, "approvers"), step(2, "admins")), NOA, OMAR, ADA)

    assert (progress.position, progress.approvals, progress.is_complete) == (1, 3, False)


def test_the_approvals_needed_are_those_of_all_steps() -> None:
    steps = (step(2, "approvers"), step("all", MAYA, NOA, "admins"))

    assert [rule(*steps).needed(), rule(*steps).needed(without={MAYA.id}), rule().needed()] == [5, 4, 0]


# Escalation


@pytest.mark.parametrize(
    ("waited", "is_asked"),
    [(HOUR - timedelta(milliseconds=1), False), (HOUR, True), (HOUR + timedelta(milliseconds=1), True)],
)
def test_an_escalation_asks_others_once_the_step_has_waited(waited: timedelta, is_asked: bool) -> None:
    escalating = rule(step(1, NOA, escalation={"groups": ["admins"]}))

    assert after(escalating).asks(ADA.id, groups=ADA.groups, at=NOON + waited) is is_asked
    assert after(escalating, ADA, every=waited).is_complete is is_asked


def test_an_escalation_still_asks_those_who_were_silent() -> None:
    escalating = rule(step(1, NOA, escalation={"groups": ["admins"]}))

    assert after(escalating, NOA, every=2 * HOUR).is_complete


def test_a_step_waits_from_when_it_became_current() -> None:
    second_escalates = rule(step(1, NOA), step(1, OMAR, escalation={"groups": ["admins"]}))
    progress = after(second_escalates, NOA, every=5 * HOUR)

    assert progress.since == NOON + 5 * HOUR
    assert not progress.asks(ADA.id, groups=ADA.groups, at=NOON + 6 * HOUR - MINUTE)
    assert progress.asks(ADA.id, groups=ADA.groups, at=NOON + 6 * HOUR)


def test_who_is_asked_by_an_escalation_stands_in_for_anybody() -> None:
    both = rule(step("all", NOA, OMAR, escalation={"groups": ["admins"]}))

    assert after(both, NOA, ADA, every=HOUR).is_complete
    assert not after(both, ADA, every=HOUR).is_complete


def test_an_escalation_asks_for_no_fewer() -> None:
    two = rule(step(2, NOA, OMAR, escalation={"groups": ["admins"]}))

    assert not after(two, ADA, every=2 * HOUR).is_complete


# What can never be reached


@pytest.mark.parametrize(
    ("steps", "is_reachable"),
    [
        ([step(1, NOA)], True),
        ([step(1, MAYA)], False),
        ([step(2, MAYA, NOA)], False),
        ([step("all", MAYA, NOA)], True),
        ([step("all", MAYA)], False),
        ([step(1, NOA), step(1, NOA)], False),
        ([step(1, NOA), step(1, NOA, OMAR)], True),
        ([step(1, NOA, OMAR), step(1, NOA)], True),
        ([step(2, NOA, OMAR), step(1, NOA, OMAR)], False),
        ([step(1, NOA, OMAR), step(1, NOA, OMAR), step(1, NOA, OMAR)], False),
        ([step("all", NOA, OMAR), step(1, OMAR, ADA)], True),
        ([step("all", NOA, OMAR), step(1, OMAR, MAYA)], False),
        ([step(1, NOA), step(1, NOA, "admins")], True),
        ([step(1, MAYA, escalation={"groups": ["admins"]})], True),
        ([step("all", MAYA, escalation={"groups": ["admins"]})], False),
        ([], True),
    ],
)
def test_a_rule_is_reachable_when_there_are_different_people_for_all_its_places(
    steps: Sequence[ApprovalStep], is_reachable: bool
) -> None:
    """A10."""
    assert rule(*steps).is_reachable(without={MAYA.id}) is is_reachable


def test_everybody_is_always_enough() -> None:
    """A10."""
    anybody = ApprovalStep(needed=10, people=("*",))

    assert rule(anybody).is_reachable(without={MAYA.id})


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, "must name people or groups"),
        ({"needed": "all"}, "must name people or groups"),
        ({"needed": "all", "people": ["*"]}, "cannot need all of everybody"),
        ({"needed": 3, "people": ["usr_1", "usr_2", "usr_2"]}, "cannot need 3 of 2 people"),
        ({"needed": "some", "groups": ["admins"]}, "needed"),
        ({"needed": -1, "groups": ["admins"]}, "needed"),
        ({"groups": ["admins"], "escalation": {"after": "PT1H"}}, "must name people or groups"),
        ({"groups": ["admins"], "escalation": {"groups": ["admins"]}}, "after"),
        ({"groups": ["admins"], "escalation": {"groups": ["admins"], "after": "PT0S"}}, "after"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(said: dict[str, object], refusal: str) -> None:
    with pytest.raises(ValidationError, match=refusal):
        ApprovalStep.model_validate(said)


def test_a_rule_has_five_steps_at_most() -> None:
    with pytest.raises(ValidationError, match="steps"):
        rule(*[step(1, "admins")] * 6)


# Who is named


def test_a_rule_names_the_people_of_all_its_steps_and_escalations() -> None:
    named = rule(step(1, "approvers"), step(1, EVE, escalation={"groups": ["admins"]}))

    assert [named.names(somebody) for somebody in (NOA, EVE, ADA, IVO)] == [True, True, True, False]


def test_a_vote_remembers_the_groups_that_the_rule_speaks_of_and_no_others() -> None:
    speaking = rule(step(1, "approvers"), step(1, EVE, escalation={"groups": ["admins"]}))

    assert speaking.groups_of(a_principal("bo", groups=["sales", "admins", "approvers"])) == ("admins", "approvers")


# Against the reference

PEOPLE = ["ann", "ben", "cid", "dot", "admins"]
GROUPS = ["admins", "owners"]
REQUESTER = "ann"


@st.composite
def some_steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        people = draw(st.lists(st.sampled_from(PEOPLE), max_size=3))
        groups = draw(st.lists(st.sampled_from(GROUPS), max_size=2, min_size=0 if people else 1))
        needed = draw(st.sampled_from([1, 2, "all", "all"]))
        if draw(st.booleans()) and needed != "all":
            people = [*people, "*"]
        escalation = draw(
            st.none()
            | st.fixed_dictionaries(
                {
                    "after": st.integers(1, 4),
                    "people": st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2),
                    "groups": st.lists(st.sampled_from(GROUPS), max_size=1),
                }
            )
        )
        if not groups and "*" not in people and escalation is None and needed == 2 and len(set(people)) < 2:
            needed = 1
        steps.append({"needed": needed, "people": people, "groups": groups, "escalation": escalation})
    return steps


VOTES = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.sampled_from(PEOPLE),
            "groups": st.lists(st.sampled_from(GROUPS), max_size=2, unique=True),
            "at": st.integers(0, 8),
            "yes": st.sampled_from([True, True, True, False]),
        }
    ),
    max_size=5,
    unique_by=lambda vote: vote["person"],
)
IN_STEP = {"needed": "all", "people": ["ben"], "groups": ["admins"], "escalation": None}


def as_rule(steps: Sequence[dict[str, Any]]) -> ApprovalRule:
    said = [
        {
            **one,
            "escalation": one["escalation"] and {**one["escalation"], "after": one["escalation"]["after"] * MINUTE},
        }
        for one in steps
    ]
    return ApprovalRule.model_validate({"steps": said})


def as_votes(votes: Sequence[dict[str, Any]]) -> dict[str, Vote]:
    return {
        vote["person"]: Vote(
            verdict=Verdict.APPROVED if vote["yes"] else Verdict.REJECTED,
            approver=Person(id=vote["person"], name=vote["person"]),
            groups=tuple(vote["groups"]),
            at=NOON + vote["at"] * MINUTE,
        )
        for vote in votes
    }


@settings(max_examples=500)
@given(steps=some_steps(), votes=VOTES)
@example(steps=[IN_STEP], votes=[{"person": "admins", "groups": [], "at": 1, "yes": True}])
@example(
    steps=[{**IN_STEP, "people": ["ben", "admins"]}],
    votes=[
        {"person": "ben", "groups": ["admins"], "at": 1, "yes": True},
        {"person": "admins", "groups": [], "at": 2, "yes": True},
        {"person": "cid", "groups": ["admins"], "at": 3, "yes": True},
    ],
)
def test_a_replay_says_what_the_reference_says(steps: list[dict[str, Any]], votes: list[dict[str, Any]]) -> None:
    """A4. A10."""
    progress = as_rule(steps).progress(as_votes(votes), since=NOON, without={REQUESTER})

    assert (progress.position, progress.approvals) == reference_steps.replay(steps, votes, {REQUESTER})
    assert progress.is_complete is (progress.position == len(steps))
    event("complete" if progress.is_complete else f"at step {progress.position + 1}")
