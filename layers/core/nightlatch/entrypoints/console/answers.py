"""What a browser is answered, and the headers that keep it safe.

The policy allows what our own pages do and nothing more: scripts by a nonce that is new each time, styles, pictures and
fonts from here, no inline style, no frame around us. Trusted Types let only htmx write into a page.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nightlatch.entrypoints.problem_kinds import TooLargeError

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # forms say where they come from, other sites learn nothing
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}
REVALIDATED = "private, no-cache"
NEVER_KEPT = "no-store"

LARGEST_FILE = 4_000_000
"""In bytes: an answer of Lambda has 6 MB at most, in base64."""

OK = 200
SEE_OTHER = 303
NOT_MODIFIED = 304


@dataclass(frozen=True)
class Answer:
    """One answer. `body` is text, or base64 when `is_base64`."""

    status: int = OK
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    is_base64: bool = False

    def with_cookies(self, *cookies: str) -> "Answer":
        """Let the browser keep, or forget, cookies."""
        return replace(self, cookies=(*self.cookies, *cookies))

    def with_headers(self, **headers: str) -> "Answer":
        """Add headers, named with underscores."""
        added = {name.replace("_", "-"): text for name, text in headers.items()}
        return replace(self, headers={**self.headers, **added})

    def as_json(self) -> dict[str, Any]:
        """Write it as API Gateway reads it."""
        return {
            "statusCode": self.status,
            "headers": {**SAFE, **self.headers},
            "cookies": list(self.cookies),
            "body": self.body,
            "isBase64Encoded": self.is_base64,
        }


def html(body: str, *, nonce: str, status: int = OK, keep: str = NEVER_KEPT) -> Answer:
    """Answer with a page."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY.format(nonce=nonce),
        "Cache-Control": keep,
    }
    return Answer(status, body, headers)


def attachment(text: str, content_type: str, name: str) -> Answer:
    """Answer with a file to be kept; raise TooLargeError for one that Lambda could not answer with."""
    if len(content := text.encode()) > LARGEST_FILE:
        raise TooLargeError("the file would be too large: choose a shorter time, or more filters")
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": NEVER_KEPT,
    }
    return Answer(OK, base64.b64encode(content).decode(), headers, is_base64=True)


def redirect(to: str) -> Answer:
    """Send the browser on, to be asked for with GET."""
    return Answer(SEE_OTHER, headers={"Location": to, "Cache-Control": NEVER_KEPT})
