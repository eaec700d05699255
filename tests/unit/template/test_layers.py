"""The layers hold what the lock says, and of our package what Lambda runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import get_session

from nightlatch.adapters.pdf import fonts

LAYERS = ("dependencies", "typesetting")
"""Those with packages of others."""

UNCHECKED_HASH = (1).to_bytes(4, "little")
"""A .pyc file's flags (PEP 552)."""


def make(layer: Path, target: str, **variables: str) -> str:
    command = ["make", "--silent", "--no-print-directory", "--directory", str(layer), target]
    arguments = [f"{name}={value}" for name, value in variables.items()]
    # Of a make around this one, nothing may be inherited: its flags would be obeyed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    made = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True, env=environment)
    return made.stdout + made.stderr


def build_core(root: Path, folder: Path, *, python: str) -> str:
    variables = {"ARTIFACTS_DIR": str(folder), "NIGHTLATCH_LAYER_PYTHON": python}
    return make(root / "layers" / "core", "build-CoreLayer", **variables)


def aws_services(root: Path) -> list[str]:
    makefile = (root / "layers" / "dependencies" / "Makefile").read_text()
    services: str = re.findall(r"^AWS_SERVICES := (.+)$", makefile, flags=re.MULTILINE)[0]
    return services.split()


def trim(root: Path, data: Path, *services: str) -> None:
    script = root / "layers" / "dependencies" / "trim_botocore.py"
    subprocess.run([sys.executable, str(script), str(data), *services], check=True, capture_output=True)


def data_of(*services: str, folder: Path) -> Path:
    """Copy botocore's data, but of the services only some."""
    stock = Path(botocore.__file__).parent / "data"
    others = {path.name for path in stock.iterdir() if path.is_dir()} - {*services}
    return Path(shutil.copytree(stock, folder, ignore=shutil.ignore_patterns(*others)))


def endpoints(services: list[str], *, data: Path | None = None) -> dict[str, str]:
    session = get_session()
    if data:
        loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return {service: session.create_client(service, "eu-central-1").meta.endpoint_url for service in services}


def undocumented(root: Path, botocore_folder: Path) -> subprocess.CompletedProcess[str]:
    script = root / "layers" / "dependencies" / "undocument_botocore.py"
    return subprocess.run(
        [sys.executable, str(script), str(botocore_folder)], check=False, capture_output=True, text=True
    )


def requirements_of(root: Path, layer: str) -> str:
    return (root / "layers" / layer / "requirements.txt").read_text()


@pytest.fixture(scope="module")
def requirements(root: Path) -> str:
    return requirements_of(root, "dependencies")


@pytest.mark.parametrize("layer", LAYERS)
def test_the_requirements_are_what_the_lock_says(root: Path, layer: str) -> None:
    if not (root / "uv.lock").exists():
        pytest.skip("there is no uv.lock to compare with: run uv sync")

    assert make(root / "layers" / layer, "print-requirements") == requirements_of(root, layer)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_requirement_is_pinned_and_hashed(root: Path, layer: str) -> None:
    requirements = requirements_of(root, layer)
    pins = [line for line in requirements.splitlines() if line and line[0] not in "# "]

    assert pins
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)? \\", pin) for pin in pins)
    assert requirements.count("    --hash=sha256:") >= len(pins)


def test_the_layer_brings_its_own_botocore_and_no_boto3(requirements: str) -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", requirements, flags=re.MULTILINE))

    assert names.isdisjoint({"boto3", "s3transfer"})
    assert {
        "aws-lambda-powertools",
        "botocore",
        "itsdangerous",
        "pg8000",
        "pydantic",
        "pynamodb",
        "tzdata",
        "urllib3",
    } <= names


def test_the_typesetting_layer_brings_each_family_of_the_fonts(root: Path) -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", requirements_of(root, "typesetting"), flags=re.MULTILINE))

    assert {package.replace("_", "-") for package in fonts.PACKAGES.values()} | {"typst", "fonttools"} <= names


def test_no_package_is_in_two_layers(root: Path) -> None:
    """Who comes first would win, whatever its version."""
    one, other = (set(re.findall(r"^([a-z0-9-]+)==", requirements_of(root, layer), re.MULTILINE)) for layer in LAYERS)

    assert one.isdisjoint(other)


