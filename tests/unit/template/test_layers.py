"""The layers hold what the lock says, and of our package what Lambda runs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

BROUGHT_BY_THE_RUNTIME = {"boto3", "botocore", "s3transfer", "urllib3"}


def make(layer: Path, target: str, **variables: str) -> str:
    command = ["make", "--silent", "--no-print-directory", "--directory", str(layer), target]
    arguments = [f"{name}={value}" for name, value in variables.items()]
    # Of a make around this one, nothing may be inherited: its flags would be obeyed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(scope="module")
def requirements(root: Path) -> str:
    return (root / "layers" / "dependencies" / "requirements.txt").read_text()


def test_the_requirements_are_what_the_lock_says(root: Path, requirements: str) -> None:
    if not (root / "uv.lock").exists():
        pytest.skip("there is no uv.lock to compare with: run uv sync")

    assert make(root / "layers" / "dependencies", "print-requirements") == requirements


def test_every_requirement_is_pinned_and_hashed(requirements: str) -> None:
    pins = [line for line in requirements.splitlines() if line and line[0] not in "# "]

    assert pins
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)? \\", pin) for pin in pins)
    assert requirements.count("    --hash=sha256:") >= len(pins)


def test_what_the_runtime_brings_is_not_in_the_layer(requirements: str) -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", requirements, flags=re.MULTILINE))

    assert names.isdisjoint(BROUGHT_BY_THE_RUNTIME)
    assert {"aws-lambda-powertools", "itsdangerous", "jmespath", "pg8000", "pydantic", "pynamodb", "tzdata"} <= names


def test_the_requirements_name_no_address_and_no_path(requirements: str) -> None:
    assert "://" not in requirements
    assert not re.search(r"(^|\s)/", requirements)
    assert not re.search(r"^--?\w", requirements, flags=re.MULTILINE)


def test_the_core_layer_is_our_package_without_what_a_laptop_runs(root: Path, tmp_path: Path) -> None:
    core = root / "layers" / "core"
    # No Python is version 0.0, so nothing is compiled, and only sources are compared.
    make(core, "build-CoreLayer", ARTIFACTS_DIR=str(tmp_path), NIGHTLATCH_LAYER_PYTHON="0.0")

    built = {path.relative_to(tmp_path / "python") for path in tmp_path.rglob("*") if path.is_file()}

    assert Path("nightlatch/__init__.py") in built
    assert not [path for path in built if {"cli", "local", "__pycache__"} & set(path.parts)]
    assert {path.suffix for path in built} <= {".py", ".typed", ".json", ".sql"}
