"""The PDF, opened with a reader that knows nothing of how it was made."""

import hashlib
import re
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from nightlatch.adapters.pdf import evidence_pdf as module
from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from nightlatch.domain.errors import NotPrintableError
from tests.unit.adapters.pdf.exports import SOURCE, a_document, a_manifest, a_trail

HOSTILE = (
    "<script>alert(1)</script>",
    '<img src="https://evil.example/x.png">',
    "file:///etc/passwd",
    '#read("/etc/passwd")',
    '#import "@preview/evil:1.0.0": *',
    '#eval("1 + 1")',
    "*bold* _soft_ `raw` $x^2$ @label <label> // gone /* gone */",
    "[https://evil.example](click) https://evil.example/click",
    "\\u{202E} \\ #sys.inputs ${HOME} {{ 7 * 7 }} %s",
)


def opened(document: bytes) -> PdfReader:
    return PdfReader(BytesIO(evidence_pdf(document, SOURCE)), strict=True)


def text_of(reader: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def objects(reader: PdfReader) -> list[Any]:
    return [
        reader.get_object(number) for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())))
    ]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_the_records_are_attached_byte_for_byte(length: int) -> None:
    """I2: what a report is about can be checked without Nightlatch."""
    document = a_document(a_trail(*[{}] * length))

    assert opened(document).attachments == {"records.json": [document]}


def test_it_says_that_it_is_pdf_a_3_and_for_whom_it_was_made() -> None:
    reader = opened(a_document(a_trail({})))

    root: Any = reader.root_object
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert (metadata.pdfaid_part, metadata.pdfaid_conformance) == ("3", "A")
    assert (metadata.dc_title, metadata.dc_creator) == ({"x-default": "Audit evidence report"}, ["Nightlatch"])
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    [attached] = root["/AF"]
    assert (attached.get_object()["/AFRelationship"], attached.get_object()["/F"]) == ("/Data", "records.json")


def test_the_same_export_is_the_same_file() -> None:
    document = a_document(a_trail({}, {}))

    assert evidence_pdf(document, SOURCE) == evidence_pdf(document, SOURCE)


def test_every_page_says_which_export_it_is_of_and_how_many_there_are() -> None:
    document = a_document(a_trail(*[{}] * 60))
    sha256 = hashlib.sha256(document).hexdigest()

    pages = [page.extract_text() for page in opened(document).pages]

    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert "Export exp_06h021j1gdo016sqb7d1q6oobk" in page
        assert f"data sha256 {sha256[:8]}…{sha256[-4:]}" in page
        assert f"{number} of {len(pages)}" in page
        assert "2026-11-23 09:30:00 (UTC+01:00)" in page


def test_every_entry_is_there_with_its_number() -> None:
    trail = a_trail(*[{"description": f"this is entry {number}."} for number in range(1, 101)])

    text = text_of(opened(a_document(trail)))

    assert [int(number) for number in re.findall(r"this is entry (\d+)\.", text)] == list(range(1, 101))


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words(words: str) -> None:
    """F2: scripts, remote images, file:// and code in what people write."""
    reader = opened(a_document(a_trail({"description": words})))

    assert re.sub(r"\s+", "", words) in re.sub(r"[\s\u200b]+", "", text_of(reader))


def test_nothing_in_it_can_be_clicked_run_or_fetched() -> None:
    """F2: scripts, remote images, file:// in what people write."""
    pdf = evidence_pdf(a_document(a_trail(*({"description": words} for words in HOSTILE))), SOURCE)
    reader = PdfReader(BytesIO(pdf))

    found = [each for each in objects(reader) if isinstance(each, dict)]
    assert len(found) > 50
    assert {key for each in found for key in each}.isdisjoint({"/JS", "/URI", "/OpenAction", "/AA", "/XFA", "/Launch"})
    assert {str(each.get("/S")) for each in found}.isdisjoint(
        {"/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm"}
    )
    assert not any("/Annots" in page for page in reader.pages)
    assert not any(page.images for page in reader.pages)


def test_a_text_cannot_be_turned_around() -> None:
    """F2: overrides of direction."""
    text = text_of(opened(a_document(a_trail({"description": "invoice\u202efdp.exe"}))))

    assert re.search(r"invoice ?U\+202E ?fdp\.exe", text)
    assert "\u202e" not in text


@pytest.mark.parametrize(
    "words", ["x" * 5000, "W" * 3000, "a." * 3000, "山" * 3000, "\u202e" * 900, "😀" * 900, "a\u0301" * 5000]
)
def test_a_long_text_is_wrapped_in_its_column_and_goes_on_on_further_pages(words: str) -> None:
    front, *rest = opened(a_document(a_trail({"description": words}))).pages

    assert len(rest) > 1
    assert all("Every entry" in page.extract_text() or "Description" in page.extract_text() for page in rest)
    assert "Sign-off" in front.extract_text()


def test_more_entries_than_a_pdf_is_made_of_are_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(module, "MOST_PRINTED_ROWS", 2)

    with pytest.raises(NotPrintableError, match="3 entries are more than 2, the most of a PDF"):
        evidence_pdf(a_document(a_trail({}, {}, {})), SOURCE)


def test_more_text_than_a_pdf_is_made_of_is_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(module, "MOST_CHARACTERS", 1000)

    with pytest.raises(NotPrintableError, match="characters are more than 1,000, the most of a PDF"):
        evidence_pdf(a_document(a_trail({"description": "x" * 1000})), SOURCE)


def test_more_characters_that_are_shown_as_numbers_than_fit_are_refused_clearly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """H1: never cut silently."""
    monkeypatch.setattr(module, "MOST_PIECES", 10)

    with pytest.raises(NotPrintableError, match="about 11 characters that are shown as their number are more than 10"):
        evidence_pdf(a_document(a_trail({"description": "\u202e" * 11})), SOURCE)


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"entries":[{}],"manifest":{}}', b"\xff"])
def test_what_is_no_export_is_refused(document: bytes) -> None:
    with pytest.raises(NotPrintableError, match="not an export"):
        evidence_pdf(document, SOURCE)


def test_an_export_of_nothing_is_a_report_that_says_so() -> None:
    text = text_of(opened(a_document([], a_manifest([]))))

    assert "There was nothing to read" in text
    assert "There are no entries." in text
