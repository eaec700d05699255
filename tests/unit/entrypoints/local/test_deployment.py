"""A build is repeated when its sources change, and only then; the deployed template says what to set afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nightlatch.entrypoints.local.deployment import Deployed, _resolved, renew_mappings, source_digest
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


@dataclass
class Mappings:
    """What the emulator knows of mappings, each with how far it has read."""

    known: dict[str, dict[str, Any]]

    def list_event_source_mappings(self) -> dict[str, Any]:
        return {"EventSourceMappings": list(self.known.values())}

    def delete_event_source_mapping(self, *, UUID: str) -> None:  # noqa: N803  (AWS's name)
        del self.known[UUID]

    def create_event_source_mapping(self, *, FunctionName: str, **settings: Any) -> None:  # noqa: N803
        new = f"new-{FunctionName}"
        self.known[new] = {"UUID": new, "FunctionArn": FunctionName, "State": "Enabled", **settings}


def test_an_emulator_that_was_started_again_reads_streams_from_their_beginning() -> None:
    settings = {
        "EventSourceArn": "stream",
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    of_before = {"State": "Enabled", "LastProcessingResult": "OK - 1 records", **settings}
    names = ("ledger", "provisioning")
    mappings = Mappings({f"old-{name}": {"UUID": f"old-{name}", "FunctionArn": name, **of_before} for name in names})

    renew_mappings(mappings)

    assert mappings.known == {
        f"new-{name}": {"UUID": f"new-{name}", "FunctionArn": name, "State": "Enabled", **settings} for name in names
    }


def test_an_emulator_that_was_never_deployed_to_has_nothing_to_be_renewed() -> None:
    mappings = Mappings({})

    renew_mappings(mappings)

    assert mappings.known == {}