def test_the_layer_has_the_data_of_just_the_services_that_are_called(root: Path) -> None:
    wiring = (root / "layers" / "core" / "nightlatch" / "bootstrap").glob("*.py")
    called = {name for module in wiring for name in re.findall(r"aws\.client\(\"([a-z0-9-]+)\"", module.read_text())}

    assert called | {"dynamodb"} == set(aws_services(root))


def test_a_client_of_each_service_is_made_of_the_trimmed_data(root: Path, tmp_path: Path) -> None:
    services = aws_services(root)
    data = data_of(*services, "s3", "ec2", folder=tmp_path / "data")
    trim(root, data, *services)

    assert endpoints(services, data=data) == endpoints(services)
    assert {path.name for path in data.iterdir() if path.is_dir()} == {*services}


def test_a_service_that_botocore_does_not_know_breaks_the_build(root: Path, tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        trim(root, tmp_path, "dynamo")


def botocore_in(folder: Path) -> Path:
    """Copy botocore, with the data of DynamoDB alone."""
    stock = Path(botocore.__file__).parent
    copied = shutil.copytree(stock, folder / "botocore", ignore=shutil.ignore_patterns("data", "__pycache__"))
    data_of("dynamodb", folder=copied / "data")
    return Path(copied)


USED = """
import sys, botocore, botocore.session
client = botocore.session.get_session().create_client("dynamodb", "eu-central-1")
client.get_paginator("query"), client.get_waiter("table_exists")
print(botocore.__file__, client.query.__doc__, "html.parser" in sys.modules)
"""


def test_clients_paginators_and_waiters_are_made_without_docstrings(root: Path, tmp_path: Path) -> None:
    package = botocore_in(tmp_path)
    undocumented(root, package).check_returncode()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    used = subprocess.run([sys.executable, "-c", USED], check=True, capture_output=True, text=True, env=environment)

    assert used.stdout.split() == [str(package / "__init__.py"), "None", "False"]


def test_a_botocore_with_other_docstrings_breaks_the_build(root: Path, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "docstring.py").write_text("class LazyLoadedDocstring: ...\nclass AnotherDocstring: ...\n")

    refused = undocumented(root, tmp_path)

    assert refused.returncode
    assert "AnotherDocstring" in refused.stderr
    assert (docs / "docstring.py").read_text().startswith("class LazyLoadedDocstring")


@pytest.mark.parametrize("layer", LAYERS)
def test_the_requirements_name_no_address_and_no_path(root: Path, layer: str) -> None:
    requirements = requirements_of(root, layer)

    assert "://" not in requirements
    assert not re.search(r"(^|\s)/", requirements)
    assert not re.search(r"^--?\w", requirements, flags=re.MULTILINE)


def test_the_core_layer_is_our_package_without_what_a_laptop_runs(root: Path, tmp_path: Path) -> None:
    # No Python is version 0.0, so nothing is compiled, and only sources are compared.
    build_core(root, tmp_path, python="0.0")

    built = {path.relative_to(tmp_path / "python") for path in tmp_path.rglob("*") if path.is_file()}

    assert Path("nightlatch/__init__.py") in built
    assert not [path for path in built if {"cli", "local", "__pycache__"} & set(path.parts)]
    assert {path.suffix for path in built} <= {
        *(".py", ".typed", ".typ", ".json", ".sql"),
        *(".html", ".css", ".js", ".svg", ".woff2", ".txt"),
    }


def test_the_core_layer_has_bytecode_that_is_never_checked_where_the_right_python_is_at_hand(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    build_core(root, tmp_path / "layer", python="{}.{}".format(*sys.version_info))

    compiled = [path.read_bytes() for path in (tmp_path / "layer").rglob("*.pyc")]

    assert len(compiled) == len(list((tmp_path / "layer").rglob("*.py")))
    assert {content[4:8] for content in compiled} == {UNCHECKED_HASH}


def test_a_build_without_the_right_python_says_that_there_is_no_bytecode(root: Path, tmp_path: Path) -> None:
    said = build_core(root, tmp_path, python="0.0")

    assert "the layer goes without bytecode" in said
    assert not list(tmp_path.rglob("*.pyc"))
