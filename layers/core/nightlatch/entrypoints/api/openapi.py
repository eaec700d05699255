"""The OpenAPI 3.1 document of all functions together, made from their routes and the authorization table.

    python -m nightlatch.entrypoints.api.openapi > layers/core/nightlatch/entrypoints/api/openapi.json

A development tool: it is run where `functions/` lies, never in Lambda.
"""

import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from nightlatch.entrypoints.api.authorization import RULES, WITHOUT_TOKEN
from nightlatch.entrypoints.api.idempotency import HEADER
from nightlatch.entrypoints.api.problems import CONTENT_TYPE

FUNCTIONS = (
    "access_requests",
    "approvals",
    "access_flows",
    "integrations",
    "audit",
    "exports",
    "settings",
    "ingestion",
    "destinations",
    "anomalies",
)
POWERTOOLS_OWN = {"HTTPValidationError", "ValidationError", "ResponseValidationError"}
"""Schemas that Powertools adds for answers which this API never gives."""

DESCRIPTION = (
    "Just-in-time access with a complete, verifiable audit trail. Times are RFC 3339 in UTC with milliseconds. "
    "Durations are ISO 8601 where they are sent, and whole seconds where they are answered. "
    "What the caller may not see is answered exactly as what does not exist. Unknown fields are errors."
)
TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token (not an ID token) of the deployment's OpenID Connect provider.",
}
PROBLEM = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). Rely on `type`; `detail` is for people.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "oldest": {
            "type": ["string", "null"],
            "description": "With 410: the id of the oldest event that is still kept, if there is any.",
        },
        "max_age": {
            "type": "integer",
            "description": "With `fresh-sign-in-required`: how many seconds ago the caller may have signed in at most.",
        },
    },
}
FAULT = {
    "title": "Fault",
    "description": "A wrong place in the body (`pointer`), or a wrong parameter.",
    "type": "object",
    "required": ["detail"],
    "properties": {
        "pointer": {"type": "string", "format": "json-pointer"},
        "parameter": {"type": "string"},
        "detail": {"type": "string"},
    },
}
IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same key and body again is carried out once; with another body it is refused (422).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
EXPORT = ("GET", "/v1/audit/export")
EXPORTED = {
    "200": {
        "description": "The export itself.",
        "headers": {
            name: {"required": True, "schema": {"type": "string"}}
            for name in ("Content-Disposition", "Link", "Repr-Digest")
        },
        "content": {
            media_type: {"schema": {"type": "string"}}
            for media_type in ("application/json", "application/x-ndjson", "text/csv")
        },
    },
    "202": {
        "description": "It is too large for an answer and is being written.",
        "headers": {name: {"required": True, "schema": {"type": "string"}} for name in ("Location", "Retry-After")},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExportView"}}},
    },
}
EVERY_CALL = (400, 401, 403, 500, 503)
ONE_THING = (404,)
EVERY_BODY = (409, 413, 415)
MORE = {
    ("PUT", "/v1/flows/{flow_id}"): (412, 428),
    ("PUT", "/v1/settings/audit"): (412, 428),
    ("PUT", "/v1/destinations/{destination_id}"): (412, 428),
    ("DELETE", "/v1/destinations/{destination_id}"): (412, 428),
    ("POST", "/v1/destinations"): (429,),
    ("POST", "/v1/destinations/{destination_id}/replay"): (429,),
    ("PUT", "/v1/alert-rules/{rule_id}"): (412, 428),
    ("DELETE", "/v1/alert-rules/{rule_id}"): (412, 428),
    ("POST", "/v1/alert-rules"): (429,),
    ("POST", "/v1/anomalies/replays"): (429,),
    ("GET", "/v1/audit"): (404, 410),
    ("GET", "/v1/audit/export"): (429,),
    ("POST", "/v1/integrations/{integration_id}/check"): (502,),
    ("POST", "/v1/integrations/{integration_id}/scan"): (502,),
}
"""The problems that only these operations have."""

