"""Who may call which route: one table. A route that is not in it does not exist.

What a caller may do to one particular thing is decided by the services; here, before anything is read, by role only.
Approvers are named by flows, not by a role, so to approve is open to every person and to no service.
"""

import re
from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.bootstrap.settings import Settings, settings
from nightlatch.domain.errors import NotAllowedError, NotFoundError
from nightlatch.domain.identity import Role
from nightlatch.entrypoints.api.caller import principal_of
from nightlatch.entrypoints.problem_kinds import MethodNotAllowedError

EVERYONE = frozenset({Role.REQUESTER, Role.SERVICE})
PEOPLE = frozenset({Role.REQUESTER})
READERS = frozenset({Role.ADMIN, Role.AUDITOR})
ADMINS = frozenset({Role.ADMIN})
SERVICES = frozenset({Role.SERVICE})

RULES: dict[tuple[str, str], frozenset[Role]] = {
    ("POST", "/v1/requests"): EVERYONE,
    ("GET", "/v1/requests"): EVERYONE,
    ("GET", "/v1/requests/{request_id}"): EVERYONE,
    ("GET", "/v1/requests/{request_id}/timeline"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/cancel"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/return"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/revoke"): ADMINS,
    ("POST", "/v1/requests/{request_id}/credentials"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/extend"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/ask-again"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/close"): ADMINS,
    ("POST", "/v1/dry-runs"): EVERYONE,
    ("POST", "/v1/bundles"): EVERYONE,
    ("POST", "/v1/revocations"): ADMINS,
    ("GET", "/v1/people"): READERS,
    ("POST", "/v1/people/{person_id}/stop"): ADMINS,
    ("GET", "/v1/whoami"): EVERYONE,
    ("POST", "/v1/sign-out"): PEOPLE,
    ("GET", "/v1/catalog"): EVERYONE,
    ("POST", "/v1/requests/{request_id}/approve"): PEOPLE,
    ("POST", "/v1/requests/{request_id}/reject"): PEOPLE,
    ("GET", "/v1/approvals"): PEOPLE,
    ("GET", "/v1/flows"): EVERYONE,
    ("GET", "/v1/flows/{flow_id}"): EVERYONE,
    ("GET", "/v1/flows/{flow_id}/versions"): EVERYONE,
    ("PUT", "/v1/flows/{flow_id}"): ADMINS,
    ("DELETE", "/v1/flows/{flow_id}"): ADMINS,
    ("GET", "/v1/integrations"): READERS,
    ("GET", "/v1/integrations/{integration_id}"): READERS,
    ("POST", "/v1/integrations"): ADMINS,
    ("POST", "/v1/integrations/{integration_id}/check"): ADMINS,
    ("POST", "/v1/integrations/{integration_id}/scan"): ADMINS,
    ("GET", "/v1/audit"): READERS,
    ("POST", "/v1/audit/entries"): SERVICES,
    ("GET", "/v1/audit/entries"): READERS,
    ("GET", "/v1/audit/entries/{entry_id}"): READERS,
    ("GET", "/v1/anomalies"): READERS,
    ("GET", "/v1/anomalies/{anomaly_id}"): READERS,
    ("POST", "/v1/anomalies/{anomaly_id}/acknowledge"): ADMINS,
    ("POST", "/v1/anomalies/{anomaly_id}/resolve"): ADMINS,
    ("POST", "/v1/anomalies/{anomaly_id}/revoke"): ADMINS,
    ("POST", "/v1/anomalies/replays"): ADMINS,
    ("GET", "/v1/anomalies/replays/{replay_id}"): READERS,
    ("GET", "/v1/alert-rules"): READERS,
    ("GET", "/v1/alert-rules/{rule_id}"): READERS,
    ("POST", "/v1/alert-rules"): ADMINS,
    ("PUT", "/v1/alert-rules/{rule_id}"): ADMINS,
    ("DELETE", "/v1/alert-rules/{rule_id}"): ADMINS,
    ("GET", "/v1/settings/anomalies"): READERS,
    ("GET", "/v1/settings/audit"): READERS,
    ("PUT", "/v1/settings/anomalies"): ADMINS,
    ("PUT", "/v1/settings/audit"): ADMINS,
    ("GET", "/v1/audit/seals"): READERS,
    ("GET", "/v1/audit/key"): READERS,
    ("GET", "/v1/audit/export"): READERS,
    ("GET", "/v1/audit/exports/{export_id}"): READERS,
    ("GET", "/v1/destinations"): READERS,
    ("GET", "/v1/destinations/{destination_id}"): READERS,
    ("GET", "/v1/destinations/{destination_id}/deliveries"): READERS,
    ("POST", "/v1/destinations"): ADMINS,
    ("PUT", "/v1/destinations/{destination_id}"): ADMINS,
    ("DELETE", "/v1/destinations/{destination_id}"): ADMINS,
    ("POST", "/v1/destinations/{destination_id}/enable"): ADMINS,
    ("POST", "/v1/destinations/{destination_id}/disable"): ADMINS,
    ("POST", "/v1/destinations/{destination_id}/rotate-secret"): ADMINS,
    ("POST", "/v1/destinations/{destination_id}/test"): ADMINS,
    ("POST", "/v1/destinations/{destination_id}/replay"): ADMINS,
}
"""The roles of which one is enough, by method and path."""

WITHOUT_TOKEN = frozenset({("GET", "/healthz")})
"""What a stranger may call."""

Next = Callable[[APIGatewayHttpResolver], Response[str]]


def identify(
    app: APIGatewayHttpResolver,
    next_middleware: Next,
    chosen: Annotated[Settings, Depends(settings)],
) -> Response[str]:
    """Find out who calls, for every route that has a rule; no other exists."""
    route = _route(app)
    if route in RULES:
        app.context["principal"] = principal_of(app.current_event.raw_event, chosen)
    elif route not in WITHOUT_TOKEN:
        raise no_route(app.request.method, app.current_event.path)
    return next_middleware(app)


def authorize(app: APIGatewayHttpResolver, next_middleware: Next) -> Response[str]:
    """Let a caller pass who has one of the route's roles."""
    route = _route(app)
    if route not in WITHOUT_TOKEN and not app.context["principal"].has(*RULES[route]):
        raise NotAllowedError(f"this is for {' or '.join(sorted(RULES[route]))} only")
    return next_middleware(app)


def no_route(method: str, path: str) -> NotFoundError | MethodNotAllowedError:
    """Say why nothing answers: the path is unknown, or known with other methods."""
    routes = (*RULES, *sorted(WITHOUT_TOKEN))
    allowed = sorted({known for known, route in routes if _pattern(route).fullmatch(path)} - {method})
    return MethodNotAllowedError(method, allowed=allowed) if allowed else NotFoundError(f"there is no {path}")


def _pattern(route: str) -> re.Pattern[str]:
    # Compiled when it is first needed: hardly any call misses all routes.
    return re.compile(re.sub(r"{\w+}", "[^/]+", route))


def _route(app: APIGatewayHttpResolver) -> tuple[str, str]:
    return app.request.method, app.request.route
