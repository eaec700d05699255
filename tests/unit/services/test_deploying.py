"""That something else runs than before is told, once."""

import pytest

from tests.builders import World

POLICY = {"retention_days": "90"}


@pytest.mark.parametrize(("code", "policy"), [("layer:2", POLICY), ("layer:1", {"retention_days": "30"})])
def test_a_deployment_is_told_by_the_first_sweep_after_it(code: str, policy: dict[str, str]) -> None:
    world = World()
    for _ in range(3):
        world.deployed("layer:1", **POLICY).notice()
    for _ in range(3):
        world.deployed(code, **policy).notice()

    first, second = world.events()

    assert [first.event_type, second.event_type] == ["system.started"] * 2
    assert first.details == {"before": None, "after": {"code": "layer:1", "policy": POLICY}}
    assert second.details["before"] == first.details["after"]
    assert second.details["after"] == {"code": code, "policy": policy}


def test_of_two_sweeps_that_notice_a_deployment_at_once_one_tells_it() -> None:
    world = World()
    world.store.interruptions = [world.deployed().notice]

    world.deployed().notice()

    assert world.told() == ["system.started"]
