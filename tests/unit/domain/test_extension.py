"""Extending access: as far as both the flow that was agreed to and the one in force let it, and never endlessly."""

from datetime import timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pydantic import ValidationError

from nightlatch.domain.access_flow import AccessFlow, ExtensionRule, GrantRule
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.errors import ConflictError, NotAllowedError
from nightlatch.domain.identity import Principal
from tests.builders import ADA, HOUR, IVO, MAYA, NOA, NOON, SECOND, a_definition, a_flow, a_history, a_request

DAY = timedelta(days=1)
TWICE_AN_HOUR = ExtensionRule(count=2, longest=HOUR)


def a_flow_with(extensions: ExtensionRule | None = TWICE_AN_HOUR) -> AccessFlow:
    return a_flow("orders-roles", a_definition(extensions=extensions))


def granted(flow: AccessFlow | None = None, *, duration: timedelta = HOUR) -> AccessRequest:
    return a_history(a_request(flow=flow or a_flow_with(), duration=duration))[Status.GRANTED].state


def end_of(request: AccessRequest) -> timedelta:
    """Say how long access lasts in all."""
    assert request.granted_at is not None
    assert request.ends_at is not None
    return request.ends_at - request.granted_at


def test_an_extension_moves_the_end_and_is_told_with_both_ends() -> None:
    """D3."""
    before = granted()

    change = before.extend(HOUR / 2, by=MAYA, at=NOON + SECOND)

    (told,) = change.events
    assert (end_of(change.state), change.state.extensions, change.state.status) == (1.5 * HOUR, 1, Status.GRANTED)
    assert (told.event_type, told.actor) == ("access.extended", MAYA.as_actor())
    assert (told.details["old_end"], told.details["new_end"], told.details["extensions"]) == (
        "2026-11-22T13:00:00.004Z",
        "2026-11-22T13:30:00.004Z",
        1,
    )


def test_an_extension_rings_so_that_the_target_is_told_and_is_then_due_at_its_end() -> None:
    extended = granted().extend(HOUR, by=MAYA, at=NOON + SECOND).state
    assert extended.rings

    told = extended.told(at=NOON + 2 * SECOND)

    assert (told.events, told.state.due_at, told.state.rings) == ((), extended.ends_at, False)


def test_access_is_extended_from_its_end_and_not_from_now() -> None:
    twice = granted().extend(HOUR, by=MAYA, at=NOON + SECOND).state.extend(HOUR, by=MAYA, at=NOON + 2 * SECOND).state

    assert end_of(twice) == 3 * HOUR


@pytest.mark.parametrize(("away", "is_extended"), [(-1000, True), (-1, True), (0, False), (1, False), (1000, False)])
def test_access_that_is_over_is_not_extended(away: int, is_extended: bool) -> None:
    """D3. D4."""
    request = granted()
    assert request.ends_at is not None
    at = request.ends_at + timedelta(milliseconds=away)

    if not is_extended:
        with pytest.raises(ConflictError, match="not GRANTED"):
            request.extend(HOUR, by=MAYA, at=at)
        return

    assert end_of(request.extend(HOUR, by=MAYA, at=at).state) == 2 * HOUR


