"""The template, read as text: what CloudFormation will be told."""

from pathlib import Path
from typing import Any

import pytest

from tests import cloudformation


@pytest.fixture(scope="session")
def root() -> Path:
    return cloudformation.ROOT


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return cloudformation.template()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def functions(resources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The functions' properties, by the name of their folder."""
    return {
        Path(resource["Properties"]["CodeUri"]).name: resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
