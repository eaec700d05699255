"""The views that people keep, as the table stores them."""

import pytest

from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.saved_view import SavedView, SavedViews
from tests.integration.aws.conftest import Store

HELD = SavedView(name="Held", address="/oversight/activity?status=GRANTED")


def test_who_kept_nothing_has_no_views(store: Store) -> None:
    assert store.saved_views.saved_views("usr_maya") == SavedViews(person_id="usr_maya", version=0)


def test_views_are_kept_and_changed(store: Store) -> None:
    first = store.saved_views.saved_views("usr_maya").with_view(HELD)
    store.put(first)
    store.put(first.without("Held"))

    assert store.saved_views.saved_views("usr_maya") == first.without("Held")


def test_of_two_who_change_them_at_once_one_must_look_again(store: Store) -> None:
    views = store.saved_views.saved_views("usr_maya")
    store.put(views.with_view(HELD))

    with pytest.raises(RivalChangeError):
        store.put(views.with_view(HELD))
