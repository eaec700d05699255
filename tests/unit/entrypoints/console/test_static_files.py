"""What pages load: small, kept for ever under names that change with it, and nothing from anywhere else."""

import base64
import gzip
import re

import pytest

from nightlatch.domain.errors import NotFoundError
from nightlatch.entrypoints.console.static_files import FOLDER, addresses, static_file
from nightlatch.entrypoints.console.templating import FOLDER as TEMPLATES

MOST = 40 * 1024


def sent(name: str) -> bytes:
    return base64.b64decode(static_file(addresses()[name].rpartition("/")[2]).body)


def test_scripts_and_styles_together_are_small() -> None:
    assert sum(len(sent(name)) for name in addresses() if name.endswith((".css", ".js"))) < MOST


@pytest.mark.parametrize("name", sorted(addresses()))
def test_a_file_is_sent_as_what_it_is_and_kept_for_ever(name: str) -> None:
    answer = static_file(addresses()[name].rpartition("/")[2])

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert re.fullmatch(r"/static/[\w.-]+\.[0-9a-f]{12}\.\w+", addresses()[name])


def test_a_style_names_its_fonts_as_they_are_served() -> None:
    style = gzip.decompress(sent("console.css")).decode()

    fonts = re.findall(r"url\(([^)]+)\)", style)
    assert {f"/static/{font}" for font in fonts} == {addresses()["inter.woff2"], addresses()["jetbrains-mono.woff2"]}


@pytest.mark.parametrize("name", ["console.css", "../app.py", "", "console.000000000000.css", "%2e%2e"])
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(NotFoundError):
        static_file(name)


def test_every_icon_that_is_used_is_there() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (FOLDER / "icons.svg").read_text()))
    used = {
        name
        for page in TEMPLATES.glob("*.html")
        for name in re.findall(r'(?:icon|empty)\("([\w-]+)"', page.read_text())
    }

    assert used <= drawn


@pytest.mark.parametrize("page", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_no_page_says_a_style_or_a_script_within_itself(page: str) -> None:
    """Which the policy would refuse."""
    html = (TEMPLATES / page).read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)|https?://|hx-on", html)
