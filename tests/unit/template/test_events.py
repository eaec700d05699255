"""The recorded events: at least one for every function, and each as AWS sends it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

Functions = dict[str, dict[str, Any]]
Resources = dict[str, dict[str, Any]]

EVENTS = Path(__file__).resolve().parents[3] / "events"
NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))


def read(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


WITHOUT_TOKEN = ("access_requests_health", "configuration_flows", "console_home", "oversight_activity")
HTTP = [name for name in NAMES if "requestContext" in read(name)]
STREAM = [name for name in NAMES if "dynamodb" in read(name).get("Records", [{}])[0]]


def function_of(name: str, functions: Functions) -> str:
    """Name the function that an event is for: its file begins with it."""
    return next(function for function in functions if name.startswith(f"{function}_") or name == function)


def test_every_function_has_an_event_and_every_event_a_function(functions: Functions) -> None:
    assert {function_of(name, functions) for name in NAMES} == set(functions)


@pytest.mark.parametrize("name", HTTP)
def test_an_http_event_is_one_of_a_route_of_its_function(name: str, functions: Functions, resources: Resources) -> None:
    function = function_of(name, functions)
    logical_id = "".join(word.capitalize() for word in function.split("_"))
    routes = {
        each["Properties"]["RouteKey"]: each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::ApiGatewayV2::Route"
    }

    route = routes[read(name)["routeKey"]]

    assert route["Target"] == {"Fn::Sub": f"integrations/${{{logical_id}Integration}}"}


@pytest.mark.parametrize("name", HTTP)
def test_an_http_event_agrees_with_itself(name: str) -> None:
    event = read(name)
    context = event["requestContext"]
    method, route = event["routeKey"].split(" ")

    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    assert context["routeKey"] == event["routeKey"]
    assert context["http"]["path"] == event["rawPath"]
    assert context["http"]["method"] == method or method == "ANY"
    parameters = event.get("pathParameters", {})
    assert event["rawPath"] == route.replace("{proxy+}", "{proxy}").format(**parameters)
    assert all(header == header.lower() for header in event["headers"])
    if "body" in event:
        assert isinstance(json.loads(event["body"]), dict)
        assert event["headers"]["content-length"] == str(len(event["body"].encode()))


@pytest.mark.parametrize("name", [name for name in HTTP if name not in WITHOUT_TOKEN])
def test_claims_are_text_and_groups_a_list_in_brackets_as_the_authorizer_sends_them(name: str) -> None:
    jwt = read(name)["requestContext"]["authorizer"]["jwt"]

    assert all(isinstance(claim, str) for claim in jwt["claims"].values())
    is_machine = jwt["claims"]["sub"] == jwt["claims"]["client_id"]
    assert is_machine or jwt["claims"]["cognito:groups"].startswith("[")
    assert jwt["scopes"] is None


@pytest.mark.parametrize("name", WITHOUT_TOKEN)
def test_nobody_has_a_token_who_asks_for_health_or_for_a_page(name: str) -> None:
    event = read(name)

    assert "authorizer" not in event["requestContext"]
    assert "authorization" not in event["headers"]


@pytest.mark.parametrize("name", STREAM)
def test_a_stream_event_passes_the_filter_of_its_function(name: str, functions: Functions) -> None:
    events = functions[function_of(name, functions)]["Events"].values()
    [stream] = [event["Properties"] for event in events if event["Type"] == "DynamoDB"]
    [only] = stream["FilterCriteria"]["Filters"]

    assert all(matches(json.loads(only["Pattern"]), record) for record in read(name)["Records"])


@pytest.mark.parametrize("name", STREAM)
def test_a_stream_record_has_its_keys_in_its_image(name: str) -> None:
    for record in read(name)["Records"]:
        change = record["dynamodb"]
        is_ledger = change["Keys"]["pk"]["S"].startswith("0#")
        assert change["StreamViewType"] == ("NEW_IMAGE" if is_ledger else "NEW_AND_OLD_IMAGES")
        assert change["Keys"].items() <= change["NewImage"].items()
        assert ("OldImage" in change) == (record["eventName"] == "MODIFY")


@pytest.mark.parametrize(
    "function", ["anomaly_detection", "expiry", "ledger", "retention", "sealing", "webhook_delivery"]
)
def test_the_sweep_event_is_what_the_schedule_sends(function: str, functions: Functions) -> None:
    assert read(f"{function}_sweep") == json.loads(functions[function]["Events"]["Sweep"]["Properties"]["Input"])


def test_a_message_of_the_queue_names_a_destination_and_nothing_else() -> None:
    [record] = read("webhook_delivery_rung")["Records"]

    assert record["eventSource"] == "aws:sqs"
    assert list(json.loads(record["body"])) == ["destination"]


def test_the_wake_event_names_a_request_and_nothing_else() -> None:
    event = read("expiry_wake")

    assert list(event) == ["request_id"]
    assert re.fullmatch(r"req_[0-9a-v]{26}", event["request_id"])


def test_the_integration_event_names_an_integration_and_nothing_else() -> None:
    assert list(read("expiry_integration")) == ["integration"]


def matches(pattern: dict[str, Any], record: dict[str, Any]) -> bool:
    """Judge a record by a filter made of exact values and prefixes, as Lambda does."""
    for key, wanted in pattern.items():
        found = record.get(key)
        if isinstance(wanted, dict):
            if not isinstance(found, dict) or not matches(wanted, found):
                return False
        elif not any(found == each if isinstance(each, str) else _begins(found, each) for each in wanted):
            return False
    return True


def _begins(found: Any, wanted: dict[str, str]) -> bool:
    return isinstance(found, str) and found.startswith(wanted["prefix"])
