"""The user pool's trigger: what a token says of a person, beside who they are."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


@pytest.fixture
def handler(root: Path) -> Handler:
    spec = importlib.util.spec_from_file_location("token_claims_app", root / "functions" / "token_claims" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


@pytest.fixture
def event(root: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((root / "events" / "token_claims.json").read_text())
    return parsed


def test_the_access_token_gets_the_name_and_the_address(handler: Handler, event: dict[str, Any]) -> None:
    answer = handler(event, None)

    assert answer["response"] == {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"name": "Maya Cohen", "email": "maya@example.com"},
            }
        }
    }


def test_what_a_person_lacks_is_left_out(handler: Handler, event: dict[str, Any]) -> None:
    del event["request"]["userAttributes"]["name"]
    event["request"]["userAttributes"]["email"] = ""

    answer = handler(event, None)

    details = answer["response"]["claimsAndScopeOverrideDetails"]
    assert details["accessTokenGeneration"]["claimsToAddOrOverride"] == {}


def test_the_request_comes_back_as_it_was(handler: Handler, event: dict[str, Any]) -> None:
    before = json.loads(json.dumps(event["request"]))

    assert handler(event, None)["request"] == before
