"""What the API's JSON looks like to a reader: requests in few words, states in colour."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from rich.text import Text

from nightlatch.entrypoints.cli.screen import MUTED
from nightlatch.entrypoints.cli.times import parse_time, words

Json = dict[str, Any]

NOTHING = "—"

STATES: dict[str, tuple[str, str]] = {
    "PENDING": ("◌", "yellow"),
    "APPROVED": ("◐", "cyan"),
    "GRANTING": ("◐", "cyan"),
    "GRANTED": ("●", "green"),
    "REVOKING": ("◐", "yellow"),
    "REJECTED": ("✗", "red"),
    "FAILED": ("✗", "red"),
    "CANCELED": ("○", MUTED),
    "LAPSED": ("○", MUTED),
    "EXPIRED": ("○", MUTED),
    "REVOKED": ("○", MUTED),
}
"""Each state's sign and colour. The word is always there too: colour alone says nothing."""

ON_THE_WAY = frozenset({"PENDING", "APPROVED", "GRANTING"})
"""The states in which access may still come."""

SEVERITY_STYLES = {"info": "", "warning": "yellow", "error": "red"}


def segment(identifier: str) -> str:
    """Write an identifier as one segment of a path, whatever is in it."""
    return quote(identifier, safe="")


def state(request: Json) -> Text:
    """Show where a request stands; a `!` says that its access could not be ended yet."""
    sign, style = STATES.get(request["status"], ("○", ""))
    shown = Text.assemble((sign, style), " ", request["status"].lower())
    return shown.append(" !", "red") if request.get("quarantined") else shown


def item_state(status: str) -> Text:
    """Show what was decided about one item."""
    sign, style = {"approved": ("●", "green"), "rejected": ("✗", "red")}.get(status, ("◌", "yellow"))
    return Text.assemble((sign, style), " ", status)


def resources(request: Json) -> str:
    """Name the first resource, and how many more there are."""
    names = list(dict.fromkeys(item["resource"]["name"] or item["resource"]["id"] for item in request["items"]))
    return str(names[0]) + (f" +{len(names) - 1}" if names[1:] else "")


def permissions(request: Json) -> str:
    """Name the permissions, each once."""
    return ", ".join(dict.fromkeys(item["permission"]["name"] for item in request["items"]))


def time_left(request: Json, *, now: datetime) -> str:
    """Say how long access lasts yet."""
    if request["status"] != "GRANTED" or not request.get("ends_at"):
        return NOTHING
    return words(parse_time(request["ends_at"]) - now)


def person(somebody: Json | None) -> str:
    """Name somebody by the most readable thing that is known."""
    known = somebody or {}
    return str(known.get("name") or known.get("email") or known.get("id") or NOTHING)


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its word."""
    return f"{number} {one if number == 1 else many}"
