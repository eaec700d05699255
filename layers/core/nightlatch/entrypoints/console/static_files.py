"""Styles, scripts, fonts and pictures: each under a name that holds its hash, so that it may be kept for ever."""

import base64
import gzip
import hashlib
from functools import cache
from pathlib import Path

from nightlatch.domain.errors import NotFoundError
from nightlatch.entrypoints.console.answers import Answer

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"
PACKED = frozenset({".woff2"})
"""Kinds that are compressed by themselves."""


@cache
def addresses() -> dict[str, str]:
    """Give each file's address by its name."""
    return {file.name: f"/static/{_hashed(file)}" for file in sorted(FOLDER.iterdir()) if file.suffix in KINDS}


@cache
def static_file(name: str) -> Answer:
    """Answer with a file, compressed; raise NotFoundError for any name that is not one of ours."""
    file = {address.rpartition("/")[2]: FOLDER / own for own, address in addresses().items()}.get(name)
    if file is None:
        raise NotFoundError(f"there is no {name}")
    headers = {"Content-Type": KINDS[file.suffix], "Cache-Control": FOR_EVER}
    content = _content(file)
    if file.suffix not in PACKED:
        content = gzip.compress(content, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Answer(body=base64.b64encode(content).decode(), headers=headers, is_base64=True)


def _content(file: Path) -> bytes:
    """Read a file; a style names its fonts by the names that hold their hashes."""
    content = file.read_bytes()
    if file.suffix == ".css":
        for font in FOLDER.glob("*.woff2"):
            content = content.replace(font.name.encode(), _hashed(font).encode())
    return content


@cache
def _hashed(file: Path) -> str:
    digest = hashlib.sha256(_content(file)).hexdigest()[:12]
    return f"{file.stem}.{digest}{file.suffix}"
