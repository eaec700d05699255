"""What an answer means, and what is kept of it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from nightlatch.domain.destination import Destination
from nightlatch.services.ports.destinations import ANSWER_KEPT, Verdict
from nightlatch.services.ports.egress import Answer

GONE = 410
TOO_LARGE = 413
NOT_NOW = frozenset({408, 425, 429})
MISCONFIGURED = frozenset({401, 402, 403, 404, 405, 407, 411, 414, 415, 421, 426, 431, 451})
"""What is wrong with the destination or its rights, not with the events: these wait until it is mended."""

LONGEST_WAIT = timedelta(days=1)
HIDDEN = "[hidden]"
SHORTEST_HIDDEN = 6
"""Shorter texts are no secrets, and would blot out harmless ones."""


def is_yes(destination: Destination, answer: Answer) -> bool:
    """Whether an answer says that the events have arrived."""
    return _is_success(answer) and not lacking(destination, answer)


def lacking(destination: Destination, answer: Answer) -> str:
    """Say what the answer lacks of what the destination's validators expect; nothing where it has all."""
    if not destination.validators or not _is_success(answer):
        return ""
    from nightlatch.adapters.destinations.validators import unmet  # noqa: PLC0415  # JSONPath is a long import

    return unmet(destination.validators, answer.body)


def _is_success(answer: Answer) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004 - the class of successes


def verdict_of(destination: Destination, answer: Answer) -> Verdict:
    """Judge by the status, as RFC 9110 means it.

    A redirect is not followed: the destination is to be set to where it points, and until then it waits.
    """
    if is_yes(destination, answer):
        return Verdict.DELIVERED
    if answer.status == GONE:
        return Verdict.GONE
    if answer.status == TOO_LARGE:
        return Verdict.TOO_LARGE
    is_about_the_events = 400 <= answer.status < 500 and answer.status not in NOT_NOW | MISCONFIGURED  # noqa: PLR2004
    return Verdict.REFUSED if is_about_the_events else Verdict.LATER


def retry_after(answer: Answer, *, at: datetime) -> timedelta | None:
    """Read how long to wait, which is said in seconds or as a date; None when it is not said, or not understood."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return min(timedelta(seconds=int(told[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - at, timedelta(0)), LONGEST_WAIT)


def kept(answer: Answer, *, secrets: tuple[str, ...] = ()) -> str:
    """Say the beginning of an answer so that it can be logged and printed: in one line, without what we sent in secret.

    What cannot be seen, ends a line or turns the text around is written as its escape.
    """
    text = answer.body[:ANSWER_KEPT].decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, HIDDEN) if len(secret) >= SHORTEST_HIDDEN else text
    return "".join(map(_seen, text))[:ANSWER_KEPT]


def _seen(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
