"""The walk along the stored entries, by which their times come to follow the retention in force.

    another retention is met ──► settling ──5 min──► walking, from the first number to the head ──► over

It begins only when nobody can be writing by the settings of before any more; what is written from then on needs no
walk. Another retention begins it anew, wherever it was.
"""

from datetime import datetime, timedelta

from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.value import Entity, Instant, Seconds

SETTLING = timedelta(minutes=5)
"""Longer than a sequencer lives, which reads the settings once for a batch."""


class RetentionWalk(Entity):
    """Which retention is followed, since when it is known, and from which number it goes on."""

    settings_version: int
    retention: Seconds
    met_at: Instant
    next: int = 1
    is_over: bool = False

    @classmethod
    def first(cls, settings: AuditSettings, *, at: datetime) -> "RetentionWalk":
        """Meet settings for the first time."""
        return cls(settings_version=settings.retention_version, retention=settings.retention, met_at=at)

    def follows(self, settings: AuditSettings) -> bool:
        """Whether it is by the retention of these settings, since it last came into force."""
        return (self.settings_version, self.retention) == (settings.retention_version, settings.retention)

    def meet(self, settings: AuditSettings, *, at: datetime) -> "RetentionWalk":
        """Begin anew by other settings."""
        begun = RetentionWalk.first(settings, at=at)
        return self.changed(**dict(begun))

    def may_go_on(self, at: datetime) -> bool:
        """Whether there is a step to take now."""
        return not self.is_over and at >= self.met_at + SETTLING

    def expiry(self, recorded_at: datetime) -> datetime:
        """Say when an entry's time is over, to the second: finer is not stored."""
        return (recorded_at + self.retention).replace(microsecond=0)

    def come_to(self, number: int, *, head: int) -> "RetentionWalk":
        """Take a step: what is below `number` follows the settings. It is over beyond the head of the chain."""
        return self.changed(next=number, is_over=number > head)
