"""Finding keywords in names: upper and lower case and separators (blanks, dots, dashes, …) make no difference.

`full access` is in `full-access`, `FullAccess` and `my_full_accessories`. But no keyword is put together from the ends
of other words: `phi` is in `phi_records` and in `P.H.I`, and not in `backup_history`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

SEPARATORS = re.compile(r"[\W_]+")


def _has_words(keyword: str) -> str:
    if not _words(keyword):
        raise ValueError("must have a letter or a digit")
    return keyword


Keyword = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_has_words)]
Keywords = Annotated[tuple[Keyword, ...], Field(max_length=100)]


def found_in(text: str, keywords: Iterable[str]) -> str | None:
    """Return the first of the keywords that a text contains."""
    plain = "-".join(_words(text))
    return next((keyword for keyword in keywords if _pattern(keyword).search(plain)), None)


def found_in_any(texts: Iterable[str], keywords: Sequence[str]) -> str | None:
    """Return the first keyword that any of the texts contains."""
    return next((found for text in texts if (found := found_in(text, keywords))), None)


def _words(text: str) -> list[str]:
    return [word for word in SEPARATORS.split(text.casefold()) if word]


@cache
def _pattern(keyword: str) -> re.Pattern[str]:
    """Match the keyword's words anywhere, or its letters where they are whole words of the text."""
    words = _words(keyword)
    anywhere = "-?".join(map(re.escape, words))
    letters = "-?".join(map(re.escape, "".join(words)))
    return re.compile(f"{anywhere}|(?<![^-]){letters}(?![^-])")
