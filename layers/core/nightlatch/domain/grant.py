"""A grant: the intent stored before the target is called, the handle that ends it, and how the work on it goes."""

from datetime import timedelta
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
    too. `given_up` says why granting was. `sealed_secret` is ciphertext, gone when the access ends.
    """

    request_id: str
    integration_id: str
    intent: GrantIntent
    handle: Handle
    sealed_secret: str | None = None
    attempts: int = 1
    last_failure: Failure | None = None
    given_up: Failure | None = None

    def claimed(self) -> Self:
        """Begin another attempt."""
        return self.changed(attempts=self.attempts + 1)

    def given(self, *, sealed_secret: str | None) -> Self:
        """Keep the secret of access that now exists; its end has not been attempted yet."""
        return self.changed(sealed_secret=sealed_secret, attempts=0, last_failure=None)

    def give_up(self, failure: Failure) -> Self:
        """Turn to taking away whatever may be there; this is the first attempt at that."""
        return self.changed(given_up=failure, last_failure=failure, attempts=1)

    def closed(self) -> Self:
        """Forget the secret: the access is gone."""
        return self.changed(sealed_secret=None)


def pause_before(attempt: int) -> timedelta:
    """Wait longer each time: 15 s, 30 s, 1 min … 15 min."""
    pause = FIRST_PAUSE
    for _ in range(min(attempt - 1, 10)):
        pause = min(pause * 2, LONGEST_PAUSE)
    return pause