@pytest.mark.parametrize("somebody", [NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_only_the_requester_extends(somebody: Principal) -> None:
    with pytest.raises(NotAllowedError):
        granted().extend(HOUR, by=somebody, at=NOON)


# What stands against it


@pytest.mark.parametrize(
    ("agreed", "now", "refusal"),
    [
        (TWICE_AN_HOUR, TWICE_AN_HOUR, None),
        (None, TWICE_AN_HOUR, "allows no extension"),
        (TWICE_AN_HOUR, None, "allows no extension"),
        (ExtensionRule(count=1, longest=HOUR), TWICE_AN_HOUR, "has been extended 1 times, and .* allows 1"),
        (TWICE_AN_HOUR, ExtensionRule(count=1, longest=HOUR), "has been extended 1 times, and .* allows 1"),
        (ExtensionRule(count=2, longest=HOUR / 2), TWICE_AN_HOUR, "must not be longer than PT30M"),
        (TWICE_AN_HOUR, ExtensionRule(count=2, longest=HOUR / 2), "must not be longer than PT30M"),
        (TWICE_AN_HOUR, ExtensionRule(count=9, longest=9 * HOUR), None),
    ],
)
def test_the_stricter_of_both_flows_decides(
    agreed: ExtensionRule | None, now: ExtensionRule | None, refusal: str | None
) -> None:
    """A9. D1."""
    once = granted(a_flow_with(agreed)).extend(HOUR, by=MAYA, at=NOON).state

    said = once.extension_refusal(HOUR, flow=a_flow_with(now))

    if refusal is None:
        assert said is None
        return
    assert said is not None
    with pytest.raises(AssertionError, match=refusal):
        raise AssertionError(said)


def test_a_flow_that_is_gone_allows_no_extension() -> None:
    """A9."""
    assert "allows no extension" in str(granted().extension_refusal(HOUR, flow=None))


def test_an_extension_may_be_as_long_as_the_longest_and_not_a_second_longer() -> None:
    """D1."""
    flow = a_flow_with()

    assert granted(flow).extension_refusal(HOUR, flow=flow) is None
    assert (
        granted(flow).extension_refusal(HOUR + SECOND, flow=flow) == "must not be longer than PT1H (flow orders-roles)"
    )


def test_an_extension_that_is_refused_is_told_to_the_ledger_with_the_end_as_it_stays() -> None:
    request = granted()

    told = request.refused_extension("because", by=MAYA, at=NOON)

    assert (told.event_type, told.severity, told.details["reason"]) == (
        "access.extension.refused",
        "warning",
        "because",
    )
    assert told.details["end"] == "2026-11-22T13:00:00.004Z"
    assert told.timestamp > request.updated_at


@given(
    rule=st.builds(ExtensionRule, count=st.integers(1, 10), longest=st.integers(1, 1000).map(lambda n: n * SECOND)),
    wishes=st.lists(st.integers(1, 1200).map(lambda number: number * SECOND), max_size=12),
)
def test_no_series_of_extensions_lasts_longer_than_the_flow_lets_it(
    rule: ExtensionRule, wishes: list[timedelta]
) -> None:
    """D1. D3."""
    flow = a_flow_with(rule)
    request = granted(flow, duration=8 * HOUR)

    for wish in wishes:
        if request.extension_refusal(wish, flow=flow):
            event("refused")
            continue
        before, request = request, request.extend(wish, by=MAYA, at=NOON).state
        assert end_of(request) > end_of(before)

    assert end_of(request) <= request.flow.longest
    assert request.extensions <= rule.count


@pytest.mark.parametrize(
    ("maximum", "extensions", "is_allowed"),
    [
        (20 * DAY, ExtensionRule(count=10, longest=DAY), True),
        (20 * DAY, ExtensionRule(count=10, longest=DAY + SECOND), False),
        (30 * DAY, ExtensionRule(count=1, longest=SECOND), False),
        (30 * DAY, None, True),
    ],
)
def test_a_flow_and_all_its_extensions_last_thirty_days_at_most(
    maximum: timedelta, extensions: ExtensionRule | None, is_allowed: bool
) -> None:
    """D1."""
    if not is_allowed:
        with pytest.raises(ValidationError, match="together must not be longer than 30 days"):
            GrantRule(default=HOUR, maximum=maximum, extensions=extensions)
        return

    assert GrantRule(default=HOUR, maximum=maximum, extensions=extensions).maximum == maximum


@pytest.mark.parametrize(
    "said", [{"count": 0}, {"count": 11}, {"longest": "PT0S"}, {"longest": "P31D"}, {"longest": 60}]
)
def test_an_extension_rule_that_makes_no_sense_is_refused(said: dict[str, object]) -> None:
    """D1."""
    with pytest.raises(ValidationError):
        ExtensionRule.model_validate({"count": 1, "longest": "PT1H", **said})
