"""The user pool's recorded events, through the real function and tables, to the trail.

The emulator never calls before a sign-in, so this is where it is seen that failed ones are told.
"""

import json
from datetime import timedelta
from typing import Any

from tests.functions.client import ROOT
from tests.integration.aws.deployed import Deployed

ATTEMPT: dict[str, Any] = json.loads((ROOT / "events" / "sign_ins_attempt.json").read_text())
TOKENS: dict[str, Any] = json.loads((ROOT / "events" / "sign_ins_tokens.json").read_text())


def told(nightlatch: Deployed) -> list[tuple[str, object]]:
    """Let the windows close, and list the events about sign-ins."""
    nightlatch.clock.advance(timedelta(minutes=11))
    nightlatch.invoke("ledger", {"sweep": True})
    entries = [entry for entry in nightlatch.trail() if entry.event_type.startswith("auth.")]
    return [(entry.event_type, entry.details["attempts"]) for entry in entries]


def test_guessed_passwords_are_told_in_the_trail(nightlatch: Deployed) -> None:
    """B6: by the recorded events of the user pool."""
    for _ in range(5):
        nightlatch.invoke("sign_ins", ATTEMPT)

    assert told(nightlatch) == [("auth.login.failed", 5), ("auth.account.locked", 5)]


def test_who_gets_in_at_the_third_attempt_has_failed_twice(nightlatch: Deployed) -> None:
    for event in (ATTEMPT, ATTEMPT, ATTEMPT, TOKENS):
        nightlatch.invoke("sign_ins", event)

    assert told(nightlatch) == [("auth.login.failed", 2)]
    assert told(nightlatch) == [("auth.login.failed", 2)]


def test_who_gets_in_at_once_is_not_told_of_here(nightlatch: Deployed) -> None:
    for event in (ATTEMPT, TOKENS):
        nightlatch.invoke("sign_ins", event)

    assert told(nightlatch) == []
