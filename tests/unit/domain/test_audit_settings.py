"""What another retention gives up, and that it stays given up."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.audit_settings import DAY, LONGEST_TO_FOLLOW, AuditChoices, AuditSettings, Reads
from tests.builders import NOON, a_principal

DEPLOYED = AuditSettings(retention=90 * DAY, by_deployment=True)


def chosen(settings: AuditSettings, days: int, *, at: datetime, reads: Reads = Reads.SENSITIVE) -> AuditSettings:
    choices = AuditChoices(retention_days=days, reads=reads, writers=())
    return settings.choose(choices, by=a_principal(), at=at).state


def test_before_anybody_has_chosen_the_deployments_retention_says_since_when_entries_are_kept() -> None:
    assert DEPLOYED.kept_since(NOON) == NOON - 90 * DAY


def test_a_shorter_retention_gives_up_what_is_older_at_once() -> None:
    """D5."""
    assert chosen(DEPLOYED, 30, at=NOON).kept_since(NOON) == NOON - 30 * DAY


def test_a_longer_retention_takes_nothing_in_again_and_gives_up_what_may_be_removed_before_it_is_followed() -> None:
    """D5."""
    longer = chosen(DEPLOYED, 365, at=NOON)
    given_up = NOON - 90 * DAY + LONGEST_TO_FOLLOW

    assert [longer.kept_since(NOON + wait * DAY) for wait in (0, 1, 276)] == [
        given_up,
        given_up,
        NOON - (365 - 276) * DAY,
    ]


def test_a_retention_that_is_shortened_for_a_moment_has_given_up_for_good() -> None:
    """D5."""
    settings = chosen(chosen(DEPLOYED, 30, at=NOON), 90, at=NOON + timedelta(minutes=1))

    assert settings.kept_since(NOON + timedelta(minutes=2)) == NOON - 29 * DAY + timedelta(minutes=1)


def test_other_choices_give_nothing_up() -> None:
    settings = chosen(DEPLOYED, 90, at=NOON, reads=Reads.ALL)

    assert (settings.version, settings.kept_since(NOON)) == (1, NOON - 90 * DAY)
    longer = chosen(settings, 365, at=NOON)
    assert chosen(longer, 365, at=NOON + DAY).given_up_before == longer.given_up_before


def test_what_was_stored_before_anything_could_be_given_up_is_read() -> None:
    stored = DEPLOYED.model_dump(mode="json", exclude={"given_up_before", "by_deployment", "retention_version"})

    assert AuditSettings.model_validate(stored) == AuditSettings(retention=90 * DAY)


Step = tuple[int, int]
"""So many hours pass, then events are to be kept for so many days."""


@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(30, 365)), max_size=12))
def test_whatever_is_chosen_nothing_that_was_given_up_is_ever_served_again(steps: list[Step]) -> None:
    """D5: since when entries are kept only moves forward, and what can have been removed lies before it."""
    settings, at = DEPLOYED, NOON
    since, removed = settings.kept_since(at), at - settings.retention
    for hours, days in steps:
        at += timedelta(hours=hours)
        # Until they follow the retention that is chosen now, stored entries expire by the one before.
        is_other = days * DAY != settings.retention
        removed = max(removed, at - settings.retention + is_other * LONGEST_TO_FOLLOW)
        settings = chosen(settings, days, at=at)
        assert settings.kept_since(at) >= max(since, removed)
        since = settings.kept_since(at)


@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(30, 365)), min_size=1, max_size=12))
def test_nothing_is_given_up_that_no_retention_was_about_to(steps: list[Step]) -> None:
    settings, at, retentions = DEPLOYED, NOON, [90 * DAY]
    for hours, days in steps:
        at += timedelta(hours=hours)
        settings = chosen(settings, days, at=at)
        retentions.append(settings.retention)

    assert settings.kept_since(at) <= at - min(retentions) + LONGEST_TO_FOLLOW


@pytest.mark.parametrize("days", [30, 89, 91, 365])
def test_there_and_back_again_is_not_as_before(days: int) -> None:
    settings = chosen(chosen(DEPLOYED, days, at=NOON), 90, at=NOON)

    assert settings.kept_since(NOON) == max(NOON - min(days, 90) * DAY + LONGEST_TO_FOLLOW, NOON - 90 * DAY)
