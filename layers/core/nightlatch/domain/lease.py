"""A lease: who holds one entitlement of one person, where a target gives to people's own accounts.

    nobody's ──join──► held by one or more ──the last leaves──► leaving ──read back absent──► watched ──► nobody's
       │                    ▲    │                                 ▲                              │
       │                    └────┘ others come and go              └── found there once more ─────┤
       └──join, it was there before──► held, prior ──the last leaves──► nobody's        held ◄─join

While a grant is leaving, nobody may join: the revoke that is under way would take away what a successor was given.
While a grant is watched, what is found at the target is ours: a late call of its own may have landed.
"""

from collections.abc import Iterable, Sequence
from typing import Self

from nightlatch.domain.connector import Entitlement, GrantIntent, Handle
from nightlatch.domain.value import Entity


class Lease(Entity):
    """Which grants hold an entitlement, and which one is ending it. Version 0 was never stored.

    `holders` are ids of grants. `leaving` is the one that takes it away from the target, `watched` the last that did,
    until no call of it can land any more. `prior` says that the entitlement was there before: it is never taken away.
    """

    version: int = 0
    integration_id: str
    person_id: str
    entitlement: Entitlement
    holders: frozenset[str] = frozenset()
    leaving: str | None = None
    watched: str | None = None
    prior: bool = False

    @property
    def is_nobodys(self) -> bool:
        """Whether no grant is concerned with it."""
        return not self.holders and self.leaving is None and self.watched is None

    @property
    def must_look(self) -> bool:
        """Whether only the target can tell whose the entitlement is. What others gave they may have taken back."""
        return self.is_nobodys or self.prior

    def join(self, grant_id: str, *, prior: bool) -> Self:
        """Let one more grant hold it."""
        return self.changed(holders=self.holders | {grant_id}, watched=None, prior=prior)

    def leave(self, grant_id: str) -> Self:
        """Let a grant go. Only the last, of what was not there before, has something to take away."""
        others = self.holders - {grant_id}
        if grant_id not in self.holders:
            return self
        if others or self.prior:
            return self.changed(holders=others, prior=self.prior and bool(others))
        return self.changed(holders=others, leaving=grant_id)

    def left(self, grant_id: str) -> Self:
        """Record that the entitlement is gone from the target; a late call of the grant may still bring it back."""
        return self.changed(leaving=None, watched=grant_id) if self.leaving == grant_id else self

    def reclaimed(self, grant_id: str) -> Self:
        """Let the grant that is watched take away once more what came back."""
        return self.changed(leaving=grant_id, watched=None) if self.watched == grant_id else self

    def released(self, grant_id: str) -> Self:
        """Forget a grant altogether."""
        if grant_id not in {*self.holders, self.leaving, self.watched}:
            return self
        others = self.holders - {grant_id}
        return self.changed(
            holders=others,
            leaving=None if self.leaving == grant_id else self.leaving,
            watched=None if self.watched == grant_id else self.watched,
            prior=self.prior and bool(others),
        )


def to_give(intent: GrantIntent, leases: Sequence[Lease]) -> GrantIntent | None:
    """Return what of an intent the target must be told: not what was there before. None is nothing at all."""
    prior = {lease.entitlement for lease in leases if lease.prior}
    given = intent.narrowed([each for each in intent.entitlements if each not in prior])
    return given if given.entitlements or not leases else None


def to_take(handle: Handle, leases: Sequence[Lease]) -> Handle | None:
    """Return what of a handle its grant must take away: only what it is the last to leave. None is nothing at all."""
    others = {lease.entitlement for lease in leases if lease.leaving != handle.grant_id}
    taken = handle.narrowed([each for each in handle.entitlements if each not in others])
    return taken if taken.entitlements or not leases else None


def differing(before: Iterable[Lease], after: Iterable[Lease]) -> list[Lease]:
    """Return those that are to be written."""
    return [new for old, new in zip(before, after, strict=True) if new.version != old.version]
