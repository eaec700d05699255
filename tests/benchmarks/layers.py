"""The layers as they are deployed, built for the interpreter that measures: trimmed, and with bytecode."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from nightlatch.entrypoints.local.tools import python_version, wheel_platform

ROOT = Path(__file__).parents[2]


def python_path() -> str:
    """Say where Lambda finds what is in the layers."""
    return f"{_built().name}/python"


@cache
def _built() -> "TemporaryDirectory[str]":
    """Build both layers, once; the folder goes with the process."""
    folder = TemporaryDirectory(prefix="nightlatch-layers-")
    variables = {
        "ARTIFACTS_DIR": folder.name,
        "NIGHTLATCH_LAYER_PYTHON": python_version(),
        "NIGHTLATCH_LAYER_PLATFORM": wheel_platform(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for layer, target in (("dependencies", "build-DependenciesLayer"), ("core", "build-CoreLayer")):
        command = ["make", "--silent", "--directory", str(ROOT / "layers" / layer), target]
        subprocess.run(command, env={**os.environ, **variables}, check=True, capture_output=True)
    return folder
