"""Leases: who holds an entitlement, who ends it, and what is never taken away."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nightlatch.domain.connector import Entitlement, GrantIntent, Handle
from nightlatch.domain.lease import Lease, differing, to_give, to_take
from tests.builders import NOON

READ = Entitlement(resource_type="database", resource_id="orders", permission="read")
WRITE = Entitlement(resource_type="database", resource_id="orders", permission="write")
GRANTS = st.sampled_from(["req_1", "req_2", "req_3"])


def a_lease(entitlement: Entitlement = READ) -> Lease:
    return Lease(integration_id="orders-db", person_id="usr_maya", entitlement=entitlement)


def held(*holders: str, prior: bool = False, entitlement: Entitlement = READ) -> Lease:
    lease = a_lease(entitlement)
    for holder in holders:
        lease = lease.join(holder, prior=prior)
    return lease


def a_handle(*entitlements: Entitlement) -> Handle:
    return Handle(grant_id="req_1", session_user="usr_maya", entitlements=entitlements)


def an_intent(*entitlements: Entitlement) -> GrantIntent:
    return GrantIntent(grant_id="req_1", holder_id="usr_maya", holder="Maya", entitlements=entitlements, ends_at=NOON)


def test_the_last_that_leaves_takes_the_entitlement_along() -> None:
    """J3."""
    lease = held("req_1", "req_2").leave("req_1")

    assert (lease.holders, lease.leaving) == (frozenset({"req_2"}), None)
    assert lease.leave("req_2").leaving == "req_2"


def test_the_last_that_leaves_what_was_there_before_takes_nothing() -> None:
    """J4."""
    assert held("req_1", prior=True).leave("req_1").is_nobodys


def test_others_that_hold_what_was_there_before_know_it_when_one_leaves() -> None:
    """J4."""
    lease = held("req_1", "req_2", prior=True).leave("req_1")

    assert (lease.holders, lease.prior) == (frozenset({"req_2"}), True)


def test_what_was_read_back_absent_is_watched_and_then_nobodys() -> None:
    """J6."""
    watched = held("req_1").leave("req_1").left("req_1")

    assert (watched.leaving, watched.watched, watched.is_nobodys) == (None, "req_1", False)
    assert watched.released("req_1").is_nobodys


def test_what_is_found_while_it_is_watched_is_ours_and_nobody_needs_to_look() -> None:
    """J6."""
    watched = held("req_1").leave("req_1").left("req_1")

    assert (a_lease().must_look, watched.must_look, held("req_1").must_look) == (True, False, False)


def test_who_joins_what_was_there_before_looks_again_for_others_may_have_taken_it_back() -> None:
    """J4."""
    assert held("req_1", prior=True).must_look


def test_who_joins_ends_the_watch_of_who_left() -> None:
    """J3. J6."""
    joined = held("req_1").leave("req_1").left("req_1").join("req_2", prior=False)

    assert (joined.holders, joined.watched) == (frozenset({"req_2"}), None)
    assert joined.reclaimed("req_1") == joined


def test_what_comes_back_while_it_is_watched_is_taken_away_under_the_marker_again() -> None:
    """J6."""
    reclaimed = held("req_1").leave("req_1").left("req_1").reclaimed("req_1")

    assert (reclaimed.leaving, reclaimed.watched) == ("req_1", None)


@given(grant_id=GRANTS)
def test_who_is_not_concerned_changes_nothing(grant_id: str) -> None:
    lease = held("req_9")

    assert lease.leave(grant_id) == lease.left(grant_id) == lease.reclaimed(grant_id) == lease.released(grant_id)


def test_whoever_is_forgotten_blocks_nobody() -> None:
    leaving = held("req_1").leave("req_1")

    assert leaving.released("req_1").is_nobodys
    assert held("req_1", "req_2").released("req_1").holders == {"req_2"}


def test_what_was_there_before_is_not_given() -> None:
    """J4."""
    leases = (held("req_1", prior=True), held("req_1", entitlement=WRITE))

    assert to_give(an_intent(READ, WRITE), leases) == an_intent(WRITE)
    assert to_give(an_intent(READ), leases[:1]) is None


def test_only_what_a_grant_is_the_last_to_leave_is_taken() -> None:
    """J3. J4."""
    leases = (held("req_1", "req_2").leave("req_1"), held("req_1", entitlement=WRITE).leave("req_1"))

    assert to_take(a_handle(READ, WRITE), leases) == a_handle(WRITE)
    assert to_take(a_handle(READ), leases[:1]) is None


def test_without_leases_everything_is_given_and_taken() -> None:
    assert to_give(an_intent(READ), ()) == an_intent(READ)
    assert to_take(a_handle(), ()) == a_handle()


def test_only_leases_that_changed_are_written() -> None:
    lease, other = held("req_1"), held("req_2")

    assert differing([lease, other], [lease.leave("req_1"), other]) == [lease.leave("req_1")]


class LeaseLife(RuleBasedStateMachine):
    """Whatever happens to a lease, in whatever order, its markers agree with each other."""

    def __init__(self) -> None:
        super().__init__()
        self.lease = a_lease()

    @precondition(lambda self: self.lease.leaving is None)
    @rule(grant_id=GRANTS, found=st.booleans())
    def join(self, grant_id: str, found: bool) -> None:
        self.lease = self.lease.join(grant_id, prior=self.lease.must_look and found)

    @rule(grant_id=GRANTS)
    def leave(self, grant_id: str) -> None:
        self.lease = self.lease.leave(grant_id)

    @rule(grant_id=GRANTS)
    def left(self, grant_id: str) -> None:
        self.lease = self.lease.left(grant_id)

    @rule(grant_id=GRANTS)
    def reclaimed(self, grant_id: str) -> None:
        self.lease = self.lease.reclaimed(grant_id)

    @rule(grant_id=GRANTS)
    def released(self, grant_id: str) -> None:
        self.lease = self.lease.released(grant_id)

    @invariant()
    def nobody_holds_what_is_leaving_or_watched(self) -> None:
        assert sum(map(bool, (self.lease.holders, self.lease.leaving, self.lease.watched))) <= 1

    @invariant()
    def what_is_leaving_or_watched_was_given_by_nightlatch(self) -> None:
        assert not self.lease.prior or self.lease.holders


TestLeaseLife = LeaseLife.TestCase
