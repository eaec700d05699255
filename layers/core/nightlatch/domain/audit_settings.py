"""What administrators decide about the audit trail: how long it is kept, which reads it tells of, who may add to it.

What a retention has once given up stays given up. DynamoDB removes what is over one by one and in any order, so that of
what a longer retention would take in again some is gone, and nobody could tell which.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, model_validator

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.identity import SYSTEM, Actor, Principal
from nightlatch.domain.value import Entity, Instant, Seconds, Value

DAY = timedelta(days=1)
LONGEST_TO_FOLLOW = DAY
"""Within that, stored entries follow another retention. Until then the one before may still end what they hold."""

SHORTEST_DAYS = 30
LONGEST_DAYS = 365
MOST_WRITERS = 50
MOST_NAMES = 50

PrincipalId = Annotated[str, StringConstraints(pattern=r"^usr_[a-z2-7]{26}$")]
EventNames = Annotated[str, StringConstraints(pattern=r"^[a-z_.*]{1,100}$")]
"""The name of an event, in which `*` stands for any characters."""


class Reads(StrEnum):
    """Which calls that only read are events: those that show what is sensitive, or every one."""

    SENSITIVE = "sensitive"
    ALL = "all"


class Writer(Value):
    """A service identity that may write events of its own, and which of Nightlatch's own names it may use for them."""

    principal_id: PrincipalId
    events: Annotated[tuple[EventNames, ...], Field(max_length=MOST_NAMES)] = ()


class AuditChoices(Value):
    """What is chosen, whole: an administrator replaces all of it."""

    retention_days: int = Field(
        ge=SHORTEST_DAYS, le=LONGEST_DAYS, strict=True, description="Days that events are kept."
    )
    reads: Reads = Field(description="Which calls that only read are events.")
    writers: Annotated[tuple[Writer, ...], Field(max_length=MOST_WRITERS)]

    @model_validator(mode="after")
    def _each_writer_once(self) -> "AuditChoices":
        if len({writer.principal_id for writer in self.writers}) < len(self.writers):
            raise ValueError("must name each writer once")
        return self


class AuditSettings(Entity):
    """The settings in force. Version 0 is what holds before anybody has chosen anything."""

    version: int = 0
    retention: Seconds
    reads: Reads = Reads.SENSITIVE
    writers: tuple[Writer, ...] = ()
    by_deployment: bool = False
    """Whether nobody has chosen anything, so that the retention is the deployment's own."""

    retention_version: int = 0
    """The version with which the retention came into force."""

    given_up_before: Instant | None = None
    """What was recorded until then is served no longer, whatever the retention is. It only ever moves forward."""

    def kept_since(self, at: datetime) -> datetime:
        """Say since when entries are kept: only what was recorded later is served."""
        since = at - self.retention
        return max(since, self.given_up_before or since)

    @property
    def choices(self) -> AuditChoices:
        """Say what is chosen in the words in which it is chosen."""
        return AuditChoices(retention_days=self.retention // DAY, reads=self.reads, writers=self.writers)

    def choose(self, choices: AuditChoices, *, by: Principal, at: Instant) -> Change["AuditSettings"]:
        """Put other choices in force; the event holds what was different before and what is now."""
        kept = self._kept(choices.retention_days * DAY, at)
        chosen = self.changed(reads=choices.reads, writers=choices.writers, by_deployment=False, **kept)
        return self._told(chosen, f"{by.label} changed", by=by.as_actor(), at=at)

    def redeployed(self, retention: timedelta, *, at: Instant) -> Change["AuditSettings"]:
        """Put the retention of another deployment in force, which is not for it to say once somebody has chosen."""
        return self._told(self.changed(**self._kept(retention, at)), "Another deployment changed", by=SYSTEM, at=at)

    def _kept(self, retention: timedelta, at: datetime) -> dict[str, object]:
        """Say what another retention makes different. What is over when it comes is over for good."""
        if retention == self.retention:
            return {}
        over = at - self.retention + LONGEST_TO_FOLLOW
        given_up = max(over, self.given_up_before or over)
        return {"retention": retention, "retention_version": self.version + 1, "given_up_before": given_up}

    def _told(self, chosen: "AuditSettings", told: str, *, by: Actor, at: Instant) -> Change["AuditSettings"]:
        before, after = self.choices.model_dump(mode="json"), chosen.choices.model_dump(mode="json")
        names = [name for name in after if after[name] != before[name]]
        details: dict[str, JsonValue] = {
            "name": "audit",
            "before": {name: before[name] for name in names},
            "after": {name: after[name] for name in names},
        }
        event = AuditEvent(
            event_type=EventType.SETTINGS_UPDATED,
            timestamp=at,
            actor=by,
            resource=ResourceReference(type="settings", id="audit", name="Audit trail"),
            description=f"{told} the settings of the audit trail: {', '.join(names)}",
            details=details,
        )
        return Change(chosen, (event,))
