"""What an event tells of its call: what was sent, bounded, and no secret of it."""

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from nightlatch.entrypoints.api import bodies
from nightlatch.entrypoints.api.bodies.base import Body
from nightlatch.entrypoints.api.told_calls import LARGEST, LONGEST_PARAMETER, MOST_PARAMETERS, is_secret, told_call

SECRET = "hunter2-hunter2"
TEXT = st.text(max_size=300)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=80,
)
SECRET_NAMES = (
    "secret",
    "client_secret",
    "password",
    "Passphrase",
    "api-key",
    "apiKey",
    "accessToken",
    "private_key",
    "code",
)


def told(body: object = None, *, query: str = "", referer: str = "") -> dict[str, Any]:
    return told_call(method="POST", path="/v1/requests", query=query, referer=referer, body=body)


def test_a_call_is_told_with_its_bodys_fields_by_their_pointers() -> None:
    body = {"integration": "orders-db", "items": [{"resource": "orders", "a/b": 1}], "dry": False, "nothing": None}

    assert told(body, query="x=1", referer="https://console.example.com/requests") == {
        "method": "POST",
        "path": "/v1/requests",
        "query": "x=1",
        "referer": "https://console.example.com/requests",
        "parameters": {"/integration": "orders-db", "/items/0/resource": "orders", "/items/0/a~1b": 1, "/dry": False},
    }


def test_a_call_without_a_body_has_no_parameters() -> None:
    assert told() == {"method": "POST", "path": "/v1/requests"}


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("value", [SECRET, [SECRET], {"of": {"deep": SECRET}}, {SECRET: 1}])
def test_what_is_named_like_a_secret_is_not_told_whatever_it_holds(name: str, value: object) -> None:
    assert SECRET not in json.dumps(told({"settings": {name: value}}))
    assert told({name: SECRET})["parameters"] == {f"/{name}": "[redacted]"}


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_in_a_query_or_a_referer_is_not_told(name: str) -> None:
    call = told(query=f"a=1&{name}={SECRET}", referer=f"https://console.example.com/?{name}={SECRET}&b=2")

    assert SECRET not in json.dumps(call)
    assert (call["query"][:4], call["referer"][-4:]) == ("a=1&", "&b=2")


def secret_fields(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.annotation is SecretStr]


def test_every_secret_field_of_every_body_is_named_like_one() -> None:
    for module in iter_modules(bodies.__path__):
        import_module(f"{bodies.__name__}.{module.name}")
    models = Body.__subclasses__()
    names = [name for model in models for name in secret_fields(model)]

    assert names
    assert all(map(is_secret, names))


@given(JSON)
def test_whatever_is_sent_what_is_told_of_it_is_bounded(body: object) -> None:
    parameters = told(body).get("parameters", {})

    assert len(parameters) <= MOST_PARAMETERS
    assert sum(len(name) + len(str(value)) for name, value in parameters.items()) <= LARGEST
    assert all(len(str(value)) <= LONGEST_PARAMETER for value in parameters.values() if isinstance(value, str))


def test_what_is_left_off_is_counted() -> None:
    assert told({"items": [*range(MOST_PARAMETERS + 3)]})["left_off"] == 3


@pytest.mark.parametrize(("size", "ends"), [(LONGEST_PARAMETER, "x"), (LONGEST_PARAMETER + 1, "…")])
def test_a_long_text_is_cut(size: int, ends: str) -> None:
    [text] = told({"justification": "x" * size})["parameters"].values()

    assert len(text) == LONGEST_PARAMETER
    assert text.endswith(ends)
