"""Read what the functions logged, from the emulator's CloudWatch Logs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from nightlatch.domain.value import Value
from nightlatch.entrypoints.local import aws
from nightlatch.entrypoints.local.errors import LocalStackError

_POLL_SECONDS = 1.0


class LogLine(Value):
    """One line that a function wrote."""

    at: datetime
    function: str
    text: str


def read(stack: str, *, port: int, function: str | None, follow: bool) -> Iterator[LogLine]:
    """Give the lines so far, oldest first, then for ever the new ones if `follow`."""
    logs = aws.client("logs", port=port)
    prefix = f"/aws/lambda/{stack}-"
    given: set[LogLine] = set()  # the emulator's events have no ids
    while True:
        lines = [
            _line(group.removeprefix(prefix), event)
            for group in _groups(logs, prefix, function)
            for event in _events(logs, group)
        ]
        yield from sorted((line for line in lines if line not in given), key=lambda line: line.at)
        given.update(lines)
        if not follow:
            return
        time.sleep(_POLL_SECONDS)


def _groups(logs: Any, prefix: str, function: str | None) -> list[str]:
    found = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    names = [group["logGroupName"] for group in found]
    if function is None:
        return names
    wanted = prefix + function.replace("_", "-")
    if wanted not in names:
        known = ", ".join(name.removeprefix(prefix) for name in names)
        raise LocalStackError(f"no function {function!r} in this stack; there are: {known}")
    return [wanted]


def _events(logs: Any, group: str) -> Iterator[Any]:
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from page["events"]


def _line(function: str, event: Any) -> LogLine:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, tz=UTC)
    return LogLine(at=at, function=function, text=event["message"].rstrip("\n"))
