"""The programs that installing and building need, and the environments they run in."""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nightlatch.entrypoints.local.errors import ToolMissingError
from nightlatch.entrypoints.local.layout import Layout
from nightlatch.entrypoints.local.processes import run

_LOOPBACK = "127.0.0.1,localhost"


def require() -> None:
    """Raise ToolMissingError unless everything that must be there beforehand is."""
    uv()
    if not shutil.which("make"):
        raise ToolMissingError("`make` is not installed; SAM builds the layers with it (for example: apt install make)")


def uv() -> tuple[str, ...]:
    """Find uv: the one that runs us, one on the path, or one that pip installed."""
    found = os.environ.get("UV") or shutil.which("uv")
    if found:
        return (found,)
    if importlib.util.find_spec("uv"):
        return (sys.executable, "-m", "uv")
    raise ToolMissingError("`uv` is not installed; get it with: python3 -m pip install uv")


def python_version() -> str:
    """Name the running interpreter's version, as in `3.11`: emulator, functions and layers all use the same."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def architecture() -> str:
    """Name this machine as Lambda does."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def wheel_platform() -> str:
    """Name this machine as uv's `--python-platform` does."""
    machine = "aarch64" if architecture() == "arm64" else "x86_64"
    return f"{machine}-apple-darwin" if sys.platform == "darwin" else f"{machine}-manylinux_2_28"


def child_environment(**ours: str) -> dict[str, str]:
    """Take our environment without what steers AWS tools or Python: a person's profile must not leak into the stack.

    Proxies, certificates and package indexes of the person stay, for downloads need them.
    """
    foreign = ("AWS_", "SAM_", "PYTHON", "VIRTUAL_ENV", "UV_PROJECT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    without_proxy = {name: _joined(kept.get(name), _LOOPBACK) for name in ("NO_PROXY", "no_proxy")}
    return {**kept, **without_proxy, **ours}


def bare_environment(home: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """Make an environment of almost nothing, for what passes its whole environment on to the functions it runs."""
    return {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", **ours}


def install(environment: Path, requirements: Sequence[str], *, layout: Layout) -> None:
    """Make a virtual environment that holds exactly the requirements, unless it is there already."""
    marker, wanted = environment / "requirements.txt", "\n".join((f"python=={python_version()}", *requirements))
    if marker.exists() and marker.read_text() == wanted:
        return
    python = str(environment / "bin" / "python")
    name = environment.name
    for command in (
        (*uv(), "venv", "--clear", "--quiet", "--python", sys.executable, str(environment)),
        (*uv(), "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *requirements),
    ):
        run(f"install {name}", command, environment=child_environment(), log=layout.log(name), directory=layout.home)
    marker.write_text(wanted)


def _joined(known: str | None, more: str) -> str:
    return f"{known},{more}" if known else more
