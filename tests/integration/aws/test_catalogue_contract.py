"""What every store promises about integrations and what was found in them."""

from nightlatch.domain.change import Change
from nightlatch.services.ports.facts import Wanted
from tests.integration.aws.builders import ORIGIN, a_resource, an_integration
from tests.integration.aws.conftest import Store


def test_integrations_are_read_by_id(store: Store) -> None:
    store.put(an_integration("orders-db"), an_integration("billing-db"))
    assert [integration.id for integration in store.catalogue.integrations()] == ["billing-db", "orders-db"]
    assert store.catalogue.integration("orders-db") == an_integration("orders-db")
    assert store.catalogue.integration("other") is None


def test_an_integration_changes_by_versions(store: Store) -> None:
    store.put(an_integration())
    changed = an_integration().changed(resource_count=3)
    store.work.commit(Change(changed), origin=ORIGIN)
    assert store.catalogue.integration("orders-db") == changed


def test_resources_are_read_by_type_and_id(store: Store) -> None:
    found = [a_resource("b"), a_resource("a", resource_type="schema"), a_resource("a"), a_resource("x#y")]
    store.catalogue.replace_resources("orders-db", found)
    read = [(resource.type, resource.id) for resource in store.catalogue.resources("orders-db")]
    assert read == [("role", "a"), ("role", "b"), ("role", "x#y"), ("schema", "a")]


def test_a_resource_is_found_by_its_key_whatever_its_id_looks_like(store: Store) -> None:
    there, absent = ("orders-db", "role", "x#y"), ("orders-db", "schema", "b")
    store.catalogue.replace_resources("orders-db", [a_resource("x#y"), a_resource("b")])
    known = store.facts.known(
        Wanted(integrations=frozenset(), resources=frozenset({there, absent}), people=frozenset())
    )
    assert known.resources == {there: a_resource("x#y")}


def test_resources_of_another_integration_are_not_touched(store: Store) -> None:
    store.catalogue.replace_resources("orders-db", [a_resource("a")])
    store.catalogue.replace_resources("billing-db", [a_resource("b")])
    assert store.catalogue.resources("orders-db") == [a_resource("a")]
    assert store.catalogue.resources("none") == []


def test_a_scan_replaces_everything_that_was_found_before(store: Store) -> None:
    before = [a_resource(f"r{number:03}") for number in range(60)]
    after = [a_resource(f"r{number:03}", description="new" if number % 2 else "") for number in range(30, 90)]
    store.catalogue.replace_resources("orders-db", before)
    store.catalogue.replace_resources("orders-db", after)
    assert store.catalogue.resources("orders-db") == after


def test_what_a_scan_tells_twice_is_there_once_as_told_last(store: Store) -> None:
    store.catalogue.replace_resources("orders-db", [a_resource("a"), a_resource("a", description="last")])
    assert store.catalogue.resources("orders-db") == [a_resource("a", description="last")]


def test_a_scan_that_finds_nothing_leaves_nothing(store: Store) -> None:
    store.catalogue.replace_resources("orders-db", [a_resource("a")])
    store.catalogue.replace_resources("orders-db", [])
    assert store.catalogue.resources("orders-db") == []
