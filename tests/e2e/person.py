"""A person at the API, as the end-to-end tests act one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from nightlatch.entrypoints.local import demo
from nightlatch.entrypoints.local.facts import StackFacts

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    api: httpx.Client

    @classmethod
    def signed_in(cls, facts: StackFacts, username: str) -> "Person":
        """Sign in as one of the demo's accounts."""
        headers = {"authorization": f"Bearer {demo.sign_in(facts, username)}"}
        return cls(httpx.Client(base_url=facts.api_url, headers=headers, trust_env=False, timeout=30))

    def get(self, path: str, **query: Any) -> JsonObject:
        """Read something that must be there."""
        answer = self.api.get(path, params=query or None)  # an empty one would remove what the path has
        answer.raise_for_status()
        return dict(answer.json())

    def post(self, path: str, body: JsonObject | None = None, *, key: str | None = None) -> httpx.Response:
        """Send a command, whatever the answer."""
        return self.api.post(path, json=body or {}, headers={"idempotency-key": key} if key else {})

    def ask(self, *permissions: str, duration: str = "PT1H", starts_at: datetime | None = None) -> str:
        """Ask for permissions on the demo database and return the request's id, once nothing asks for the same."""
        items = [{"resource_type": "database", "resource": "orders", "permission": one} for one in permissions]
        body = {
            "integration": "orders-db",
            "items": items,
            "justification": "INC-2291 duplicate charges",
            "duration": duration,
            "starts_at": starts_at.isoformat() if starts_at else None,
        }
        deadline = time.monotonic() + 60
        while (answer := self.post("/v1/requests", body)).status_code == httpx.codes.CONFLICT:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.3)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return str(answer.json()["id"])

    def command(self, request_id: str, verb: str, body: JsonObject | None = None) -> JsonObject:
        """Carry out a command that must succeed."""
        answer = self.post(f"/v1/requests/{request_id}/{verb}", body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def wait_for(self, request_id: str, *statuses: str, within: float = 60) -> JsonObject:
        """Wait until a request is in one of these states."""
        return until(
            lambda: self.get(f"/v1/requests/{request_id}"),
            lambda request: request["status"] in statuses,
            within=within,
        )

    def timeline(self, request_id: str, *, count: int) -> list[JsonObject]:
        """Wait until so many events of a request are in the ledger, and read them."""
        events = until(
            lambda: self.get(f"/v1/requests/{request_id}/timeline"),
            lambda timeline: len(timeline["events"]) >= count,
            within=60,
        )["events"]
        return [dict(event) for event in events]


def until(
    look: Callable[[], JsonObject], is_enough: Callable[[JsonObject], bool], *, within: float, every: float = 0.3
) -> JsonObject:
    """Look again, every so many seconds, until it is enough; fail with what was seen last."""
    deadline = time.monotonic() + within
    while not is_enough(seen := look()):
        assert time.monotonic() < deadline, f"not within {within} s; last seen: {seen}"
        time.sleep(every)
    return seen
