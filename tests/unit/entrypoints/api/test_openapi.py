"""The OpenAPI document: committed, complete, and true to the code and to the template."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from nightlatch.entrypoints.api.authorization import RULES, WITHOUT_TOKEN
from nightlatch.entrypoints.api.openapi import FUNCTIONS, document, load_function, operations
from tests.cloudformation import template
from tests.functions.client import ROOT

NOT_OF_THE_API = {
    "ANY /v1/{proxy+}",
    "GET /",
    "ANY /{proxy+}",
    "ANY /oversight/{proxy+}",
    "ANY /configuration/{proxy+}",
}
"""What answers that there is no such route, and the console."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(ROOT / "functions")


def test_the_committed_document_is_what_the_code_says(described: dict[str, Any]) -> None:
    """To renew it: the command in the docstring of `nightlatch.entrypoints.api.openapi`."""
    committed = files("nightlatch.entrypoints.api").joinpath("openapi.json").read_text()

    assert committed == json.dumps(described, indent=2) + "\n"


def test_it_describes_every_route(described: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(described)} == {*RULES, *WITHOUT_TOKEN}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', json.dumps(described)))

    assert references
    assert [name for kind, name in references if name not in described["components"][kind]] == []


def test_every_operation_is_named_once_and_says_what_it_does(described: dict[str, Any]) -> None:
    described_operations = [operation for *_, operation in operations(described)]

    assert len({operation["operationId"] for operation in described_operations}) == len(described_operations)
    assert all(operation["summary"].endswith(".") for operation in described_operations)


def test_every_operation_but_the_health_check_needs_a_token_and_says_whose(described: dict[str, Any]) -> None:
    assert described["security"] == [{"token": []}]
    for method, path, operation in operations(described):
        if (method, path) in WITHOUT_TOKEN:
            assert operation["security"] == []
        else:
            assert operation["x-roles"] == sorted(RULES[method, path])


def test_every_post_takes_an_idempotency_key(described: dict[str, Any]) -> None:
    for method, _, operation in operations(described):
        references = [parameter.get("$ref", "") for parameter in operation.get("parameters", [])]
        assert ("#/components/parameters/IdempotencyKey" in references) == (method == "POST")


def test_bodies_admit_no_unknown_field(described: dict[str, Any]) -> None:
    """C3: in the document too."""
    for *_, operation in operations(described):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
            assert described["components"]["schemas"][reference.rpartition("/")[2]]["additionalProperties"] is False


def test_no_answer_shows_a_secret(described: dict[str, Any]) -> None:
    assert "secret" not in json.dumps(described["components"]["schemas"]["IntegrationView"]).lower().replace(
        "its secret is not shown", ""
    )


def test_the_template_routes_each_path_to_the_function_that_answers_it() -> None:
    resources = template()["Resources"].values()
    routed = {
        (str(route["Properties"]["RouteKey"]), _function(route["Properties"]["Target"]["Fn::Sub"]))
        for route in resources
        if route["Type"] == "AWS::ApiGatewayV2::Route" and route["Properties"]["RouteKey"] not in NOT_OF_THE_API
    }
    answered = {
        (re.sub(r"{\w+}", "{id}", f"{route.method} {route.openapi_path}"), name)
        for name in FUNCTIONS
        for route in _routes(name)
    }

    assert routed == answered


def _routes(name: str) -> list[Any]:
    api = load_function(name, ROOT / "functions").api
    return list(api._static_routes + api._dynamic_routes)


def _function(target: str) -> str:
    name = target.removeprefix("integrations/${").removesuffix("Integration}")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
