"""What every store promises about people, and about reading things of different kinds at once."""

from datetime import timedelta

from nightlatch.domain.change import Change
from nightlatch.services.ports.facts import Wanted
from nightlatch.services.ports.writing import Receipt
from tests.integration.aws.builders import ORIGIN, a_person, a_request, a_resource, an_integration
from tests.integration.aws.conftest import Store

RECEIPT = Receipt(principal_id="usr_maya", key="k-1", fingerprint="f", result="req_1")
EVERYTHING = Wanted(
    integrations=frozenset({"orders-db", "nowhere"}),
    resources=frozenset({("orders-db", "role", "a"), ("orders-db", "role", "gone"), ("nowhere", "role", "a")}),
    people=frozenset({"usr_maya", "usr_nobody"}),
    receipt=("usr_maya", "k-1"),
)


def test_people_are_read_one_by_one_and_all_together(store: Store) -> None:
    maya, noa = a_person("usr_maya", groups=["developers"]), a_person("usr_noa")
    store.put(noa, maya)
    assert store.people.person("usr_maya") == maya
    assert store.people.person("usr_nobody") is None
    assert store.people.people() == [maya, noa]


def test_a_person_who_has_changed_replaces_what_was_known(store: Store) -> None:
    maya = a_person()
    store.put(maya)
    store.work.commit(Change(maya.changed(groups=("admins",))), origin=ORIGIN)
    known = store.people.person("usr_maya")
    assert known is not None
    assert known.groups == ("admins",)


def test_things_of_different_kinds_are_read_at_once_and_what_is_not_there_is_left_out(store: Store) -> None:
    store.put(an_integration(), a_person())
    store.catalogue.replace_resources("orders-db", [a_resource("a"), a_resource("b")])
    store.work.commit(Change(a_request()), origin=ORIGIN, receipt=RECEIPT)
    known = store.facts.known(EVERYTHING)
    assert known.integrations == {"orders-db": an_integration()}
    assert known.resources == {("orders-db", "role", "a"): a_resource("a")}
    assert known.people == {"usr_maya": a_person()}
    assert known.receipt == RECEIPT


def test_nothing_is_known_of_what_does_not_exist_or_is_over(store: Store) -> None:
    store.work.commit(Change(a_request()), origin=ORIGIN, receipt=RECEIPT)
    store.clock.now += timedelta(days=1, seconds=1)
    known = store.facts.known(EVERYTHING)
    assert (known.integrations, known.resources, known.people, known.receipt) == ({}, {}, {}, None)