ANSWER_HEADERS = {
    ("POST", "/v1/requests"): "Location",
    ("POST", "/v1/integrations"): "Location",
    ("GET", "/v1/flows/{flow_id}"): "ETag",
    ("PUT", "/v1/flows/{flow_id}"): "ETag",
    ("GET", "/v1/settings/audit"): "ETag",
    ("PUT", "/v1/settings/audit"): "ETag",
    ("POST", "/v1/alert-rules"): "Location",
    ("POST", "/v1/anomalies/replays"): "Location",
    ("GET", "/v1/alert-rules/{rule_id}"): "ETag",
    ("PUT", "/v1/alert-rules/{rule_id}"): "ETag",
    ("POST", "/v1/destinations"): "Location",
    ("GET", "/v1/destinations/{destination_id}"): "ETag",
    ("PUT", "/v1/destinations/{destination_id}"): "ETag",
}


def load_function(name: str, folder: Path = Path("functions")) -> ModuleType:
    """Load one function's app.py. All have the same module name, so each is loaded by its path."""
    spec = importlib.util.spec_from_file_location(f"functions_{name}_app", folder / name / "app.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def document(folder: Path = Path("functions")) -> dict[str, Any]:
    """Build the document: the same for the same code, whatever the order of things in memory."""
    parts = [_part(load_function(name, folder), tag=name) for name in FUNCTIONS]
    schemas = _merged(part["components"]["schemas"] for part in parts)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nightlatch", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": dict(sorted(_merged_paths(parts).items())),
        "components": {
            "schemas": {**_without(schemas, POWERTOOLS_OWN), "Problem": PROBLEM, "Fault": FAULT},
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "responses": {"Problem": _problem_answer()},
            "securitySchemes": {"token": TOKEN},
        },
    }


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List method, path and operation of everything in a document."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _part(module: ModuleType, *, tag: str) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(module.api.get_openapi_json_schema(title=tag))
    handlers = {route.operation_id: route.func for route in module.api._static_routes + module.api._dynamic_routes}  # noqa: SLF001  (the resolver has no public list of its routes)
    for method, path, operation in operations(part):
        handler = handlers[operation["operationId"]]
        operation |= {
            "summary": (handler.__doc__ or "").partition("\n")[0],
            "operationId": f"{tag}.{handler.__name__}",
            "tags": [tag],
        }
        _complete(operation, (method, path))
    return part


def _complete(operation: dict[str, Any], route: tuple[str, str]) -> None:
    """Add what the handler's types do not say: who may call it, the common header, and how it fails."""
    method, path = route
    if route in WITHOUT_TOKEN:
        operation["security"] = []
        return
    operation["x-roles"] = sorted(RULES[route])
    if method == "POST":
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    if header := ANSWER_HEADERS.get(route):
        for answer in operation["responses"].values():
            answer["headers"] = {header: {"required": True, "schema": {"type": "string"}}}
    if route == EXPORT:
        operation["responses"] = dict(EXPORTED)
    if route == ("PUT", "/v1/flows/{flow_id}"):
        operation["responses"]["201"] = operation["responses"]["200"] | {"description": "It is a new flow."}
    statuses = [*EVERY_CALL, *MORE.get(route, ())]
    statuses += ONE_THING if "{" in path else ()
    statuses += (*EVERY_BODY, 422) if method == "POST" else EVERY_BODY if method == "PUT" else ()
    problem = {"$ref": "#/components/responses/Problem"}
    operation["responses"] |= {str(status): problem for status in sorted(statuses)}


def _problem_answer() -> dict[str, Any]:
    return {
        "description": "A problem.",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _merged(groups: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Join named things; a name that means two things in two functions is a mistake."""
    merged: dict[str, Any] = {}
    for group in groups:
        for name, content in group.items():
            if merged.setdefault(name, content) != content:
                raise ValueError(f"{name} is two different things")
    return dict(sorted(merged.items()))


def _merged_paths(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for part in parts:
        for path, methods in part["paths"].items():
            paths.setdefault(path, {}).update(methods)
    return {path: dict(sorted(methods.items())) for path, methods in paths.items()}


def _without(schemas: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: schema for name, schema in schemas.items() if name not in names}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=2) + "\n")
