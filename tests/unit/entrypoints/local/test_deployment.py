"""A build is repeated when its sources change, and only then; the deployed template says what to set afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nightlatch.entrypoints.local.deployment import Deployed, _resolved, source_digest
from nightlatch.entrypoints.local.layout import Layout


@pytest.fixture
def place(tmp_path: Path) -> Layout:
    for file in ("template.yaml", "functions/audit/app.py", "layers/core/Makefile"):
        path = tmp_path / "checkout" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    return Layout(home=tmp_path / "home", project=tmp_path / "checkout")


def edit(project: Path) -> None:
    (project / "functions/audit/app.py").write_text("other")


def rename(project: Path) -> None:
    (project / "functions/audit/app.py").rename(project / "functions/audit/main.py")


def add(project: Path) -> None:
    (project / "layers/core/new.py").touch()


def edit_template(project: Path) -> None:
    (project / "template.yaml").write_text("other")


@pytest.mark.parametrize("change", [edit, rename, add, edit_template])
def test_any_change_of_the_sources_means_a_new_build(place: Layout, change: Callable[[Path], None]) -> None:
    before = source_digest(place)
    change(place.project)
    assert source_digest(place) != before


def test_what_python_leaves_behind_is_no_change(place: Layout) -> None:
    before = source_digest(place)
    cache = place.project / "functions" / "audit" / "__pycache__"
    cache.mkdir()
    (cache / "app.cpython-311.pyc").touch()
    assert source_digest(place) == before


def test_resources_that_a_condition_left_out_are_not_touched() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}}
    deployed = Deployed(
        outputs={},
        ids={"State": "nightlatch-State-1", "Topic": "topic-1"},
        resources={"State": table, "Absent": table, "Topic": {"Type": "AWS::SNS::Topic"}},
    )
    assert list(deployed.of_type("AWS::DynamoDB::Table")) == [("nightlatch-State-1", table["Properties"])]


def test_a_lock_is_what_the_parameters_make_of_the_template() -> None:
    rule = {"DefaultRetention": {"Mode": {"Ref": "EvidenceLockMode"}, "Days": {"Ref": "EvidenceDays"}}}
    chosen = {"EvidenceLockMode": "GOVERNANCE", "EvidenceDays": "400"}

    resolved = _resolved({"ObjectLockEnabled": "Enabled", "Rule": rule}, chosen)

    retention = {"Mode": "GOVERNANCE", "Days": 400}
    assert resolved == {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
