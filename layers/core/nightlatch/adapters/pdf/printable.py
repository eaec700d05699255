"""Texts as they are shown in print: every character is seen, and none is obeyed.

What no font has, what cannot be seen and what would turn the text around (bidirectional controls) is shown as its
number in Unicode. The attached records have all characters as they were recorded.
"""

import re
import unicodedata
from collections.abc import Mapping

Words = str | list[str | dict[str, str]]
"""A text, or its pieces: texts, and characters that are shown as their number, as in `{"code": "U+202E"}`."""

MAY_BREAK_HERE = "\u200b"
"""A zero width space. One that was recorded is shown as its number, so all that are printed are ours."""

MOST_MARKS = 2
"""So many combining marks on one letter are more than most scripts need; a tower of them would cover other lines."""

UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
ABOVE_AND_BELOW = {"Mn", "Me"}
EDGE = "\0"
"""Between texts and numbers. One that was recorded is shown as its number."""


class Printer:
    """Writes texts in characters that can be printed. `widths` are in ems, of the characters that there are."""

    def __init__(self, widths: Mapping[int, float]) -> None:
        self._widths = widths
        self._signs = _Signs(widths)
        marks = "".join(chr(point) for point in widths if unicodedata.category(chr(point)) in ABOVE_AND_BELOW)
        self._tower = re.compile(f"(?<=[{marks}]{{{MOST_MARKS}}})[{marks}]+") if marks else re.compile("(?!)")

    def words(self, text: str, *, within: float) -> Words:
        """Write a text. A word that is wider than `within` (in ems) may be broken anywhere."""
        plain = self._tower.sub(lambda found: "".join(map(_number, found[0])), text.translate(self._signs))
        if EDGE not in plain:
            return self._breakable(plain, within)
        pieces = enumerate(plain.split(EDGE))
        return [{"code": piece} if place % 2 else self._breakable(piece, within) for place, piece in pieces if piece]

    def _breakable(self, text: str, within: float) -> str:
        return " ".join(self._broken(word, within) for word in text.split(" "))

    def _broken(self, word: str, within: float) -> str:
        if sum(self._widths[ord(character)] for character in word) <= within:
            return word
        return word[0] + "".join(
            character if unicodedata.combining(character) else MAY_BREAK_HERE + character for character in word[1:]
        )


class _Signs(dict[int, str]):
    """How each character is written, found out when it is met first."""

    def __init__(self, widths: Mapping[int, float]) -> None:
        super().__init__()
        self._known = widths.keys()

    def __missing__(self, point: int) -> str:
        self[point] = sign = self._sign(chr(point))
        return sign

    def _sign(self, character: str) -> str:
        category = unicodedata.category(character)
        if category == "Zs":
            return " "
        return _number(character) if category in UNSEEN or ord(character) not in self._known else character


def _number(character: str) -> str:
    return f"{EDGE}U+{ord(character):04X}{EDGE}"
