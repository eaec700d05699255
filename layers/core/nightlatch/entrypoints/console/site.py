"""How pages are found: by method and path, and for whom they are.

A table of our own rather than Powertools' resolver: that one alone takes longer to import than all of these pages.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.identity import Role
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.problem_kinds import MethodNotAllowedError

STRANGERS: frozenset[Role] = frozenset()
PEOPLE = frozenset({Role.REQUESTER})
READERS = frozenset({Role.ADMIN, Role.AUDITOR})
ADMINS = frozenset({Role.ADMIN})

Page = Callable[..., Answer]
Routes = Mapping[tuple[str, str], Page]
Pages = Mapping[frozenset[Role], Routes]


class Found(NamedTuple):
    """A page, what the names in its path stand for, whom it is for, and its path."""

    page: Page
    names: dict[str, str]
    roles: frozenset[Role]
    route: str


@dataclass(frozen=True)
class Site:
    """The pages of one function, by method and path.

    `pages` are called with the visitor, each for those who have one of its roles; `strangers` are what anybody may ask
    for, called with the visit and the desk.
    """

    desk: Desk
    pages: Pages
    strangers: Routes = field(default_factory=dict)

    def found(self, visit: Visit) -> Found:
        """Find the page that a visit asks for; raise when there is none."""
        known = set()
        for roles, routes in ((STRANGERS, self.strangers), *self.pages.items()):
            for (method, route), page in routes.items():
                if match := _pattern(route).fullmatch(visit.path):
                    if method == visit.method:
                        return Found(page, match.groupdict(), roles, route)
                    known.add(method)
        if known:
            raise MethodNotAllowedError(visit.method, allowed=sorted(known))
        raise NotFoundError("there is no such page")


@cache
def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]{1,200})", route))
