"""How things are put in words."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.entrypoints.console.static_files import FOLDER
from nightlatch.entrypoints.console.wording import EVENTS, STATUSES, ago, event_mark, initials, plural, sentence, span
from tests.builders import NOON


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=1, seconds=59), "1 min"),
        (timedelta(hours=2, minutes=58), "2 h 58 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(days=2, hours=4, minutes=3), "2 d 4 h"),
        (timedelta(days=30), "30 d"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(length: timedelta, told: str) -> None:
    assert span(length) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=-1), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "1 d ago"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
    ],
)
def test_how_long_ago(length: timedelta, told: str) -> None:
    assert ago(NOON - length, NOON) == told


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maya Cohen", "MC"),
        ("maya", "M"),
        ("maya@example.com", "ME"),
        ("Ana María de la Cruz", "AC"),
        ("", "?"),
        ("🙂", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("must not be longer than PT8H (flow a)", "Must not be longer than 8 h (flow a)"),
        ("", ""),
        ("PT1H30M", "1 h 30 min"),
    ],
)
def test_a_message_is_a_sentence_with_durations_in_words(text: str, told: str) -> None:
    assert sentence(text) == told


def test_a_number_has_its_noun() -> None:
    assert (plural(1, "item"), plural(2, "item"), plural(0, "reply", "replies")) == ("1 item", "2 items", "0 replies")


def test_every_status_has_a_word_and_an_icon_that_is_drawn() -> None:
    icons = (FOLDER / "icons.svg").read_text()

    assert set(STATUSES) == set(Status)
    assert all(f'id="{mark.icon}"' in icons for mark in (*STATUSES.values(), *EVENTS.values(), event_mark("x")))


def test_an_event_without_words_is_told_by_its_name() -> None:
    assert event_mark("seat.added").word == "seat.added"
