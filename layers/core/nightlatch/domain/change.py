"""What a transition did and what it means: the only thing the store accepts.

A state cannot be written without its events, because nothing but a Change can be committed.
"""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from nightlatch.domain.audit_event import AuditEvent
from nightlatch.domain.value import Entity

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Change(Generic[E]):
    """A new state with the events that it means, and other entities that change in the same transaction."""

    state: E
    events: tuple[AuditEvent, ...] = ()
    also: tuple[Entity, ...] = ()

    def with_entities(self, *others: Entity) -> "Change[E]":
        """Let `others` be written in the same transaction."""
        return replace(self, also=(*self.also, *others))

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Everything that is written."""
        return (self.state, *self.also)
