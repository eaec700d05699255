"""Figures for CloudWatch: log lines in the embedded metric format, all under one name."""

import json
from collections.abc import Mapping
from datetime import datetime

NAMESPACE = "Nightlatch"


def embedded(figures: Mapping[str, int], *, at: datetime, function: str) -> str:
    """Write figures of a function as a log line that CloudWatch reads metrics from. Names say when they are seconds."""
    units = {name: "Seconds" if name.endswith("Seconds") else "Count" for name in figures}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["FunctionName"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    said = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": said, "FunctionName": function, **figures})
