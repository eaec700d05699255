"""docs/access-flows.md shows a flow that can be applied, with everything that a flow can say."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel

from nightlatch.domain.access_flow import FlowDefinition

PAGE = (Path(__file__).parents[3] / "docs" / "access-flows.md").read_text()
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def definition() -> FlowDefinition:
    document = yaml.safe_load(EXAMPLE)
    return FlowDefinition.model_validate({name: value for name, value in document.items() if name != "id"})


def parts(part: object) -> Iterator[BaseModel]:
    if isinstance(part, BaseModel):
        yield part
        for _, value in part:
            yield from parts(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from parts(value)


def test_the_example_is_a_valid_flow() -> None:
    assert definition().name == "Production orders"


def test_the_example_says_everything_that_a_flow_can_say() -> None:
    said: dict[type[BaseModel], set[str]] = defaultdict(set)
    for part in parts(definition()):
        said[type(part)] |= part.model_fields_set

    assert {kind.__name__: fields for kind, fields in said.items()} == {
        kind.__name__: set(kind.model_fields) for kind in said
    }
    assert len(said) > 10
