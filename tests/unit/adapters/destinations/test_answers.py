"""What an answer means, and what of it is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from nightlatch.adapters.destinations.answers import kept, retry_after, verdict_of
from nightlatch.domain.destination import Destination, DestinationKind
from nightlatch.services.ports.destinations import ANSWER_KEPT, Verdict
from nightlatch.services.ports.egress import Answer
from tests.builders import NOON

SOMEWHERE = Destination(
    id="dst_1", name="SIEM", kind=DestinationKind.WEBHOOK, settings={}, created_at=NOON, updated_at=NOON
)
MEANINGS = {
    Verdict.DELIVERED: (200, 201, 202, 204, 299),
    Verdict.LATER: (
        *(100, 199, 300, 301, 302, 303, 304, 307, 308),
        *(401, 402, 403, 404, 405, 407, 408, 411, 414, 415, 421, 425, 426, 429, 431, 451),
        *(500, 502, 503, 504, 529, 599, 600, 999),
    ),
    Verdict.REFUSED: (400, 406, 409, 412, 422, 424),
    Verdict.TOO_LARGE: (413,),
    Verdict.GONE: (410,),
}


def an_answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status=status, body=body, took=timedelta(0), headers=named)


@pytest.mark.parametrize(
    ("status", "verdict"), [(status, verdict) for verdict, each in MEANINGS.items() for status in each]
)
def test_the_status_says_what_became_of_it(status: int, verdict: Verdict) -> None:
    assert verdict_of(SOMEWHERE, an_answer(status)) is verdict


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 5 ", 5),
        ("9" * 40, 86_400),
        ("Mon, 16 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 16 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 16 Nov 2026 13:01:00 +0100", 60),
        ("Mon, 16 Nov 2026 12:01:00 -0000", 60),
        ("Wed, 16 Nov 2099 12:01:00 GMT", 86_400),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("①", None),
        ("Mon, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_how_long_to_wait_is_said_in_seconds_or_as_a_date(told: str, seconds: int | None) -> None:
    at = datetime(2026, 11, 16, 12, tzinfo=UTC)

    assert retry_after(an_answer(429, retry_after=told), at=at) == (
        None if seconds is None else timedelta(seconds=seconds)
    )


def test_nothing_said_is_nothing_to_wait_for() -> None:
    assert retry_after(an_answer(503), at=NOON) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"Thanks, Maya!", "Thanks, Maya!"),
        ("Grüße 🎉".encode(), "Grüße 🎉"),
        (b"one\r\ntwo", r"one\r\ntwo"),
        (b"\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        (b"\x00\x7f\xc2\x9b", r"\x00\x7f\x9b"),
        ("a\u202eb\u2028c\u200bd\U000e0041".encode(), r"a\u202eb\u2028c\u200bd\U000e0041"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_an_answer_is_kept_in_one_harmless_line(body: bytes, text: str) -> None:
    """F3: what a receiver answers is logged and printed."""
    assert kept(an_answer(500, body)) == text


@pytest.mark.parametrize("body", [b"x" * 100_000, b"\x00" * 100_000, "ü".encode() * 100_000])
def test_only_the_beginning_of_an_answer_is_kept(body: bytes) -> None:
    """G2: a long answer is not kept whole, and its escapes do not lengthen it."""
    assert len(kept(an_answer(500, body)).encode()) <= ANSWER_KEPT


def test_what_was_sent_in_secret_is_hidden_when_it_is_repeated() -> None:
    answer = an_answer(403, b'{"you":"Bearer t0ken-of-the-siem","a":"a"}')

    assert kept(answer, secrets=("t0ken-of-the-siem", "", "a")) == '{"you":"Bearer [hidden]","a":"a"}'
