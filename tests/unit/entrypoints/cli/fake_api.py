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
        "step": None if votes else a_step(),
        "votes": list(votes),
        **more,
    }


def a_step(**more: Any) -> Json:
    """The step that an item waits in."""
    return {
        "number": 1,
        "needed": 1,
        "approvals": 0,
        "people": [],
        "groups": ["approvers"],
        "since": "2026-11-22T13:00:00.000Z",
        "escalates_at": None,
        **more,
    }


def a_rule(*groups: str, **more: Any) -> Json:
    """A step as a flow defines it."""
    return {"people": [], "groups": list(groups or ("approvers",)), "needed": 1, "escalation": None, **more}


def approvers(*steps: Json) -> Json:
    return {"needed": len(steps), "steps": list(steps)}


def a_request(status: str = "PENDING", **more: Any) -> Json:
    return {
        "id": REQUEST_ID,
        "status": status,
        "created_at": "2026-11-22T13:00:00.000Z",
        "updated_at": "2026-11-22T13:00:00.000Z",
        "requester": a_person(),
        "asked_by": None,
        "bundle_id": None,
        "integration": {"id": "orders-db", "name": "Orders database", "kind": "postgresql"},
        "items": [an_item()],
        "justification": "INC-2291 duplicate charges",
        "ticket": "",
        "duration_seconds": 7200,
        "flow": a_flow_reference(),
        "approvers": approvers(a_rule()),
        "extensions": {"used": 0, "allowed": 0, "longest_seconds": 0},
        "source": "cli",
        "lapses_at": None,
        "starts_at": None,
        "granted_at": None,
        "ends_at": None,
        "closed_at": None,
        "end_reason": None,
        "session_user": "TBD",
        "quarantined": False,
        "_links": {"self": {"href": f"/v1/requests/{REQUEST_ID}"}},
        **more,
    }


def a_flow_reference() -> Json:
    reason = "the only flow that covers it"
    return {"id": "orders-roles", "name": "Sales and billing", "version": 1, "reason": reason}


def a_dry_run(**more: Any) -> Json:
    return {
        "allowed": True,
        "flow": a_flow_reference(),
        "approvers": approvers(a_rule()),
        "extensions": {"used": 0, "allowed": 0, "longest_seconds": 0},
        "duration_seconds": 7200,
        "maximum_seconds": 28800,
        "starts_at": None,
        "duplicate_of": None,
        "why_not": [],
        "instead": [],
        **more,
    }


def a_refused_dry_run(*instead: Json, **more: Any) -> Json:
    fault = {"flow": "orders-roles", "pointer": "/duration", "detail": "must not be longer than PT8H"}
    nothing = dict.fromkeys(("flow", "approvers", "extensions", "duration_seconds", "starts_at"))
    return a_dry_run(**{"allowed": False, **nothing, "why_not": [fault], "instead": list(instead), **more})


def an_alternative(**more: Any) -> Json:
    return {
        "kind": "shorter",
        "text": "ask for at most PT8H",
        "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
        "duration_seconds": 28800,
        "starts_at": None,
        **more,
    }


def an_outcome(request: Json | None = None, *, refused: str = "") -> Json:
    """What came of a command on one of many requests."""
    told = {"type": "/problems/conflict", "title": "Not possible now", "status": 409, "detail": refused}
    identifier = request["id"] if request else REQUEST_ID
    return {"id": identifier, "request": None if refused else request, "problem": told if refused else None}


def somebody(**more: Any) -> Json:
    """A person, as Nightlatch knows them."""
    known = {"groups": ["developers"], "is_service": False, "seen_at": "2026-11-22T13:00:00.000Z"}
    return {**a_person(), **known, **more}


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
            "who": {"match": "any", "conditions": [a_condition("developers")]},
            "on_behalf": None,
            "what": {
                **resources("orders"),
                "integration": "orders-db",
                "resource_type": None,
                "exclude": resources(),
                "permissions": ["role1"],
            },
            "grant": {"default": "PT1H", "maximum": "PT8H", "extensions": None},
            "when": None,
            "approve": {"steps": [a_rule()], "window": "PT24H"},
            "require": {"justification": True, "minimum_length": 1, "ticket": False, "approver_reason": False},
            **definition,
        },
    }


def a_condition(*values: str, operator: str = "is", attribute: str = "group") -> Json:
    return {"attribute": attribute, "operator": operator, "values": list(values)}


def resources(*names: str, tags: tuple[str, ...] = ()) -> Json:
    """A selector of resources."""
    return {"names": list(names), "ids": [], "tags": list(tags)}


def a_flow_version(version: int = 1, *changes: Json, is_deleted: bool = False) -> Json:
    return {**a_flow(version), "is_deleted": is_deleted, "changes": list(changes)}


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
