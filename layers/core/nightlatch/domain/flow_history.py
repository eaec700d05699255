"""What is different between two versions of an access flow, place by place."""

from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.value import Value


class Difference(Value):
    """One place (a JSON pointer) where two versions differ; None where one of them has nothing there."""

    pointer: str
    before: JsonValue
    after: JsonValue


def differences(before: FlowDefinition | None, after: FlowDefinition | None) -> list[Difference]:
    """List what was changed, in the order of the definition. Lists of names are told as a whole."""
    return list(_compared("", _json(before), _json(after)))


def _json(definition: FlowDefinition | None) -> dict[str, Any]:
    return definition.model_dump(mode="json") if definition else {}


def _compared(pointer: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _compared(f"{pointer}/{name}", before.get(name), after.get(name))
        return
    yield Difference(pointer=pointer, before=before, after=after)
