"""An API that answers what it was told to, and remembers what it was asked; and the shapes that it answers with."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

Json = dict[str, Any]
Answer = httpx.Response | BaseException

API = "https://api.example.com"
ISSUER = "https://id.example.com"
REQUEST_ID = "req_0cn4k1qg7o0001aaaabbbbcccc"


class FakeApi:
    """Answers by method and path; several answers are given one after the other, the last of them for ever."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def on(self, method: str, path: str, *answers: Answer | Json) -> None:
        """Say what to answer. A dict is the body of a 200."""
        made = [httpx.Response(200, json=answer) if isinstance(answer, dict) else answer for answer in answers]
        self._answers[method, path] = made

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.calls.append(request)
        waiting = self._answers.get((request.method, request.url.path))
        if not waiting:
            return problem(404, "not-found", "There is no such thing", detail=f"no {request.url.path}")
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, BaseException):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        """List the calls of one kind."""
        return [call for call in self.calls if (call.method, call.url.path) == (method, path)]

    def body(self, method: str, path: str) -> Json:
        """Read what was sent last."""
        body: Json = json.loads(self.sent(method, path)[-1].content)
        return body

    def query(self, path: str) -> Mapping[str, list[str]]:
        """Read the last query to a path."""
        params = self.sent("GET", path)[-1].url.params
        return {name: params.get_list(name) for name in params}


def problem(status: int, slug: str, title: str, **more: Any) -> httpx.Response:
    """Answer as the API does when something is wrong."""
    body = {"type": f"/problems/{slug}", "title": title, "status": status, **more}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


def a_person(name: str = "Maya Cohen", identifier: str = "usr_maya") -> Json:
    return {"id": identifier, "name": name, "email": f"{name.partition(' ')[0].lower()}@example.com"}


def a_vote(name: str = "Noa Levi", *, verdict: str = "approved", at: str = "2026-11-22T13:01:38.000Z") -> Json:
    return {"verdict": verdict, "approver": a_person(name, f"usr_{name}"), "reason": "", "at": at}


def an_item(number: int = 1, permission: str = "role1", *, votes: tuple[Json, ...] = (), **more: Any) -> Json:
    status = votes[-1]["verdict"] if votes else "pending"
    return {
        "id": f"item-{number}",
        "resource": {"type": "database", "id": "orders", "name": "orders", "tags": []},
        "permission": {"name": permission, "tags": []},
        "status": status,
        "approvals": sum(vote["verdict"] == "approved" for vote in votes),
        "needed": 1,
        "votes": list(votes),
        **more,
    }


def a_request(status: str = "PENDING", **more: Any) -> Json:
    return {
        "id": REQUEST_ID,
        "status": status,
        "created_at": "2026-11-22T13:00:00.000Z",
        "updated_at": "2026-11-22T13:00:00.000Z",
        "requester": a_person(),
        "integration": {"id": "orders-db", "name": "Orders database", "kind": "postgresql"},
        "items": [an_item()],
        "justification": "INC-2291 duplicate charges",
        "ticket": "",
        "duration_seconds": 7200,
        "flow": {"id": "orders-roles", "name": "Sales and billing", "version": 1},
        "approvers": {"needed": 1, "people": [], "groups": ["approvers"]},
        "source": "cli",
        "granted_at": None,
        "ends_at": None,
        "closed_at": None,
        "end_reason": None,
        "session_user": "TBD",
        "quarantined": False,
        **more,
    }


def a_granted_request(**more: Any) -> Json:
    times = {"granted_at": "2026-11-22T13:34:00.000Z", "ends_at": "2026-11-22T15:34:00.000Z"}
    return a_request("GRANTED", session_user="nl_maya_7f3ac1", **times, **more)


def an_offer(resource: str = "orders", permission: str = "role1", *, kind: str = "database") -> Json:
    return {
        "integration": {"id": "orders-db", "name": "Orders database", "kind": "postgresql"},
        "resource": {"type": kind, "id": resource, "name": resource, "tags": []},
        "permission": {"name": permission, "description": "Reads sales", "tags": []},
        "flow": {
            "id": "orders-roles",
            "name": "Sales and billing",
            "approvals_needed": 1,
            "default_seconds": 3600,
            "maximum_seconds": 28800,
        },
    }


def an_event(seq: int = 1, event_type: str = "access.requested", *, severity: str = "info", **more: Any) -> Json:
    return {
        "id": f"evt-{seq}",
        "seq": seq,
        "timestamp": "2026-11-22T13:23:05.000Z",
        "event_type": event_type,
        "severity": severity,
        "actor": {"type": "user", "id": "usr_maya", "name": "Maya Cohen", "email": ""},
        "description": "Maya Cohen asked for role1 on orders",
        "request_id": REQUEST_ID,
        **more,
    }


def a_feed(*events: Json, after: str = "c1", has_more: bool = False) -> Json:
    links = {"self": {"href": "/v1/audit"}, "next": {"href": f"/v1/audit?from={after}&limit=100"}}
    return {"events": list(events), "_links": links, "has_more": has_more}


def a_flow(version: int = 1, **definition: Any) -> Json:
    return {
        "id": "orders-roles",
        "version": version,
        "updated_at": "2026-11-22T13:00:00.000Z",
        "updated_by": a_person("Ada Berg", "usr_ada"),
        "definition": {
            "name": "Sales and billing",
            "description": "",
            "who": {"people": [], "groups": ["developers"]},
            "what": {"integration": "orders-db", "names": ["orders"], "ids": [], "tags": [], "permissions": ["role1"]},
            "grant": {"default": "PT1H", "maximum": "PT8H"},
            "approve": {"people": [], "groups": ["approvers"], "needed": 1},
            **definition,
        },
    }


def a_versioned(flow: Json, *, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=flow, headers={"etag": f'"{flow["version"]}"'})


def an_integration(**more: Any) -> Json:
    return {
        "id": "orders-db",
        "name": "Orders database",
        "kind": "postgresql",
        "settings": {"host": "db"},
        "status": "ready",
        "status_message": "",
        "resource_count": 4,
        "created_at": "2026-11-22T13:00:00.000Z",
        "updated_at": "2026-11-22T13:00:00.000Z",
        "scanned_at": "2026-11-22T13:00:00.000Z",
        **more,
    }
