"""The console's cookies. `__Host-` binds them to this host alone: over TLS (or on this machine), for every path."""

from nightlatch.domain.session import ABSOLUTE

SESSION = "__Host-nightlatch"
SIGN_IN = "__Host-nightlatch-sign-in"
SIGN_IN_SECONDS = 600

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def session_cookie(text: str) -> str:
    """Let the browser keep its session."""
    return f"{SESSION}={text}; Max-Age={int(ABSOLUTE.total_seconds())}; {_ATTRIBUTES}"


def sign_in_cookie(text: str) -> str:
    """Let the browser keep what only it may end its sign-in with."""
    return f"{SIGN_IN}={text}; Max-Age={SIGN_IN_SECONDS}; {_ATTRIBUTES}"


def forgotten(name: str) -> str:
    """Let the browser forget a cookie."""
    return f"{name}=; Max-Age=0; {_ATTRIBUTES}"
