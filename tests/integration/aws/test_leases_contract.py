"""What every store promises about leases, and about what is quarantined."""

from dataclasses import dataclass

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Entitlement, GrantIntent
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.grant import Grant
from nightlatch.domain.lease import Lease
from tests.integration.aws.builders import HOUR, NOW, ORIGIN, a_grant, a_request
from tests.integration.aws.conftest import RETENTION, Store

READ = Entitlement(resource_type="database", resource_id="orders", permission="read")
WRITE = Entitlement(resource_type="database", resource_id="orders", permission="write")


def a_grant_of(*entitlements: Entitlement, integration_id: str = "orders-db", person_id: str = "usr_maya") -> Grant:
    intent = GrantIntent(
        grant_id="req_1", holder_id=person_id, holder="Maya", entitlements=entitlements, ends_at=NOW + HOUR
    )
    return a_grant("req_1").model_copy(update={"intent": intent, "integration_id": integration_id})


def put(store: Store, *leases: Lease) -> None:
    first, *others = leases
    store.work.commit(Change(first, (), tuple(others)), origin=ORIGIN)


def test_what_was_never_held_is_nobodys_and_was_never_stored(store: Store) -> None:
    (read, write) = store.requests.leases(a_grant_of(READ, WRITE))

    assert (read.version, read.is_nobodys, read.entitlement, write.entitlement) == (0, True, READ, WRITE)
    assert (read.integration_id, read.person_id) == ("orders-db", "usr_maya")


def test_a_lease_is_read_as_it_was_stored_beside_others_that_were_not(store: Store) -> None:
    (read, _) = store.requests.leases(a_grant_of(READ, WRITE))
    held = read.join("req_1", prior=True)

    put(store, held)

    (stored, other) = store.requests.leases(a_grant_of(READ, WRITE))
    assert (stored, other.version) == (held, 0)


def test_the_same_entitlement_twice_is_one_lease(store: Store) -> None:
    assert len(store.requests.leases(a_grant_of(READ, READ))) == 1


def test_a_grant_of_nothing_has_no_leases(store: Store) -> None:
    assert store.requests.leases(a_grant_of()) == ()


@dataclass(frozen=True)
class Names:
    """Where a lease is, in names that could be taken for one another."""

    integration_id: str
    person_id: str
    entitlement: Entitlement


def entitlement(resource_type: str, resource_id: str, permission: str) -> Entitlement:
    return Entitlement(resource_type=resource_type, resource_id=resource_id, permission=permission)


COLLIDING = [
    Names("a", "b", entitlement("c", "d", "e")),
    Names("a", "b", entitlement("c", "d#e", "")),
    Names("a", "b", entitlement("c#d", "", "e")),
    Names("a", "b#c", entitlement("", "d", "e")),
    Names("a#b", "", entitlement("c", "d", "e")),
    Names("a", "b", entitlement("c", 'd", "e', "")),
    Names("a", "b", entitlement("c", "D", "e")),
    Names("a", "b", entitlement("c", "d" * 3000, "e")),
]


def test_no_two_names_are_one_lease(store: Store) -> None:
    grants = [
        a_grant_of(names.entitlement, integration_id=names.integration_id, person_id=names.person_id)
        for names in COLLIDING
    ]
    for number, grant in enumerate(grants):
        (lease,) = store.requests.leases(grant)
        assert lease.version == 0
        put(store, lease.join(f"req_{number}", prior=False))

    holders = [lease.holders for grant in grants for lease in store.requests.leases(grant)]
    assert holders == [{f"req_{number}"} for number in range(len(COLLIDING))]


def test_of_two_that_join_at_once_one_is_told_of_its_rival(store: Store) -> None:
    """J3."""
    (lease,) = store.requests.leases(a_grant_of(READ))
    put(store, lease.join("req_1", prior=False))

    with pytest.raises(RivalChangeError):
        put(store, lease.join("req_2", prior=False))

    (stored,) = store.requests.leases(a_grant_of(READ))
    assert stored.holders == {"req_1"}


def test_a_lease_that_lost_its_condition_takes_everything_else_with_it(store: Store) -> None:
    """J3."""
    (lease,) = store.requests.leases(a_grant_of(READ))
    put(store, lease.join("req_1", prior=False))
    request = a_request()

    with pytest.raises(RivalChangeError):
        store.work.commit(Change(request, (), (lease.join("req_2", prior=False),)), origin=ORIGIN)

    assert list(store.requests.due(NOW)) == []


def test_what_is_nobodys_any_more_can_be_held_again_however_long_after(store: Store) -> None:
    (lease,) = store.requests.leases(a_grant_of(READ))
    held = lease.join("req_1", prior=False)
    put(store, held)
    free = held.released("req_1")
    closed = a_request(status=Status.EXPIRED)
    store.work.commit(Change(closed, (), (free,)), origin=ORIGIN)
    store.clock.now = NOW + 2 * RETENTION

    (stored,) = store.requests.leases(a_grant_of(READ))
    put(store, stored.join("req_2", prior=False))

    (again,) = store.requests.leases(a_grant_of(READ))
    assert again.holders == {"req_2"}


# Due and quarantined


def test_what_is_due_says_at_which_integration_and_since_when(store: Store) -> None:
    request = a_request(due_at=NOW - HOUR)
    store.put(request)

    (due,) = store.requests.due(NOW)

    assert (due.request_id, due.integration_id, due.due_at) == (request.id, "orders-db", NOW - HOUR)


def test_what_is_quarantined_is_due_in_its_turn(store: Store) -> None:
    """J2."""
    first, second, third = (
        a_request(number, due_at=NOW - number * HOUR, quarantined=number == 2, status=Status.REVOKING)
        for number in (3, 2, 1)
    )
    store.put(third, second, first)

    assert [due.request_id for due in store.requests.due(NOW)] == [first.id, second.id, third.id]


def test_what_is_quarantined_is_counted_whether_it_is_due_or_not(store: Store) -> None:
    """J2."""
    store.put(
        a_request(1, due_at=NOW + HOUR, quarantined=True, status=Status.REVOKING),
        a_request(2, due_at=NOW - HOUR, quarantined=True, status=Status.REVOKING),
        a_request(3, due_at=NOW - HOUR),
        a_request(4),
    )

    assert store.requests.quarantined() == 2


def test_what_is_no_longer_quarantined_is_not_counted(store: Store) -> None:
    """J2."""
    request = a_request(due_at=NOW, quarantined=True, status=Status.REVOKING)
    store.put(request)

    store.work.commit(Change(request.changed(due_at=NOW + HOUR, quarantined=False)), origin=ORIGIN)

    assert store.requests.quarantined() == 0
