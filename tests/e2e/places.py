"""Receivers on this machine that the running stack delivers to, and destinations that are gone after the test."""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import urandom
from uuid import uuid4

from pydantic import JsonValue
from standardwebhooks.webhooks import Webhook

from tests.e2e.person import JsonObject, Person, until
from tests.fakes.receiver import Received, Receiver, reply

PATH = "/v1/destinations"
SOON = 45
"""Seconds within which a delivery must have come, on a machine that is busy with other tests."""


def a_key() -> str:
    """Make a webhook's signing key."""
    return f"whsec_{base64.b64encode(urandom(32)).decode()}"


@dataclass
class Inbox:
    """A webhook's receiver: takes what the specification's own library verifies, and nothing else.

    `messages` are in the order in which they came, each with its `webhook-id`, also what came again.
    """

    key: str = field(default_factory=a_key)
    messages: list[tuple[str, JsonObject]] = field(default_factory=list)
    refused: list[Received] = field(default_factory=list)

    def take(self, request: Received) -> bytes:
        """Answer a call."""
        try:
            message = Webhook(self.key).verify(request.body, request.headers)
        except Exception:  # noqa: BLE001  # whatever it is: the receiver does not take it
            self.refused.append(request)
            return reply(401)
        self.messages.append((request.headers["webhook-id"], message))
        return reply(204)

    def of(self, *requests: str) -> list[JsonObject]:
        """List what came about requests for access."""
        return [message for _, message in self.messages if message["request_id"] in requests]

    def wait_for(self, is_wanted: Callable[[JsonObject], bool], *, count: int = 1) -> list[JsonObject]:
        """Wait until so many have come that are wanted."""

        def found() -> JsonObject:
            return {"found": [message for _, message in self.messages if is_wanted(message)]}

        wanted: list[JsonObject] = until(found, lambda seen: len(seen["found"]) >= count, within=SOON)["found"]
        return wanted


def reached(receiver: Receiver, path: str = "/events") -> dict[str, JsonValue]:
    """Write the settings of a webhook that goes to a receiver."""
    return {"url": receiver.url("localhost", path), "ca_certificate": receiver.pem}


@contextmanager
def destination(
    ada: Person, kind: str, settings: Mapping[str, JsonValue], *event_types: str, **more: JsonValue
) -> Iterator[str]:
    """Send events to a receiver while the test runs."""
    name = more.pop("id", None) or f"test-{kind}-{uuid4().hex[:8]}"
    body = {"id": name, "name": "A test", "kind": kind, "settings": settings, "timeout": 5, **more}
    made = ada.post(PATH, {**body, "selection": {"event_types": list(event_types)}})
    assert made.status_code == 201, made.text
    try:
        yield str(name)
    finally:
        etag = ada.api.get(f"{PATH}/{name}").headers["etag"]
        ada.api.delete(f"{PATH}/{name}", headers={"if-match": etag}).raise_for_status()


def wait_for_attempt(ada: Person, name: str, *results: str) -> JsonObject:
    """Wait until the newest line of a destination's log says one of these."""
    page = until(
        lambda: ada.get(f"{PATH}/{name}/deliveries"),
        lambda log: any(line["result"] in results for line in log["deliveries"][:1]),
        within=SOON,
    )
    return dict(page["deliveries"][0])
