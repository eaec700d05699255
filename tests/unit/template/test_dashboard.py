"""The dashboard: what is promised stands first, and nothing that alarms is missing from it."""

import json
import re
from typing import Any

import pytest

Resources = dict[str, dict[str, Any]]
Widget = dict[str, Any]


@pytest.fixture(scope="session")
def widgets(resources: Resources) -> list[Widget]:
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[Widget] = json.loads(body)["widgets"]
    return found


def metrics_of(widgets: list[Widget]) -> list[list[str]]:
    """List the metrics of graphs in full: "." repeats what stands above it, "..." all but the last."""
    found: list[list[str]] = []
    for widget in widgets:
        above: list[str] = []
        for row in widget["properties"].get("metrics", []):
            words = [word for word in row if isinstance(word, str)]
            if words[0] == "...":
                words = [*above[: -len(words) + 1], *words[1:]]
            above = [above[position] if word == "." else word for position, word in enumerate(words)]
            found.append(above)
    return found


def test_the_first_row_is_what_is_promised(widgets: list[Widget]) -> None:
    first = [widget for widget in widgets if widget["type"] == "metric" and widget["y"] == 1]

    assert [metric[1] for metric in metrics_of(first)] == [
        "OldestOverdueSeconds",
        "5xx",
        "Count",
        "IteratorAge",
        "OldestUnsealedSeconds",
    ]
    assert all(widget["properties"]["annotations"]["horizontal"] for widget in first)


def test_widgets_lie_beside_each_other_and_none_on_another(widgets: list[Widget]) -> None:
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_every_alarm_has_its_graph(resources: Resources, widgets: list[Widget]) -> None:
    shown = {(metric[0], metric[1], metric[3]) for metric in metrics_of(widgets)}

    for name, each in resources.items():
        if each["Type"] == "AWS::CloudWatch::Alarm":
            alarm = each["Properties"]
            [dimension] = alarm["Dimensions"]
            names = names_of(dimension["Value"], resources)
            assert any((alarm["Namespace"], alarm["MetricName"], each) in shown for each in names), name


def test_every_function_shows_its_errors_and_how_long_it_takes(resources: Resources, widgets: list[Widget]) -> None:
    shown = {(metric[1], metric[3]) for metric in metrics_of(widgets) if metric[0] == "AWS/Lambda"}

    for name, each in resources.items():
        if each["Type"] == "AWS::Serverless::Function":
            names = names_of({"Ref": name}, resources)
            assert {metric for metric, function in shown if function in names} >= {"Errors", "Duration"}, name


def test_every_graph_is_of_something_that_exists(resources: Resources, widgets: list[Widget]) -> None:
    names = {each["Properties"].get("FunctionName", {}).get("Fn::Sub") for each in resources.values()}

    for metric in metrics_of(widgets):
        [name] = re.findall(r"\$\{(\w+)", metric[-1])
        assert name in resources or metric[-1] in names


def names_of(value: dict[str, Any], resources: Resources) -> set[str]:
    """Write a Ref or a GetAtt as Fn::Sub does. Of what may not be there (a condition) only its name can be written."""
    match value:
        case {"Ref": name}:
            said = resources[name]["Properties"].get("FunctionName", {}).get("Fn::Sub")
            return {f"${{{name}}}", said or f"${{{name}}}"}
        case {"Fn::GetAtt": [name, attribute]}:
            return {f"${{{name}.{attribute}}}"}
    raise AssertionError(value)
