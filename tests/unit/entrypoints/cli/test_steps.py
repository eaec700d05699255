"""Who must approve, in words."""

from datetime import UTC, datetime

import pytest

from nightlatch.entrypoints.cli.shapes import Json
from nightlatch.entrypoints.cli.steps import approvals_needed, still_asked
from tests.unit.entrypoints.cli.fake_api import a_request, a_rule, a_step, a_vote, an_item, approvers

NOW = datetime(2026, 11, 22, 13, 35, tzinfo=UTC)
LEADS_LATER = {"after": "PT4H", "people": [], "groups": ["leads"]}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "no approval needed"),
        ([a_rule()], "1 approval needed from approvers"),
        ([a_rule("approvers", people=["usr_noa"], needed=2)], "2 approvals needed from approvers, usr_noa"),
        ([a_rule("a", "b", needed="all")], "1 approval needed from each of a, b"),
        ([a_rule("approvers", people=["*"])], "1 approval needed from approvers, everybody"),
        ([a_rule(), a_rule("dba", needed=2)], "1 approval needed from approvers, then 2 approvals from dba"),
        ([a_rule(escalation=LEADS_LATER)], "1 approval needed from approvers (after 4 h also from leads)"),
    ],
)
def test_what_the_steps_need_is_said_in_one_line(steps: list[Json], said: str) -> None:
    assert approvals_needed(steps) == said


def test_what_each_item_needs_is_said_once() -> None:
    assert approvals_needed([a_rule()], per_item=True) == "1 approval needed per item from approvers"


def test_items_that_wait_for_the_same_are_said_together() -> None:
    waiting = a_request(items=[an_item(), an_item(2, "role3"), an_item(3, "role4", votes=(a_vote(),))])
    assert still_asked(waiting, now=NOW) == ["role1, role3: 1 more from approvers"]


def test_the_step_that_an_item_has_reached_is_said_when_there_are_several() -> None:
    two_of_dba = a_rule("dba", needed=2)
    item = an_item(step=a_step(number=2, needed=2, approvals=1, groups=["dba"]))
    waiting = a_request(items=[item], approvers=approvers(a_rule(), two_of_dba))
    assert still_asked(waiting, now=NOW) == ["step 2 of 2: 1 more from dba"]


@pytest.mark.parametrize(
    ("escalates_at", "said"),
    [
        ("2026-11-22T17:00:00.000Z", "1 more from each of approvers, from 18:00 CET on also from leads"),
        ("2026-11-22T13:35:00.000Z", "1 more from each of approvers, now also from leads"),
    ],
)
def test_who_is_asked_later_or_by_now_is_said(escalates_at: str, said: str) -> None:
    rule = a_rule(needed="all", escalation=LEADS_LATER)
    waiting = a_request(items=[an_item(step=a_step(escalates_at=escalates_at))], approvers=approvers(rule))
    assert still_asked(waiting, now=NOW) == [said]
