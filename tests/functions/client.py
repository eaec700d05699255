"""A client of the API's functions: builds the events that API Gateway sends, and reads the answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from pydantic import TypeAdapter

from nightlatch.bootstrap.anomalies import anomalies
from nightlatch.bootstrap.anomaly_settings import anomaly_settings
from nightlatch.bootstrap.api_reads import api_reads
from nightlatch.bootstrap.approvals import approvals
from nightlatch.bootstrap.asking import asking
from nightlatch.bootstrap.audit import audit_reads, audit_trail, kept_seals, whole_entries
from nightlatch.bootstrap.audit_settings import audit_settings
from nightlatch.bootstrap.destinations import destinations
from nightlatch.bootstrap.exports import exports
from nightlatch.bootstrap.flows import access_flows
from nightlatch.bootstrap.ingestion import ingestion
from nightlatch.bootstrap.integrations import integrations
from nightlatch.bootstrap.people import acquaintances
from nightlatch.bootstrap.requests import access_requests
from nightlatch.bootstrap.rules import alert_rules, replays
from nightlatch.bootstrap.settings import Settings, settings
from nightlatch.bootstrap.sign_ins import sign_ins
from nightlatch.domain.identity import Principal, Role
from nightlatch.entrypoints.api import frames
from nightlatch.entrypoints.api.authorization import RULES, WITHOUT_TOKEN
from nightlatch.entrypoints.api.cursors import Cursors, cursors
from nightlatch.entrypoints.api.openapi import FUNCTIONS, load_function
from tests.builders import MAYA, World

BAD_REQUEST = 400
ROOT = Path(__file__).resolve().parents[2]

FLOW: dict[str, Any] = {
    "name": "Orders",
    "who": {"conditions": [{"attribute": "group", "operator": "is", "values": ["developers"]}]},
    "what": {"integration": "orders-db", "names": ["*"], "permissions": ["*"]},
    "grant": {"default": "PT1H", "maximum": "PT8H"},
    "approve": {"steps": [{"needed": 1, "groups": ["approvers"]}]},
}
"""An access flow as it is sent."""
ROUTES = [*RULES, *WITHOUT_TOKEN]
SETTINGS = Settings(
    state_table="state",
    ledger_table="ledger",
    retention=timedelta(days=90),
    time_zone="UTC",
    groups_claim="cognito:groups",
    admin_groups=frozenset({"admins"}),
    auditor_groups=frozenset({"auditors"}),
    cursor_secret="cursors",
    credentials_key="key",
    secret_prefix="nightlatch/integrations/",
    schedule_group="nightlatch",
    schedule_role="role",
    expiry_function="expiry",
    open_requests=25,
    egress_exceptions=frozenset(),
    api_url="https://api1.execute-api.eu-west-1.amazonaws.com",
    code="layer:1",
    evidence_bucket="evidence",
    seal_key="seals",
    exports_bucket="exports",
    export_jobs_function="export-jobs",
    anomaly_detection_function="anomaly-detection",
    reports_function="reports",
    delivery_queue="https://queue",
    destination_secret_prefix="nightlatch/destinations/",
)


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of itself."""

    function_name: str = "nightlatch-test"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:nightlatch-test"
    aws_request_id: str = "a1b2c3d4"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else {}

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, by pointer or `?parameter`."""
        return {
            fault["pointer"] if "pointer" in fault else f"?{fault['parameter']}": fault["detail"]
            for fault in self.json["errors"]
        }


def claims_of(principal: Principal) -> dict[str, Any]:
    """Say who somebody is as API Gateway does."""
    service = {"client_id": principal.subject} if Role.SERVICE in principal.roles else {"username": principal.subject}
    signed_in_at = {"auth_time": f"{principal.signed_in_at.timestamp():.0f}"} if principal.signed_in_at else {}
    return {
        "iss": principal.issuer,
        "sub": principal.subject,
        "name": principal.name,
        "email": principal.email,
        "cognito:groups": f"[{' '.join(sorted(principal.groups))}]",
        "token_use": "access",
        **service,
        **signed_in_at,
    }


def an_api_event(
    method: str,
    path: str,
    *,
    claims: Mapping[str, Any] | None = None,
    body: object = None,
    text: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build an event of an HTTP API, payload version 2.0. `body` is sent as JSON, `text` as it is."""
    path, _, query = path.partition("?")
    sent = json.dumps(body) if body is not None else text
    content_type = {"content-type": "application/json"} if sent is not None else {}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"user-agent": "tests/1.0", **content_type, **(headers or {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.50", "userAgent": "tests/1.0"},
            "requestId": "Ucx9LjIvFiAEMaA=",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if query:
        together: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            together.setdefault(name, []).append(value)
        event["queryStringParameters"] = {name: ",".join(values) for name, values in together.items()}
    if sent is not None:
        event["body"] = sent
    if claims is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    return event


@dataclass
class Client:
    """Calls the API's functions, as they are, over the fakes of a World, and refuses what is not documented."""

    world: World
    apps: dict[str, ModuleType] = field(init=False)

    def __post_init__(self) -> None:
        self.apps = {name: _loaded(name) for name in FUNCTIONS}
        for app in self.apps.values():
            app.api.dependency_overrides = {
                settings: lambda: SETTINGS,
                frames.now: lambda: self.world.clock.now,
                access_requests: lambda: self.world.requests,
                asking: lambda: self.world.asking,
                acquaintances: lambda: self.world.acquaintances,
                approvals: lambda: self.world.approvals,
                access_flows: lambda: self.world.flows,
                integrations: lambda: self.world.integrations,
                api_reads: lambda: self.world.api_reads,
                sign_ins: lambda: self.world.sign_ins,
                audit_trail: lambda: self.world.trail,
                audit_settings: lambda: self.world.audit_settings,
                alert_rules: lambda: self.world.alert_rules,
                replays: lambda: self.world.replays,
                anomalies: lambda: self.world.anomaly_desk,
                anomaly_settings: lambda: self.world.anomaly_settings,
                ingestion: lambda: self.world.ingestion,
                audit_reads: lambda: self.world.audit_reads,
                kept_seals: lambda: self.world.kept_seals,
                whole_entries: lambda: self.world.whole_entries,
                exports: lambda: self.world.exports,
                destinations: lambda: self.world.destinations,
                cursors: lambda: Cursors(lambda: "a key", clock=self.world.clock),
            }

    def send(self, event: dict[str, Any], *, to: str | None = None) -> Answer:
        """Hand an event to the function that answers its route."""
        http = event["requestContext"]["http"]
        name = to or self._function_of(http["method"], event["rawPath"])
        answered = self.apps[name].handler(event, Context())
        answer = Answer(answered["statusCode"], answered["headers"], answered["body"])
        if answer.status < BAD_REQUEST:
            documented = self._documented(name, http["method"], event["rawPath"])
            if documented is not str:  # a file
                TypeAdapter(documented).validate_json(answer.text or "null", strict=True)
        return answer

    def call(self, method: str, path: str, body: object = None, *, by: Principal | None = MAYA, **more: Any) -> Answer:
        """Call a route as somebody."""
        return self.send(an_api_event(method, path, claims=claims_of(by) if by else None, body=body, **more))

    def get(self, path: str, *, by: Principal | None = MAYA, **more: Any) -> Answer:
        """Read something."""
        return self.call("GET", path, by=by, **more)

    def post(self, path: str, body: object = None, *, by: Principal | None = MAYA, **more: Any) -> Answer:
        """Command something."""
        return self.call("POST", path, body, by=by, **more)

    def put(self, path: str, body: object = None, *, by: Principal | None = MAYA, **more: Any) -> Answer:
        """Write something."""
        return self.call("PUT", path, body, by=by, **more)

    def _documented(self, name: str, method: str, path: str) -> Any:
        """Say what the OpenAPI document is made of where a route answers: the handler's return type."""
        api = self.apps[name].api
        routes = (*api._static_routes, *api._dynamic_routes)
        handler = next(route.func for route in routes if route.method == method and route.rule.match(path))
        returned = get_type_hints(handler, include_extras=True)["return"]
        return get_args(returned)[0] if get_origin(returned) is Response else returned

    def _function_of(self, method: str, path: str) -> str:
        for name, app in self.apps.items():
            routes = app.api._static_routes + app.api._dynamic_routes
            if any(route.method == method and route.rule.match(path) for route in routes):
                return name
        return "access_requests"  # as the template's $default route


_modules: dict[str, ModuleType] = {}


def _loaded(name: str) -> ModuleType:
    if name not in _modules:
        _modules[name] = load_function(name, ROOT / "functions")
    return _modules[name]
