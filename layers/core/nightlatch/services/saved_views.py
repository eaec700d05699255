"""Views of lists that people keep for themselves."""

from collections.abc import Callable

from nightlatch.domain.change import Change
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.saved_view import LONGEST_NAME, SavedView, SavedViews
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.sessions import SavedViewsStore
from nightlatch.services.ports.writing import UnitOfWork

LONGEST_ADDRESS = 4_000


class SavedViewDesk:
    """The use cases of who keeps views. They are nobody else's, and change nothing: no event tells of them."""

    def __init__(self, *, unit_of_work: UnitOfWork, store: SavedViewsStore) -> None:
        self._unit_of_work = unit_of_work
        self._store = store

    def of(self, person_id: str, path: str) -> list[SavedView]:
        """List somebody's views of one list."""
        views = self._store.saved_views(person_id).views
        return [view for view in views if view.address.partition("?")[0] == path]

    def save(self, name: str, address: str, call: Call) -> None:
        """Keep a view under a name; raise InvalidInputError."""
        if len(address) > LONGEST_ADDRESS:
            raise InvalidInputError(Fault("/address", "has too many filters to be kept"))
        if not name.strip() or len(name.strip()) > LONGEST_NAME:
            raise InvalidInputError(Fault("/name", f"must have 1 to {LONGEST_NAME} characters"))
        view = SavedView(name=name, address=address)
        self._change(call, lambda views: views.with_view(view))

    def remove(self, name: str, call: Call) -> None:
        """Keep a view no longer."""
        self._change(call, lambda views: views.without(name))

    def _change(self, call: Call, change: Callable[[SavedViews], SavedViews]) -> None:
        def attempt() -> None:
            views = change(self._store.saved_views(call.principal.id))
            self._unit_of_work.commit(Change(views), origin=call.origin)

        despite_rivals(attempt)
