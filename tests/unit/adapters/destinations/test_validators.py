"""What an answer must hold before it counts as a yes."""

import json
import time
from typing import Any

import pytest

from nightlatch.adapters.destinations.validators import LARGEST_ANSWER, check_validators, unmet
from nightlatch.domain.destination import Validator
from nightlatch.domain.errors import InvalidInputError


def a_validator(path: str = "$.status", *expected: Any) -> Validator:
    return Validator(path=path, expected=expected or ("ok",))


@pytest.mark.parametrize(
    ("path", "expected", "answer"),
    [
        ("$.status", ("ok",), '{"status": "ok"}'),
        ("$.status", ("accepted", "ok"), '{"status": "ok"}'),
        ("$", ("ok",), '"ok"'),
        ("$['a key'][0]", (1,), '{"a key": [1]}'),
        ("$.items[-1:].code", (0,), '{"items": [{"code": 5}, {"code": 0}]}'),
        ("$..code", (0,), '{"items": [{"code": 0}]}'),
        ("$.items[?@.name == 'audit'].ok", (True,), '{"items": [{"name": "audit", "ok": true}]}'),
        ("$.count", (1,), '{"count": 1.0}'),
        ("$.count", (1.0,), '{"count": 1}'),
        ("$.error", (None,), '{"error": null}'),
        ("$.both", ({"b": 1, "a": [2]},), '{"both": {"a": [2], "b": 1}}'),
    ],
)
def test_an_answer_with_an_expected_value_at_the_path_is_a_yes(
    path: str, expected: tuple[Any, ...], answer: str
) -> None:
    check_validators([a_validator(path, *expected)])
    assert unmet([a_validator(path, *expected)], answer.encode()) == ""


@pytest.mark.parametrize(
    ("path", "expected", "answer"),
    [
        ("$.status", ("ok",), '{"status": "no"}'),
        ("$.status", ("ok",), "{}"),
        ("$.status", (None,), "{}"),
        ("$.ok", (True,), '{"ok": 1}'),
        ("$.ok", (1,), '{"ok": true}'),
        ("$.ok", (1,), '{"ok": "1"}'),
        ("$.status", ("ok",), '"status"'),
        ("$.size", (1,), '{"size": 1e999}'),
    ],
)
def test_another_answer_is_a_no_that_names_the_path(path: str, expected: tuple[Any, ...], answer: str) -> None:
    assert unmet([a_validator(path, *expected)], answer.encode()) == f"{path} holds none of the expected values"


def test_every_validator_must_be_met() -> None:
    both = [a_validator("$.a", 1), a_validator("$.b", 2)]
    assert unmet(both, b'{"a": 1, "b": 2}') == ""
    assert unmet(both, b'{"a": 1, "b": 3}') == "$.b holds none of the expected values"


def test_without_validators_any_answer_will_do() -> None:
    assert unmet([], b"<html>") == ""


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\xff", b"[" * 60_000, b"9" * 5000])
def test_what_is_not_json_is_a_no(answer: bytes) -> None:
    assert unmet([a_validator()], answer) == "the answer is not JSON"


@pytest.mark.parametrize(
    "path",
    [
        "status",
        "",
        "$.",
        " $.a",
        "$.a | $.b",
        "$.~a",
        "$[?match(@.a, '(a+)+$')]",
        "$[?search(@.a, @.b)]",
        "$[?length(@.a) == 1]",
        "$[0,0][0,0]",
        "$..a..b",
        "$[?@..a]",
        "$[?@.a && ($.b || !@.*)]",
        "$[?" + "(" * 400,
        "$[99999999999999999999]",
    ],
)
def test_a_path_that_is_none_or_has_no_bounded_price_is_refused(path: str) -> None:
    refused = Validator.model_construct(path=path, expected=("ok",))
    with pytest.raises(InvalidInputError) as raised:
        check_validators([a_validator(), refused])
    assert [fault.pointer for fault in raised.value.faults] == ["/validators/1/path"]


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 900 + "]" * 900,
        json.dumps([0] * 20_000),
        json.dumps([{"a": {"a": {"a": []}}}] * 2_500),
        '{"a":' * 90 + json.dumps([1] * 20_000) + "}" * 90,
    ],
    ids=["deep", "long", "bushy", "deep and long"],
)
@pytest.mark.parametrize("path", ["$..*[*][?@.a == $.a]", "$..[?@.a && @ != $[0]]", "$..a"])
def test_no_answer_takes_long(path: str, answer: str) -> None:
    """G2: what an answer holds cannot make looking at it costly."""
    check_validators([a_validator(path)])
    began = time.process_time()
    assert unmet([a_validator(path)], answer.encode()) != ""
    assert time.process_time() - began < 5


def test_a_long_answer_is_not_even_read() -> None:
    assert "longer than" in unmet([a_validator("$", "ok")], b" " * LARGEST_ANSWER + b'"ok"')
