"""What every store promises about the audit settings."""

from datetime import timedelta

import pytest

from nightlatch.domain.audit_settings import AuditSettings, Reads, Writer
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from tests.integration.aws.builders import NOW, ORIGIN
from tests.integration.aws.conftest import RETENTION, Store

ROBOT = Writer(principal_id="usr_" + "a" * 26, events=("access.*",))


def test_settings_that_nobody_has_chosen_are_the_deployments(store: Store) -> None:
    assert store.settings.audit_settings() == AuditSettings(version=0, retention=RETENTION, by_deployment=True)


def test_chosen_settings_are_read_back(store: Store) -> None:
    first = store.settings.audit_settings().changed(retention=timedelta(days=30), reads=Reads.ALL, writers=(ROBOT,))
    second = first.changed(retention=timedelta(days=365), given_up_before=NOW)
    for settings in (first, second):
        store.work.commit(Change(settings), origin=ORIGIN)
        assert store.settings.audit_settings() == settings


def test_of_two_who_choose_for_the_first_time_the_second_is_refused(store: Store) -> None:
    nothing = store.settings.audit_settings()
    store.work.commit(Change(nothing.changed(reads=Reads.ALL)), origin=ORIGIN)
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(nothing.changed(retention=timedelta(days=30))), origin=ORIGIN)
    assert store.settings.audit_settings().reads is Reads.ALL
