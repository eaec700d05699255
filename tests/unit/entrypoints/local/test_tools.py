"""What programs are run with: nothing of the person's AWS or Python settings, all of their network's."""

from pathlib import Path

import pytest

from nightlatch.entrypoints.local import tools
from nightlatch.entrypoints.local.errors import ToolMissingError
from nightlatch.entrypoints.local.layout import layout


def test_a_persons_profile_and_python_settings_do_not_leak_into_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "SAM_CLI_BETA", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "x")
    assert not [name for name in tools.child_environment() if name.startswith(("AWS_", "SAM_", "PYTHON", "VIRTUAL"))]


def test_downloads_keep_the_persons_proxy_but_the_stack_is_never_proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    environment = tools.child_environment(ours="this")
    assert environment["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert environment["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"
    assert environment["ours"] == "this"


def test_the_emulator_inherits_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PERSON", "x")
    assert tools.bare_environment(tmp_path, {"AUTH": "true"}).keys() == {"PATH", "HOME", "LANG", "AUTH"}


@pytest.mark.parametrize(
    ("machine", "system", "architecture", "wheels"),
    [
        ("x86_64", "linux", "x86_64", "x86_64-manylinux_2_28"),
        ("aarch64", "linux", "arm64", "aarch64-manylinux_2_28"),
        ("arm64", "darwin", "arm64", "aarch64-apple-darwin"),
    ],
)
def test_functions_and_layers_are_built_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, machine: str, system: str, architecture: str, wheels: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("sys.platform", system)
    assert tools.architecture() == architecture
    assert tools.wheel_platform() == wheels


def test_a_missing_tool_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", "/somewhere/uv")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ToolMissingError, match="`make` is not installed"):
        tools.require()


def test_an_environment_that_holds_the_requirements_is_left_alone(tmp_path: Path) -> None:
    environment = tmp_path / "ministack"
    environment.mkdir()
    marker = environment / "requirements.txt"
    marker.write_text(f"python=={tools.python_version()}\nministack==1")
    tools.install(environment, ("ministack==1",), layout=layout(tmp_path))
    assert list(environment.iterdir()) == [marker]
