"""Keeping the ledger as long as the settings say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.ledger import Head
from nightlatch.domain.retention_walk import RetentionWalk


class Bearings(NamedTuple):
    """Where the walk of retention has come to, by which settings it should go, and where the ledger ends.

    `deployed` is the retention with which Nightlatch is deployed now.
    """

    settings: AuditSettings
    head: Head
    walk: RetentionWalk | None
    deployed: timedelta


class StoredTime(NamedTuple):
    """When a stored entry was recorded, and when it expires."""

    seq: int
    recorded_at: datetime
    expires_at: datetime | None


class StoredTimes(NamedTuple):
    """Some stored entries in order, and the number at which the others go on."""

    times: Sequence[StoredTime]
    next: int


class Keeping(Protocol):
    """The times at which stored entries expire."""

    def bearings(self) -> Bearings:
        """Read, consistently and in one call, the settings, the head of the chain and the walk."""
        ...

    def stored(self, first: int) -> StoredTimes:
        """Read the times of some entries from a number on, also of such as are served no longer."""
        ...

    def let_expire(self, seq: int, *, at: datetime) -> None:
        """Move the time of an entry, and nothing else of it; one that is not stored any more stays away."""
        ...
