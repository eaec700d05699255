"""A grant: the intent stored before the target is called, the handle that ends it, and how the work on it goes."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import JsonValue

from nightlatch.domain.connector import GrantIntent, Handle
from nightlatch.domain.value import Entity, Value

GRANT_ATTEMPTS = 5
"""After so many attempts a grant is given up. A revoke is never given up."""

QUARANTINE_AFTER = 5
"""After so many attempts a revoke is quarantined: still tried, but counted and alarmed."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
JITTER_BYTES = 2


class Failure(Value):
    """Why work at a target did not succeed, after how many attempts."""

    error: str
    error_class: str
    attempts: int

    @classmethod
    def of(cls, error: Exception, *, attempts: int) -> Self:
        """Keep what an error says."""
        return cls(error=str(error), error_class=type(error).__name__, attempts=attempts)

    def details(self) -> dict[str, JsonValue]:
        """Say it in an event."""
        return {"error": self.error, "error_class": self.error_class, "attempts": self.attempts}


class Grant(Entity):
    """What is done at the target for one request.

    `attempts` counts those of the present task, granting or ending, each when it begins: a worker that dies is counted
    too. (The first at an end that comes by itself is written with what comes of it; until then the request's
    `claimed_from` tells of it.) `untold` counts how often the target could not be told of a later end. `given_up` says
    why granting was. `sealed_secret` is ciphertext, gone when the access ends. `shares_entitlements` says that it holds
    leases.
    """

    request_id: str
    integration_id: str
    intent: GrantIntent
    handle: Handle
    shares_entitlements: bool = False
    sealed_secret: str | None = None
    attempts: int = 1
    untold: int = 0
    last_failure: Failure | None = None
    given_up: Failure | None = None

    def at_work(self) -> Self:
        """Count an attempt that the request's own claim tells of: no new version."""
        return self.model_copy(update={"attempts": self.attempts + 1})

    def claimed(self) -> Self:
        """Begin another attempt."""
        return self.changed(attempts=self.attempts + 1)

    def held_back(self) -> Self:
        """Take back an attempt that did not come to pass: another grant is leaving what this one is to have."""
        return self.changed(attempts=self.attempts - 1)

    def given(self, *, sealed_secret: str | None) -> Self:
        """Keep the secret of access that now exists; its end has not been attempted yet."""
        return self.changed(sealed_secret=sealed_secret, attempts=0, last_failure=None)

    def told(self, *, until: datetime) -> Self:
        """Keep which end the target was told. It never holds an earlier one than before."""
        intent = self.intent.model_copy(update={"ends_at": max(self.intent.ends_at, until)})
        return self.changed(intent=intent, untold=0, last_failure=None)

    def not_told(self, failure: Failure) -> Self:
        """Count a target that did not take a later end."""
        return self.changed(untold=self.untold + 1, last_failure=failure)

    def give_up(self, failure: Failure) -> Self:
        """Turn to taking away whatever may be there; this is the first attempt at that."""
        return self.changed(given_up=failure, last_failure=failure, attempts=1)

    def stopped(self) -> Self:
        """Turn from granting to an end that somebody wants. What was given up already goes on being taken away."""
        return self.changed(attempts=self.attempts if self.given_up else 0, given_up=None)

    def closed(self) -> Self:
        """Forget the secret: the access is gone."""
        return self.changed(sealed_secret=None)


def pause_before(attempt: int, *, random: bytes) -> timedelta:
    """Wait longer each time, up to 15 s, 30 s, 1 min … 15 min, and at least half of that.

    `random` are two bytes by which those who failed together do not come back together.
    """
    doublings = min(max(attempt, 1) - 1, 10)
    longest = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    return longest * (0.5 + 0.5 * int.from_bytes(random, "big") / 0xFFFF)
