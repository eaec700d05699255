"""What every store promises about access flows."""

import pytest

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from tests.integration.aws.builders import NOW, ORIGIN, a_flow
from tests.integration.aws.conftest import Store


def renamed(flow: AccessFlow, name: str) -> AccessFlow:
    """Change a flow."""
    return flow.changed(definition=flow.definition.model_copy(update={"name": name}), updated_at=NOW)


def test_flows_are_read_by_id(store: Store) -> None:
    store.put(a_flow("orders"), a_flow("billing"), a_flow("reporting"))
    assert [flow.id for flow in store.flows.in_force()] == ["billing", "orders", "reporting"]
    assert store.flows.one("orders") == a_flow("orders")


def test_a_flow_that_was_never_written_is_none(store: Store) -> None:
    assert store.flows.in_force() == ()
    assert store.flows.one("orders") is None
    assert store.flows.versions("orders") == []


def test_every_version_of_a_flow_stays_readable(store: Store) -> None:
    versions = [a_flow("orders")]
    store.put(versions[0], a_flow("other"))
    for number in range(2, 12):
        versions.append(renamed(versions[-1], f"version {number}"))
        store.work.commit(Change(versions[-1]), origin=ORIGIN)
    assert store.flows.one("orders") == versions[-1]
    assert store.flows.in_force() == (versions[-1], a_flow("other"))
    assert store.flows.versions("orders") == versions[::-1]


def test_of_two_who_change_the_same_version_the_second_is_refused(store: Store) -> None:
    flow = a_flow("orders")
    store.put(flow)
    store.work.commit(Change(renamed(flow, "mine")), origin=ORIGIN)
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(renamed(flow, "yours")), origin=ORIGIN)
    assert [version.definition.name for version in store.flows.versions("orders")] == ["mine", "Reporting"]
