"""What every store promises about sessions of the console."""

from datetime import timedelta

import pytest

from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.session import ABSOLUTE, Session
from tests.integration.aws.builders import NOW, ORIGIN
from tests.integration.aws.conftest import Store


def a_session(name: str = "a", *, person_id: str = "usr_maya") -> Session:
    return Session(
        id=name,
        person_id=person_id,
        issuer="https://id.example.com",
        subject="maya",
        name="Maya",
        form_token="t",
        began_at=NOW,
        seen_at=NOW,
    )


def test_a_session_is_read_by_its_person_and_its_id(store: Store) -> None:
    store.put(a_session("a"), a_session("b"), a_session("c", person_id="usr_noa"))

    assert store.sessions.session("usr_maya", "a") == a_session("a")
    assert store.sessions.session("usr_noa", "a") is None
    assert store.sessions.sessions_of("usr_maya") == [a_session("a"), a_session("b")]


def test_a_session_that_was_used_is_what_is_read(store: Store) -> None:
    store.put(a_session())
    used = a_session().changed(seen_at=NOW + timedelta(minutes=5))
    store.work.commit(Change(used), origin=ORIGIN)

    assert store.sessions.session("usr_maya", "a") == used


def test_a_session_that_ended_is_gone(store: Store) -> None:
    store.put(a_session())
    store.work.record(origin=ORIGIN, ending=[a_session()])

    assert store.sessions.session("usr_maya", "a") is None
    assert store.sessions.sessions_of("usr_maya") == []


def test_a_use_does_not_bring_a_session_back_that_has_ended(store: Store) -> None:
    store.put(a_session())
    store.work.record(origin=ORIGIN, ending=[a_session()])

    with pytest.raises(RivalChangeError):
        store.work.commit(Change(a_session().changed(seen_at=NOW)), origin=ORIGIN)


def test_a_session_is_not_read_after_its_longest_time(store: Store) -> None:
    store.put(a_session())
    store.clock.now += ABSOLUTE + timedelta(seconds=1)

    assert store.sessions.session("usr_maya", "a") is None
    assert store.sessions.sessions_of("usr_maya") == []
