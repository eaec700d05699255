"""Every character of a text is seen in print, and none is obeyed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nightlatch.adapters.pdf import fonts
from nightlatch.adapters.pdf.printable import MAY_BREAK_HERE, Printer, Words

PRINTER = Printer(fonts.widths(fonts.SANS))
ROOM = 10.0
CONTROLS_OF_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printed(text: str, within: float = ROOM) -> Words:
    return PRINTER.words(text, within=within)


def signs(words: Words) -> list[str]:
    return [piece["code"] for piece in words if isinstance(piece, dict)]


def texts(words: Words) -> str:
    return words if isinstance(words, str) else "".join(piece for piece in words if isinstance(piece, str))


@pytest.mark.parametrize(
    "text",
    ["Sofia Álvarez", "Ελένη", "Привет", "שלום", "أحمد", "ไทย", "नमस्ते", "山田太郎", "中国", "한국어", "a\u0301"],
)
def test_names_in_many_scripts_are_shown_as_they_are(text: str) -> None:
    assert printed(text) == text


@pytest.mark.parametrize("text", ["", "a", " two  words ", "#let x = 1", "[link](http://a)", "$x$", '"', "\\u{41}"])
def test_what_looks_like_code_is_text(text: str) -> None:
    assert printed(text) == text


@pytest.mark.parametrize("control", CONTROLS_OF_DIRECTION)
def test_what_would_turn_a_text_around_is_shown_as_its_number(control: str) -> None:
    """F2: overrides of direction."""
    words = printed(f"invoice{control}fdp.exe", within=99.0)

    assert words == ["invoice", {"code": f"U+{ord(control):04X}"}, "fdp.exe"]


@pytest.mark.parametrize(
    "unseen", ["\0", "\n", "\x1b", "\x7f", "\u00ad", "\u200b", "\u200d", "\u2028", "\ufeff", "\ue000"]
)
def test_what_cannot_be_seen_is_shown_as_its_number(unseen: str) -> None:
    assert printed(unseen) == [{"code": f"U+{ord(unseen):04X}"}]


@pytest.mark.parametrize("unknown", ["\U0001f600", "\U00012000", "\u1200", "\U000e0041"])
def test_what_no_font_has_is_shown_as_its_number(unknown: str) -> None:
    assert printed(f"a{unknown}") == ["a", {"code": f"U+{ord(unknown):04X}"}]


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u202f", "\u3000"])
def test_every_space_is_one_that_lines_break_at(space: str) -> None:
    assert printed(f"a{space}b") == "a b"


def test_a_tower_of_marks_is_shown_as_numbers_so_that_it_covers_nothing() -> None:
    words = printed("a" + "\u0301" * 30)

    assert texts(words) == "a\u0301\u0301"
    assert signs(words) == ["U+0301"] * 28


def test_a_word_that_is_too_wide_may_be_broken_anywhere_but_before_a_mark() -> None:
    words = printed("WWWWWWWWWWW\u0301W fits", within=8.0)

    assert words == MAY_BREAK_HERE.join(["W"] * 10 + ["W\u0301", "W"]) + " fits"


def test_a_word_that_fits_is_left_alone() -> None:
    assert printed("PowerUserAccess", within=10.0) == "PowerUserAccess"


@given(some.text())
def test_nothing_is_dropped(text: str) -> None:
    words = printed(text)

    shown = len(texts(words).replace(MAY_BREAK_HERE, "")) + len(signs(words))
    assert shown == len(text)


@given(some.text())
def test_nothing_is_printed_that_cannot_be_seen(text: str) -> None:
    kinds = {unicodedata.category(character) for character in texts(printed(text)).replace(MAY_BREAK_HERE, "")}

    assert kinds.isdisjoint({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


@given(some.text(), some.sampled_from([4.0, 12.0, 40.0]))
def test_nothing_that_cannot_be_broken_is_wider_than_its_column(text: str, within: float) -> None:
    widths = fonts.widths(fonts.SANS)

    words = printed(text, within)
    plain = [words] if isinstance(words, str) else [piece for piece in words if isinstance(piece, str)]
    for piece in (part for run in plain for part in run.replace(" ", MAY_BREAK_HERE).split(MAY_BREAK_HERE)):
        letters = [letter for letter in piece if not unicodedata.combining(letter)]
        assert len(letters) <= 1 or sum(widths[ord(letter)] for letter in letters) <= within
