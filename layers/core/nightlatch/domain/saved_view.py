"""Views of lists that somebody keeps for themselves: a name, and the address that holds the filters."""

from typing import Annotated

from pydantic import StringConstraints

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.value import Entity, Value

MOST_VIEWS = 20
LONGEST_NAME = 60

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]


class SavedView(Value):
    """One view."""

    name: Name
    address: str


class SavedViews(Entity):
    """All views of one person, in the order in which they were saved. Who has none yet has version 0."""

    person_id: str
    views: tuple[SavedView, ...] = ()

    def with_view(self, view: SavedView) -> "SavedViews":
        """Add a view, or replace the one of its name; raise InvalidInputError when there are too many."""
        others = tuple(one for one in self.views if one.name != view.name)
        if len(others) == MOST_VIEWS:
            raise InvalidInputError(Fault("/name", f"you have {MOST_VIEWS} views: remove one first"))
        return self.changed(views=(*others, view))

    def without(self, name: str) -> "SavedViews":
        """Remove a view."""
        return self.changed(views=tuple(one for one in self.views if one.name != name))
