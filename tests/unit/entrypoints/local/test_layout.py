"""The home directory holds state, which can be wiped, and what is dear to download, which is kept."""

from pathlib import Path

import pytest

from nightlatch.entrypoints.local.errors import LocalStackError
from nightlatch.entrypoints.local.facts import write_private
from nightlatch.entrypoints.local.layout import Layout, layout


@pytest.fixture
def place(tmp_path: Path) -> Layout:
    place = layout(tmp_path / "home")
    place.make()
    return place


def test_the_project_is_the_checkout_that_this_code_is_in(place: Layout) -> None:
    assert (place.project / "pyproject.toml").exists()


def test_wiping_forgets_state_and_keeps_downloads_and_builds(place: Layout) -> None:
    state = [place.data / "tables", place.facts, place.secrets, place.service, place.log("emulator")]
    kept = [place.emulator_environment, place.sam_environment, place.build]
    for path in (*state, *kept):
        path.mkdir() if path in kept else path.touch()
    place.wipe()
    assert not any(path.exists() for path in state)
    assert all(path.exists() for path in kept)


def test_a_second_command_on_the_same_home_is_kept_out(place: Layout) -> None:
    with place.locked(), pytest.raises(LocalStackError, match="another nightlatch command"), place.locked():
        pass
    with place.locked():
        pass


def test_a_private_file_is_private_also_when_it_replaces_a_public_one(place: Layout) -> None:
    place.secrets.write_text("old")
    place.secrets.chmod(0o644)
    write_private(place.secrets, "new")
    assert place.secrets.read_text() == "new"
    assert place.secrets.stat().st_mode & 0o777 == 0o600
