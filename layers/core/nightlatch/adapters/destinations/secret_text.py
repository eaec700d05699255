"""Secrets that the receiver makes, and that go into a header or an address as they are."""

import re

_ONE_WORD = re.compile(r"[!-~]{1,4096}")


def must_be_one_word(_: object, secret: str) -> None:
    """Refuse what could not be sent, with whatever settings; raise ValueError, which does not repeat it."""
    if not _ONE_WORD.fullmatch(secret):
        raise ValueError("must be given: printable ASCII characters without blanks")


def as_given(secret: str) -> str:
    """Add nothing: none of it is ours to make."""
    return secret
