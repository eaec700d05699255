"""The fonts that reports are set in: those of the typesetting layer, and no others.

The first that has a character shows it. Inter and JetBrains Mono are for what is expected; the others are for names and
words in other scripts.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

PACKAGES = {
    "JetBrains Mono": "fontpkg_jetbrains_mono",
    "Inter": "fontpkg_inter",
    "Noto Sans": "fontpkg_noto_sans",
    "Noto Sans Arabic": "justmytype_intl_rtl",
    "Noto Sans Hebrew": "justmytype_intl_rtl",
    "Noto Sans Thai": "fontpkg_noto_sans_thai",
    "Noto Sans CJK JP": "noto_cjk_sans_jp_regular",
}
"""The families, in the order in which they are asked, and the packages that bring them."""

MONO = tuple(PACKAGES)
SANS = MONO[1:]

SUFFIXES = {".ttf", ".otf"}


def folders() -> list[Path]:
    """Find the packages."""
    return list(dict.fromkeys(map(_folder, PACKAGES.values())))


@cache
def widths(families: Sequence[str]) -> dict[int, float]:
    """Map each character that some family has to its width in ems."""
    found: dict[int, float] = {}
    for package in dict.fromkeys(PACKAGES[family] for family in families):
        for character, width in _widths(package).items():
            found.setdefault(character, width)
    return found


@cache
def _widths(package: str) -> dict[int, float]:
    found: dict[int, float] = {}
    files = (file for file in sorted(_folder(package).rglob("*")) if file.suffix in SUFFIXES)
    for file in files:
        with TTFont(file, lazy=True) as font:
            em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
            found |= {character: advances[glyph][0] / em for character, glyph in font.getBestCmap().items()}
    return found


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the fonts of {package} are in the typesetting layer", name=package)
    return Path(spec.origin).parent
