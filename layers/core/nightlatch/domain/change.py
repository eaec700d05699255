"""What a transition did and what it means: the only thing the store accepts.

A state cannot be written without its events, because nothing but a Change can be committed.
"""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from nightlatch.domain.audit_event import AuditEvent
from nightlatch.domain.value import Entity

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True)
class Change(Generic[E]):
    """A new state with the events that it means, and other entities that change in the same transaction.

    `given` are entities that were decided on: the change happens only if they are still as they are.
    """

    state: E
    events: tuple[AuditEvent, ...] = ()
    also: tuple[Entity, ...] = ()
    given: tuple[Entity, ...] = ()

    def with_entities(self, *others: Entity) -> "Change[E]":
        """Let `others` be written in the same transaction."""
        return replace(self, also=(*self.also, *others))

    def if_still(self, *others: Entity) -> "Change[E]":
        """Let it happen only if `others` are as they are now."""
        return replace(self, given=(*self.given, *others))

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Everything that is written."""
        return (self.state, *self.also)


def together(first: Change[E], *others: Change[Any]) -> Change[E]:
    """Join changes into one: all of them happen, or none."""
    return Change(
        first.state,
        (*first.events, *(event for other in others for event in other.events)),
        (*first.also, *(entity for other in others for entity in other.entities)),
        (*first.given, *(entity for other in others for entity in other.given)),
    )
