"""Slack as an audit channel: one message for each event, by an incoming webhook or by a bot.

The secret is the webhook's address, or the bot's token; a bot is told its channel by the settings. Slack knows no id by
which a message that is sent again would be recognised: after a lost answer there may be two.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from nightlatch.adapters.destinations.http_sender import HttpSender, HttpSettings, Letter, Tools
from nightlatch.adapters.destinations.slack_message import message
from nightlatch.domain.destination import KeptSecret
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict
from nightlatch.services.ports.egress import Answer

BOUNDS = Bounds(entries=1, bytes=64 * 1024)
API = "https://slack.com/api"

ABOUT_THE_MESSAGE = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_payload",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
NOBODY_THERE = frozenset({"no_service", "no_team", "team_disabled"})
"""What a webhook answers that was taken away. Nothing brings it back: there will be another address."""

WORD = re.compile(r"[a-z_]{1,60}")


class Settings(HttpSettings):
    """Which channel (its id) a bot writes to. `api_url` is another for GovSlack: https://slack-gov.com/api.

    Slack takes nothing compressed.
    """

    gzip: Literal[False] = False
    channel: str = Field(default="", pattern=r"^[A-Z0-9]{0,30}$")
    api_url: str = Field(default=API, max_length=500)


class SlackSender(HttpSender):
    """The way to a channel."""

    bounds = BOUNDS

    def __init__(self, tools: Tools, settings: Settings) -> None:
        super().__init__(tools, settings)
        self._slack = settings

    def row(self, entry: LedgerEntry) -> bytes:
        """Write the message."""
        channel = {"channel": self._slack.channel} if self._slack.channel else {}
        return canonical_json({**message(entry), **channel})

    def body(self, rows: Sequence[bytes]) -> bytes:
        """Send one at a time."""
        return rows[0]

    def letter(self, _: Parcel, _body: bytes, secret: KeptSecret, _left: timedelta) -> Letter:
        """Send it to the webhook, or to the API in the bot's name."""
        kind = {"Content-Type": "application/json; charset=utf-8"}
        if _is_address(secret.current):
            return Letter(secret.current, kind, secrets=(secret.current,))
        authorization = {"Authorization": f"Bearer {secret.current}"}
        return Letter(_method(self._slack), {**kind, **authorization}, secrets=(secret.current,))

    def understood(self, answer: Answer, outcome: Outcome) -> Outcome:
        """Judge by the word that Slack says: its API answers 200 whatever comes of it."""
        word = _error(answer)
        if outcome.verdict is Verdict.DELIVERED and word is None:
            return outcome
        verdict = _verdict(word, outcome.verdict)
        return outcome._replace(verdict=verdict, error=f"answered {answer.status}: {word or 'no word'}")


def _verdict(word: str | None, by_status: Verdict) -> Verdict:
    if word in ABOUT_THE_MESSAGE:
        return Verdict.REFUSED
    if word in NOBODY_THERE:
        return Verdict.GONE
    return by_status if by_status in {Verdict.GONE, Verdict.TOO_LARGE} else Verdict.LATER


def _error(answer: Answer) -> str | None:
    """Read what went wrong, in Slack's word; None when nothing did."""
    text = answer.body.decode(errors="replace").strip()
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None if text == "ok" else _word(text)
    if not isinstance(told, Mapping):
        return ""
    return None if told.get("ok") is True else _word(told.get("error"))


def _word(told: object) -> str:
    """Take Slack's word for what went wrong, if it is one: whatever else is said may repeat our secret."""
    return told if isinstance(told, str) and WORD.fullmatch(told) else ""


def check_secret(settings: Settings, secret: str) -> None:
    """Refuse what is neither a webhook's address without a channel nor a bot's token with one; raise ValueError."""
    if _is_address(secret):
        if settings.channel:
            raise ValueError("an incoming webhook has a channel of its own: leave the channel out")
        return
    if not (secret.startswith("xoxb-") and secret.isascii() and secret.isprintable() and " " not in secret):
        raise ValueError("must be the address of an incoming webhook, or a bot's token: xoxb-…")
    if not settings.channel:
        raise ValueError("a bot's token needs a channel in the settings")


def addresses(settings: Settings, secret: str) -> Iterator[tuple[str, str]]:
    """List the address that would be called, and where it is set."""
    yield ("/secret", secret) if _is_address(secret) else ("/settings/api_url", _method(settings))


def whole_secret(secret: str) -> str:
    """Add nothing."""
    return secret


def sender(tools: Tools, settings: Settings) -> SlackSender:
    """Make the way to a channel."""
    return SlackSender(tools, settings)


def _is_address(secret: str) -> bool:
    return secret.startswith("https://")


def _method(settings: Settings) -> str:
    return f"{settings.api_url.rstrip('/')}/chat.postMessage"
