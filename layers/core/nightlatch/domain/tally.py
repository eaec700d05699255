"""Tallies: what happens often is counted, and told as one event when its window is over.

A window begins at a multiple of its length, so everybody who counts agrees on it without asking. What is counted after
its tally was told begins another of the same window, which is told in its turn: late, but not lost.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import JsonValue

from nightlatch.domain.audit_event import AuditEvent, EventType, Origin
from nightlatch.domain.identifier import EPOCH
from nightlatch.domain.value import Entity, Instant, Value, rfc3339

MOST_NOTES = 16
"""So many different notes are kept of one window; of further ones only their number is."""

LONGEST_NOTE = 200

GRACE = timedelta(minutes=1)
"""So long after its end a window may still be counted in by a call that began within it, or by a slow clock."""

LONGEST_SIGN_IN = timedelta(minutes=5)
"""So long after an attempt its tokens may still come. Cognito waits three minutes for the answer to a challenge."""

LOCKED_AFTER = 5
"""So many failed attempts in a row, and Cognito locks the account: for a second, and twice as long after each other
one, up to about 15 minutes, until somebody signs in or nobody tries for 15 minutes. It tells nobody.
https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html#authentication-flow-lockout-behavior
"""


class TallyKind(StrEnum):
    """What is counted."""

    READS = "reads"
    CALLS = "calls"
    RUNS = "runs"
    FAILED_RUNS = "failed_runs"
    REFUSED_TOKENS = "refused_tokens"
    SIGN_INS = "sign_ins"
    UNKNOWN_SIGN_INS = "unknown_sign_ins"


class Wording(NamedTuple):
    """How long a kind's windows are, and under which names an event's details hold what was counted.

    `grace` is for how long after its end a window is still counted in.
    """

    window: timedelta
    times: str
    total: str | None = None
    grace: timedelta = GRACE


WORDING: Mapping[TallyKind, Wording] = {
    TallyKind.READS: Wording(timedelta(minutes=5), "reads", "rows"),
    TallyKind.CALLS: Wording(timedelta(minutes=5), "reads"),
    TallyKind.RUNS: Wording(timedelta(hours=1), "runs", "items"),
    TallyKind.FAILED_RUNS: Wording(timedelta(hours=1), "failures"),
    TallyKind.REFUSED_TOKENS: Wording(timedelta(minutes=5), "attempts"),
    TallyKind.SIGN_INS: Wording(timedelta(minutes=5), "attempts", grace=LONGEST_SIGN_IN),
    TallyKind.UNKNOWN_SIGN_INS: Wording(timedelta(minutes=5), "attempts"),
}


class Note(Value):
    """One thing to be told of what was counted, under a name: a filter, an address."""

    name: str
    text: str


class Tally(Entity):
    """How often something happened in a window. `version` is the count: each time raises it.

    `event` and `origin` are those of the first time, `total` sums what was dealt with, `lowest` and `highest` are the
    numbers of the ledger's entries that were. `is_told` when the first time was told as it happened. Of attempts to
    sign in, `total` is how many led to tokens, and `version` counts each of those twice.
    """

    kind: TallyKind
    about: str
    window_start: Instant
    event: AuditEvent
    origin: Origin
    last_at: Instant
    total: int = 0
    lowest: int | None = None
    highest: int | None = None
    notes: tuple[Note, ...] = ()
    left_off: int = 0
    is_told: bool = False

    @classmethod
    def of(
        cls,
        kind: TallyKind,
        event: AuditEvent,
        *,
        about: str,
        origin: Origin,
        total: int = 0,
        numbers: tuple[int, int] | None = None,
        notes: Mapping[str, str | None] | None = None,
        is_told: bool = False,
    ) -> "Tally":
        """Count one time. `about` tells apart what is counted for itself: whose, or which."""
        lowest, highest = numbers or (None, None)
        return cls(
            kind=kind,
            about=about,
            window_start=_beginning(event.timestamp, WORDING[kind].window),
            event=event,
            origin=origin,
            last_at=event.timestamp,
            total=total,
            lowest=lowest,
            highest=highest,
            notes=in_order(Note(name=name, text=text[:LONGEST_NOTE]) for name, text in (notes or {}).items() if text),
            is_told=is_told,
        )

    @property
    def window_end(self) -> datetime:
        """When the window is over."""
        return self.window_start + WORDING[self.kind].window

    def is_closed(self, at: datetime) -> bool:
        """Whether nobody counts in this window any more, as far as can be known."""
        return self.window_end + WORDING[self.kind].grace <= at

    def with_another(self, other: "Tally") -> "Tally":
        """Count the one time of `other` too."""
        fits = set(other.notes) <= set(self.notes) or len(self.notes) + len(other.notes) <= MOST_NOTES
        return self.changed(
            last_at=other.last_at,
            total=self.total + other.total,
            lowest=min((n for n in (self.lowest, other.lowest) if n is not None), default=None),
            highest=max((n for n in (self.highest, other.highest) if n is not None), default=None),
            notes=in_order((*self.notes, *other.notes)) if fits else self.notes,
            left_off=self.left_off + (not fits),
        )

    def with_tokens(self) -> "Tally":
        """Count that one of these attempts to sign in led to tokens."""
        return self.changed(total=self.total + 1)

    def told(self) -> tuple[AuditEvent, ...]:
        """Tell what has not been told yet; nothing when that is nothing."""
        times = self._times()
        if times <= 0:
            return ()
        details = {**self.event.details, **self._counted(times), **self._noted()}
        told = self.event.model_copy(update={"timestamp": self.last_at, "details": details})
        return (told, _locked(told)) if self._was_locked(times) else (told,)

    def _times(self) -> int:
        """How often there was something to tell: of attempts to sign in, those that failed."""
        failed = -2 * self.total if self.kind is TallyKind.SIGN_INS else 0
        return self.version - self.is_told + failed

    def _was_locked(self, failures: int) -> bool:
        """Whether enough attempts failed in a row, wherever among them the successful ones were."""
        return self.kind is TallyKind.SIGN_INS and failures > (LOCKED_AFTER - 1) * (self.total + 1)

    def _counted(self, times: int) -> dict[str, JsonValue]:
        wording = WORDING[self.kind]
        counted: dict[str, JsonValue] = {wording.times: times}
        if wording.total:
            counted[wording.total] = self.total
        if self.lowest is not None:
            counted |= {"first_seq": self.lowest, "last_seq": self.highest}
        return {**counted, "since": rfc3339(self.event.timestamp)}

    def _noted(self) -> dict[str, JsonValue]:
        names = {note.name for note in self.notes}
        noted: dict[str, JsonValue] = {
            name: [note.text for note in self.notes if note.name == name] for name in sorted(names)
        }
        return {**noted, "left_off": self.left_off} if self.left_off else noted


def _locked(failed: AuditEvent) -> AuditEvent:
    said = f"the account of {failed.actor.name} was locked for a while: sign-ins failed {LOCKED_AFTER} times in a row"
    return failed.model_copy(update={"event_type": EventType.ACCOUNT_LOCKED, "description": said})


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Keep each note once, in an order that does not depend on which came first."""
    return tuple(sorted(set(notes), key=lambda note: (note.name, note.text)))


def _beginning(at: datetime, window: timedelta) -> datetime:
    return at - (at - EPOCH) % window
