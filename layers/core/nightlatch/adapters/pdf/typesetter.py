"""Typesetting with Typst. The template is ours and fixed; everything else reaches it as text that it only shows.

The compiler may read the folder of the template and the fonts, and nothing else: the records are handed over in memory.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from nightlatch.adapters.pdf import fonts
from nightlatch.domain.errors import NotPrintableError

TEMPLATE = Path(__file__).with_name("template") / "report.typ"
STANDARD: Final = "a-3a"
"""PDF/A-3 at its highest level: attachments are allowed, and the text is tagged, so that it can be read out."""


def typeset(report: Mapping[str, Any], *, records: bytes, at: datetime) -> bytes:
    """Make the PDF/A-3 of a report, with its records attached. The same report at the same time is the same bytes."""
    try:
        made = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=_fonts(),
            sys_inputs={"report": json.dumps(report), "records": records.decode()},
            pdf_standards=[STANDARD],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotPrintableError(f"the typesetter cannot make it: {error.message}") from error
    return made


@cache
def _fonts() -> typst.Fonts:
    folders: list[str] = [str(folder) for folder in fonts.folders()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
