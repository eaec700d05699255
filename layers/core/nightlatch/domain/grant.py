"""A grant: the intent stored before the target is called, the handle that ends it, and how the work on it goes."""

from datetime import timedelta

from nightlatch.domain.connector import GrantIntent, Handle
from nightlatch.domain.value import Entity

GRANT_ATTEMPTS = 5
"""After so many failures a grant is given up. A revoke is never given up."""

QUARANTINE_AFTER = 5
"""After so many failures a revoke is quarantined: still tried, but counted and alarmed."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)


class Grant(Entity):
    """What is done at the target for one request. `sealed_secret` is ciphertext, gone when the access ends."""

    request_id: str
    integration_id: str
    intent: GrantIntent
    handle: Handle
    sealed_secret: str | None = None
    attempts: int = 0
    last_error: str = ""
    is_given_up: bool = False


def pause_before(attempt: int) -> timedelta:
    """Wait longer each time: 15 s, 30 s, 1 min … 15 min."""
    pause = FIRST_PAUSE
    for _ in range(min(attempt - 1, 10)):
        pause = min(pause * 2, LONGEST_PAUSE)
    return pause
