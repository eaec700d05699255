"""The HTTP API: which function answers what, and that nothing but /healthz and the console answers a stranger."""

from typing import Any

import pytest

ROUTES = {
    "AccessRequests": {
        "ANY /v1/{proxy+}",
        "GET /healthz",
        "GET /v1/catalog",
        "GET /v1/people",
        "GET /v1/requests",
        "GET /v1/requests/{id}",
        "GET /v1/requests/{id}/timeline",
        "GET /v1/whoami",
        "POST /v1/bundles",
        "POST /v1/dry-runs",
        "POST /v1/people/{id}/stop",
        "POST /v1/requests",
        "POST /v1/requests/{id}/ask-again",
        "POST /v1/requests/{id}/cancel",
        "POST /v1/requests/{id}/close",
        "POST /v1/requests/{id}/credentials",
        "POST /v1/requests/{id}/extend",
        "POST /v1/requests/{id}/return",
        "POST /v1/requests/{id}/revoke",
        "POST /v1/revocations",
        "POST /v1/sign-out",
    },
    "Approvals": {
        "GET /v1/approvals",
        "POST /v1/requests/{id}/approve",
        "POST /v1/requests/{id}/reject",
    },
    "AccessFlows": {
        "DELETE /v1/flows/{id}",
        "GET /v1/flows",
        "GET /v1/flows/{id}",
        "GET /v1/flows/{id}/versions",
        "PUT /v1/flows/{id}",
    },
    "Integrations": {
        "GET /v1/integrations",
        "GET /v1/integrations/{id}",
        "POST /v1/integrations",
        "POST /v1/integrations/{id}/check",
        "POST /v1/integrations/{id}/scan",
    },
    "Audit": {
        "GET /v1/audit",
        "GET /v1/audit/entries",
        "GET /v1/audit/entries/{id}",
        "GET /v1/audit/key",
        "GET /v1/audit/seals",
    },
    "Ingestion": {
        "POST /v1/audit/entries",
    },
    "Settings": {
        "GET /v1/settings/anomalies",
        "GET /v1/settings/audit",
        "PUT /v1/settings/anomalies",
        "PUT /v1/settings/audit",
    },
    "Anomalies": {
        "DELETE /v1/alert-rules/{id}",
        "GET /v1/alert-rules",
        "GET /v1/alert-rules/{id}",
        "GET /v1/anomalies",
        "GET /v1/anomalies/replays/{id}",
        "GET /v1/anomalies/{id}",
        "POST /v1/alert-rules",
        "POST /v1/anomalies/replays",
        "POST /v1/anomalies/{id}/acknowledge",
        "POST /v1/anomalies/{id}/resolve",
        "POST /v1/anomalies/{id}/revoke",
        "PUT /v1/alert-rules/{id}",
    },
    "Destinations": {
        "DELETE /v1/destinations/{id}",
        "GET /v1/destinations",
        "GET /v1/destinations/{id}",
        "GET /v1/destinations/{id}/deliveries",
        "POST /v1/destinations",
        "POST /v1/destinations/{id}/disable",
        "POST /v1/destinations/{id}/enable",
        "POST /v1/destinations/{id}/replay",
        "POST /v1/destinations/{id}/rotate-secret",
        "POST /v1/destinations/{id}/test",
        "PUT /v1/destinations/{id}",
    },
    "Configuration": {"ANY /configuration/{proxy+}"},
    "Oversight": {"ANY /oversight/{proxy+}"},
    "Console": {
        "ANY /{proxy+}",
        "GET /",
    },
    "Exports": {
        "GET /v1/audit/export",
        "GET /v1/audit/exports/{id}",
    },
}

Resources = dict[str, dict[str, Any]]


def routes(resources: Resources) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources.values() if each["Type"] == "AWS::ApiGatewayV2::Route"]


def test_the_routes_are_these(resources: Resources) -> None:
    keys = sorted(route["RouteKey"] for route in routes(resources))

    assert keys == sorted(key for group in ROUTES.values() for key in group)


@pytest.mark.parametrize("function", ROUTES)
def test_a_function_answers_its_routes(resources: Resources, function: str) -> None:
    target = {"Fn::Sub": f"integrations/${{{function}Integration}}"}

    assert {route["RouteKey"] for route in routes(resources) if route["Target"] == target} == ROUTES[function]


@pytest.mark.parametrize("function", ROUTES)
def test_the_api_may_call_the_function_and_speaks_payload_2(resources: Resources, function: str) -> None:
    integration = resources[f"{function}Integration"]["Properties"]
    permission = resources[f"{function}Permission"]["Properties"]

    assert integration["IntegrationUri"] == {"Fn::GetAtt": [f"{function}Function", "Arn"]}
    assert integration["PayloadFormatVersion"] == "2.0"
    assert permission["FunctionName"] == {"Ref": f"{function}Function"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")


def test_every_route_but_healthz_and_the_console_needs_a_token(resources: Resources) -> None:
    unguarded = {
        route["RouteKey"]
        for route in routes(resources)
        if (route["AuthorizationType"], route.get("AuthorizerId")) != ("JWT", {"Ref": "Authorizer"})
    }

    assert unguarded == {
        "GET /healthz",
        "GET /",
        "ANY /{proxy+}",
        "ANY /oversight/{proxy+}",
        "ANY /configuration/{proxy+}",
    }


def test_tokens_are_those_of_the_issuer_or_of_the_own_user_pool(resources: Resources) -> None:
    jwt = resources["Authorizer"]["Properties"]["JwtConfiguration"]
    own_pool = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${UserPool}"}

    assert jwt["Issuer"] == {"Fn::If": ["OwnUserPool", own_pool, {"Ref": "Issuer"}]}
    own_clients = {"Fn::Sub": "${UserPoolClient},${ServiceClient}"}
    people_and_service = {"Fn::If": ["OwnUserPool", own_clients, {"Ref": "Audience"}]}
    more_services = {"Fn::If": ["MoreServices", {"Ref": "ServiceClients"}, {"Ref": "AWS::NoValue"}]}
    assert jwt["Audience"] == {"Fn::Split": [",", {"Fn::Join": [",", [people_and_service, more_services]]}]}


def test_a_person_cannot_sign_in_where_a_service_does(resources: Resources) -> None:
    client = resources["ServiceClient"]["Properties"]

    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthScopes"] == [{"Fn::Sub": "${ApiResourceServer}/call"}]
