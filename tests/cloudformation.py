"""template.yaml as CloudFormation is told it, with its short forms (!Ref, !Sub …) written out.

cfn-lint reads it too, but takes seconds to load. What it alone would notice, it is run for.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]


class _TemplateLoader(yaml.CSafeLoader):
    """Reads the short forms of CloudFormation's functions."""


def _written_out(loader: _TemplateLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        assert isinstance(node, yaml.SequenceNode), f"!{name} of a mapping"
        value = loader.construct_sequence(node, deep=True)
    if name in {"Ref", "Condition"}:
        return {name: value}
    return {f"Fn::{name}": value.split(".") if name == "GetAtt" else value}


_TemplateLoader.add_multi_constructor("!", _written_out)


@cache
def template() -> dict[str, Any]:
    """Read the template, once: it is not to be changed."""
    read: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _TemplateLoader)
    return read
