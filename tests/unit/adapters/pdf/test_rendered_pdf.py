"""The PDF as it is seen: drawn by PDFium, which is what Chromium shows PDFs with."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing

import pypdfium2 as pdfium
import pytest

from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from tests.unit.adapters.pdf.exports import SOURCE, a_document, a_trail

MILLIMETRE = 72 / 25.4
MARGIN = int(14 * MILLIMETRE)
"""In points, and so in pixels: of the 15 mm that the template leaves at each side but below."""
BELOW = int(7 * MILLIMETRE)
FOOTER = int(18 * MILLIMETRE)

WHITE = 255
MOST_INK = 0.5

WORDS = (
    "Zoë Ångström wants Łódź",
    "Ελληνικά και Русский",
    "山田太郎が要求した",
    "서울에서 요청했다",
    "ขอเข้าถึงฐานข้อมูล",
    "डेटाबेस की पहुँच",
    "שלום עולם",
    "مرحبا بالعالم",
)

Pixels = Sequence[Sequence[int]]
"""Rows of greys."""


@pytest.fixture(scope="module")
def document() -> bytes:
    """An export of some pages in several scripts."""
    texts = [*WORDS, *(f"entry number {number}, " + "and so on, " * 20 for number in range(60))]
    return a_document(a_trail(*({"description": text} for text in texts)))


@pytest.fixture(scope="module")
def pdf(document: bytes) -> Iterator[pdfium.PdfDocument]:
    """The report of it, opened."""
    with closing(pdfium.PdfDocument(evidence_pdf(document, SOURCE))) as opened:
        yield opened


def drawn(page: pdfium.PdfPage) -> Pixels:
    """Draw a page, a pixel for a point."""
    bitmap = page.render(scale=1, grayscale=True)
    pixels = bytes(bitmap.buffer)
    return [pixels[start : start + bitmap.width] for start in range(0, len(pixels), bitmap.stride)]


def ink(pixels: Pixels) -> float:
    """Say how much of the area is not white."""
    values = [grey for row in pixels for grey in row]
    return sum(grey < WHITE for grey in values) / len(values)


def margins(pixels: Pixels) -> list[Pixels]:
    """Cut out the border of the page."""
    sides = [[*row[:MARGIN], *row[-MARGIN:]] for row in pixels]
    return [pixels[:MARGIN], pixels[-BELOW:], sides]


def said(pdf: pdfium.PdfDocument) -> str:
    """Read what a reader finds, without what stands between words."""
    text = "".join(page.get_textpage().get_text_range() for page in pdf)
    return re.sub(r"[\s\u200b\ufffe]+", "", text)


def test_every_page_has_something_above_its_footer_and_is_no_black_one(pdf: pdfium.PdfDocument) -> None:
    shares = [ink(drawn(page)[:-FOOTER]) for page in pdf]

    assert len(shares) > 3
    assert [share for share in shares if not 0 < share < MOST_INK] == []


def test_nothing_is_drawn_into_the_margins(pdf: pdfium.PdfDocument) -> None:
    found = [[ink(margin) for margin in margins(drawn(page))] for page in pdf]

    assert found == [[0.0] * 3] * len(pdf)


def test_the_records_lie_across_and_the_front_upright(pdf: pdfium.PdfDocument) -> None:
    across = [page.get_width() > page.get_height() for page in pdf]

    assert across == [False, *[True] * (len(pdf) - 1)]


@pytest.mark.parametrize("words", WORDS)
def test_words_of_many_scripts_are_found_by_a_reader(pdf: pdfium.PdfDocument, words: str) -> None:
    """Word by word: from right to left PDFium gives them in the order in which they stand on the line."""
    text = said(pdf)

    assert [word for word in words.split() if word not in text] == []


def test_every_entry_is_found_by_a_reader(pdf: pdfium.PdfDocument) -> None:
    numbers = re.findall(r"entrynumber(\d+),", said(pdf))

    assert [int(number) for number in numbers] == list(range(60))


def test_the_records_can_be_saved_from_a_reader(pdf: pdfium.PdfDocument, document: bytes) -> None:
    """I2: what a report is about can be checked without Nightlatch."""
    [attachment] = [pdf.get_attachment(index) for index in range(pdf.count_attachments())]

    assert attachment.get_name() == "records.json"
    assert bytes(attachment.get_data()) == document
