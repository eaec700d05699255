"""Keywords are found whatever the case and the separators, and not where other words meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nightlatch.domain.detectors.matching import Keyword, found_in

words = st.lists(st.text("abcdefgh0123456789", min_size=1, max_size=6), min_size=1, max_size=4)
separators = st.text("-_ ./:", max_size=3)


@pytest.mark.parametrize("text", ["full-access", "FullAccess", "full_access", "FULL ACCESS", "my.full.accessories"])
def test_case_and_separators_make_no_difference(text: str) -> None:
    for keyword in ("full access", "Full-Access", "full_access"):
        assert found_in(text, [keyword]) == keyword


@pytest.mark.parametrize(
    ("text", "keyword"),
    [("superadmin", "admin"), ("P.H.I", "phi"), ("orders-prod-2", "prod"), ("full-access", "FullAccess")],
)
def test_a_keyword_is_found_within_a_word_and_as_whole_words(text: str, keyword: str) -> None:
    assert found_in(text, [keyword]) == keyword


@pytest.mark.parametrize(
    ("text", "keyword"), [("backup_history", "phi"), ("api-ingest", "pii"), ("", "prod"), ("-", "a")]
)
def test_a_keyword_is_not_put_together_from_the_ends_of_other_words(text: str, keyword: str) -> None:
    assert found_in(text, [keyword]) is None


def test_the_first_keyword_that_is_found_is_named() -> None:
    assert found_in("owner of admins", ["root", "admin", "owner"]) == "admin"


@given(keyword=words, between=st.lists(separators, min_size=4, max_size=4), around=st.tuples(words, words))
def test_a_keyword_is_found_wherever_it_was_put(
    keyword: list[str], between: list[str], around: tuple[list[str], list[str]]
) -> None:
    written = "".join(word + separator for word, separator in zip(keyword, between, strict=False))
    for text in (written, f"{''.join(around[0])}-{written}-{''.join(around[1])}", written.upper(), written.title()):
        assert found_in(text, [" ".join(keyword)])


@given(text=st.text(max_size=30), keyword=words)
def test_case_never_matters(text: str, keyword: list[str]) -> None:
    joined = " ".join(keyword)
    assert found_in(text, [joined]) == found_in(text.casefold(), [joined])
    assert bool(found_in(text, [joined])) == bool(found_in(text, [joined.upper()]))


@given(text=st.text("abc-_ ", max_size=12), keyword=st.text("abc", min_size=1, max_size=4))
def test_what_is_found_is_there_without_case_and_separators(text: str, keyword: str) -> None:
    plain = "".join(letter for letter in text if letter.isalnum())
    assert found_in(text, [keyword]) is None or keyword in plain


@pytest.mark.parametrize("keyword", ["", " ", "-_", "a" * 101])
def test_a_keyword_has_a_letter_or_a_digit(keyword: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Keyword).validate_python(keyword)
