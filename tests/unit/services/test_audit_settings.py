"""Deciding about the audit trail, among rivals."""

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.errors import StaleVersionError
from tests.builders import ADA, World, a_call

CHOICES = AuditChoices(retention_days=30, reads=Reads.ALL, writers=())


def test_who_was_overtaken_is_refused_and_replaces_nothing() -> None:
    """C4: somebody else's choice came between reading and committing."""
    world = World()
    mine = CHOICES.model_copy(update={"retention_days": 365})
    overtaken = lambda: world.audit_settings.put(CHOICES, a_call(ADA), if_match=0)  # noqa: E731
    world.store.interruptions.append(overtaken)

    with pytest.raises(StaleVersionError):
        world.audit_settings.put(mine, a_call(ADA), if_match=0)

    assert world.audit_settings.show().choices == CHOICES


def test_two_who_choose_the_same_both_have_it() -> None:
    world = World()
    world.store.interruptions.append(lambda: world.audit_settings.put(CHOICES, a_call(ADA), if_match=0))

    settings = world.audit_settings.put(CHOICES, a_call(ADA), if_match=0)

    assert (settings.version, world.told()) == (1, ["settings.updated"])
