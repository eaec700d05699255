"""Slack as its documentation says: incoming webhooks and chat.postMessage, Block Kit's limits, and who is called.

Sources: docs.slack.dev, pages "Sending messages using incoming webhooks", "chat.postMessage", "Formatting message text"
and the reference of Block Kit.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from nightlatch.domain.errors import EgressBlockedError
from nightlatch.services.ports.egress import Answer, OutgoingCall

API = "https://slack.com/api"
WEBHOOK = "https://hooks.slack.com/services/T000/B000/secret"
TOKEN = "xoxb-1-2-secret"
CHANNEL = "C0123456789"

MANUAL = re.compile(r"<[@#!](?!date\^)[^>]*>|<[^<>|]+(?:\|[^>]*)?>")
"""Mentions and links that are written out; Slack obeys them in every text of type mrkdwn."""
AUTOMATIC = re.compile(r"@(?:here|channel|everyone)\b|\b[a-z]+://\S+")
"""What Slack obeys where it may parse: text that is not verbatim."""


@dataclass
class FakeSlack:
    """Takes messages for one channel. `fails` is answered instead, once for each: a status and a body."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[OutgoingCall] = field(default_factory=list)
    fails: list[tuple[int, str]] = field(default_factory=list)
    retry_after: str = "30"

    def check(self, url: str) -> None:
        """Take HTTPS only, as the real way out does."""
        if not url.startswith("https://"):
            raise EgressBlockedError("only https")

    def call(self, call: OutgoingCall) -> Answer:
        """Answer as Slack would."""
        self.calls.append(call)
        if self.fails:
            status, body = self.fails.pop(0)
            headers = {"retry-after": self.retry_after} if status == 429 else {}
            return Answer(status=status, body=body.encode(), took=timedelta(milliseconds=20), headers=headers)
        if call.url == WEBHOOK:
            return self._answer(*self._webhook(call))
        return self._answer(200, self._post_message(call))

    @property
    def obeyed(self) -> list[str]:
        """List what is in all messages that would call somebody or link somewhere."""
        return [found for message in self.messages for found in _obeyed(message)]

    def _answer(self, status: int, body: str) -> Answer:
        return Answer(status=status, body=body.encode(), took=timedelta(milliseconds=20))

    def _webhook(self, call: OutgoingCall) -> tuple[int, str]:
        message = _read(call)
        if message is None:
            return 400, "invalid_payload"
        if faults_of(message):
            return 400, "invalid_blocks"
        self.messages.append(message)
        return 200, "ok"

    def _post_message(self, call: OutgoingCall) -> str:
        error = self._refusal(call)
        return json.dumps({"ok": False, "error": error} if error else {"ok": True, "ts": "1.2"})

    def _refusal(self, call: OutgoingCall) -> str:
        message = _read(call)
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            return "invalid_auth"
        if message is None:
            return "invalid_json"
        if message.get("channel") != CHANNEL:
            return "channel_not_found"
        if faults_of(message):
            return "invalid_blocks"
        self.messages.append(message)
        return ""


def faults_of(message: dict[str, Any]) -> list[str]:
    """List what Block Kit would not take."""
    blocks = message["blocks"]
    faults = ["blocks"] if len(blocks) > 50 else []
    for block in blocks:
        texts = [(block["text"], 3000)] if "text" in block else []
        texts += [(one, 2000) for one in block.get("fields", ())]
        texts += [(one, 3000) for one in block.get("elements", ())]
        faults += [one["text"] for one, longest in texts if not 1 <= _length(one["text"]) <= longest]
        faults += ["fields"] if not 1 <= len(block.get("fields", [1])) <= 10 else []
        faults += ["elements"] if len(block.get("elements", ())) > 10 else []
    return faults + (["text"] if _length(message["text"]) > 4000 else [])


def _length(text: str) -> int:
    """Count as JavaScript does: what is beyond the first plane counts twice."""
    return len(text.encode("utf-16-le")) // 2


def _read(call: OutgoingCall) -> dict[str, Any] | None:
    if not call.headers.get("Content-Type", "").startswith("application/json"):
        return None
    try:
        message: dict[str, Any] = json.loads(call.body)
    except ValueError:
        return None
    return message


def _obeyed(message: dict[str, Any]) -> list[str]:
    found = MANUAL.findall(message["text"])
    if message.get("parse") != "none" or message.get("link_names"):
        found += AUTOMATIC.findall(message["text"])
    for block in message["blocks"]:
        for one in (block.get("text"), *block.get("fields", ()), *block.get("elements", ())):
            if one and one["type"] == "mrkdwn":
                found += [link for link in MANUAL.findall(one["text"]) if not link.startswith("<!date^")]
                found += [] if one.get("verbatim") else AUTOMATIC.findall(one["text"])
    return found
