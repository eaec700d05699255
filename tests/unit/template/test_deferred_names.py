"""In the layer, packages that only pass names on import a name's module when somebody asks for the name."""

import subprocess
import sys
from pathlib import Path

import pytest

INIT = '''"""What this is."""

from passing_on.heavy import (
    Heavy,
    Other,
)
from .light import Light
from .same import same

__all__ = ["Heavy", "Light", "Other", "same"]
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Make a package that passes on the names of its three modules."""
    folder = tmp_path / "passing_on"
    folder.mkdir()
    (folder / "__init__.py").write_text(INIT)
    (folder / "heavy.py").write_text("Heavy, Other = 'heavy', 'other'\n")
    (folder / "light.py").write_text("Light = 'light'\n")
    (folder / "same.py").write_text("def same(): return 'same'\n")
    return folder


def defer(root: Path, package: Path) -> str:
    """Rewrite a package, and return what is said against it."""
    script = root / "layers" / "dependencies" / "defer_reexports.py"
    done = subprocess.run([sys.executable, str(script), str(package)], check=False, capture_output=True, text=True)
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


def printed(package: Path, statements: str) -> str:
    command = [sys.executable, "-c", f"import sys; {statements}"]
    return subprocess.run(command, cwd=package.parent, check=True, capture_output=True, text=True).stdout.strip()


def test_a_module_is_imported_with_the_first_name_that_is_asked_of_it(root: Path, package: Path) -> None:
    defer(root, package)

    show = "print(*(name in sys.modules for name in ('passing_on.heavy', 'passing_on.light')))"
    assert printed(package, f"import passing_on; {show}") == "False False"
    assert printed(package, f"from passing_on import Light; {show}") == "False True"


def test_every_name_means_what_it_meant(root: Path, package: Path) -> None:
    show = "print(Heavy, Light, Other, same(), passing_on.__doc__, passing_on.__all__)"
    before = printed(package, f"import passing_on; from passing_on import *; {show}")

    defer(root, package)

    assert printed(package, f"import passing_on; from passing_on import *; {show}") == before


def test_a_name_that_is_also_its_modules_stays_the_name_whoever_imports_the_module(root: Path, package: Path) -> None:
    defer(root, package)

    assert printed(package, "import passing_on.same; print(passing_on.same())") == "same"


def test_a_name_that_the_package_never_had_is_missing_as_ever(root: Path, package: Path) -> None:
    defer(root, package)

    with pytest.raises(subprocess.CalledProcessError) as refused:
        printed(package, "import passing_on; passing_on.none")

    assert "AttributeError: module 'passing_on' has no attribute 'none'" in refused.value.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "print('done at import')",
        "import os",
        "from . import heavy",
        "from .heavy import *",
        "from .heavy import Heavy as Renamed",
        "from __future__ import annotations",
        "VERSION = '1'",
        "__all__ = [name for name in dir()]",
        "__all__ = ['Heavy', *light.__all__]",
        "try:\n    from .heavy import Heavy\nexcept ImportError: pass",
    ],
)
def test_a_package_that_does_more_than_pass_names_on_breaks_the_build(
    root: Path, package: Path, statement: str
) -> None:
    written = f"{INIT}\n{statement}\n"
    (package / "__init__.py").write_text(written)

    assert "line 12: this does more than pass names on" in defer(root, package)
    assert (package / "__init__.py").read_text() == written
