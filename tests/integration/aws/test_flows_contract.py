"""What every store promises about access flows."""

import pytest

from nightlatch.domain.access_flow import AccessFlow, FlowRegister, FlowsInForce
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from tests.integration.aws.builders import NOW, ORIGIN, a_flow, a_request
from tests.integration.aws.conftest import Store


def renamed(flow: AccessFlow, name: str) -> AccessFlow:
    """Change a flow."""
    return flow.changed(definition=flow.definition.model_copy(update={"name": name}), updated_at=NOW)


def test_flows_are_read_by_id(store: Store) -> None:
    store.put(a_flow("orders"), a_flow("billing"), a_flow("reporting"))
    assert [flow.id for flow in store.flows.in_force().flows] == ["billing", "orders", "reporting"]
    assert store.flows.one("orders") == a_flow("orders")


def test_a_flow_that_was_never_written_is_none(store: Store) -> None:
    assert store.flows.in_force() == FlowsInForce(FlowRegister(), ())
    assert store.flows.one("orders") is None
    assert store.flows.versions("orders") == []


def test_every_version_of_a_flow_stays_readable(store: Store) -> None:
    versions = [a_flow("orders")]
    store.put(versions[0], a_flow("other"))
    for number in range(2, 12):
        versions.append(renamed(versions[-1], f"version {number}"))
        store.work.commit(Change(versions[-1]), origin=ORIGIN)
    assert store.flows.one("orders") == versions[-1]
    assert store.flows.in_force().flows == (versions[-1], a_flow("other"))
    assert store.flows.versions("orders") == versions[::-1]


def test_of_two_who_change_the_same_version_the_second_is_refused(store: Store) -> None:
    flow = a_flow("orders")
    store.put(flow)
    store.work.commit(Change(renamed(flow, "mine")), origin=ORIGIN)
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(renamed(flow, "yours")), origin=ORIGIN)
    assert [version.definition.name for version in store.flows.versions("orders")] == ["mine", "Reporting"]


def test_the_register_is_read_with_the_flows_and_is_none_of_them(store: Store) -> None:
    store.put(a_flow("orders"), FlowRegister(version=1))
    assert store.flows.in_force() == FlowsInForce(FlowRegister(version=1), (a_flow("orders"),))


def test_what_relied_on_there_being_no_flow_is_refused_once_there_is_one(store: Store) -> None:
    relied_on = store.flows.in_force().register
    store.work.commit(Change(a_request(1)).if_still(relied_on), origin=ORIGIN)
    store.put(FlowRegister(version=1))
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(a_request(2)).if_still(relied_on), origin=ORIGIN)
