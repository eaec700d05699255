"""Signing in with a browser: sessions that are kept, and the identity provider that is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nightlatch.domain.saved_view import SavedViews
from nightlatch.domain.session import Session

Claims = Mapping[str, Any]


class StoredSessions(Protocol):
    """Reading sessions."""

    def session(self, person_id: str, session_id: str) -> Session | None:
        """Read, consistently, one session."""
        ...

    def sessions_of(self, person_id: str) -> list[Session]:
        """Read every session of a person that is still stored."""
        ...


@dataclass(frozen=True)
class Tokens:
    """What the tokens say that a provider gave for a code. The tokens themselves are forgotten."""

    id_claims: Claims = field(repr=False)
    access_claims: Claims = field(repr=False)


class IdentityProvider(Protocol):
    """An OpenID Connect provider, asked by its own addresses.

    Raises EgressError when it does not answer, AuthenticationError when it answers what cannot be used.
    """

    def page(self, query: Mapping[str, str]) -> str:
        """Write the address at which a person signs in."""
        ...

    def redeem(self, form: Mapping[str, str]) -> Tokens:
        """Exchange a code for tokens."""
        ...


class SavedViewsStore(Protocol):
    """Reading the views that people keep."""

    def saved_views(self, person_id: str) -> SavedViews:
        """Read, consistently, somebody's views; of who has none, version 0."""
        ...
