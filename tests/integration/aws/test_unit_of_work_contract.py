"""What every store promises about writing."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotFoundError, RivalChangeError
from nightlatch.services.ports.requests import RequestFilter
from nightlatch.services.ports.writing import Receipt
from tests.integration.aws.builders import HOUR, NOW, ORIGIN, a_grant, a_request, an_event, events_in_order
from tests.integration.aws.conftest import Store

RECEIPT = Receipt(principal_id="usr_maya", key="k-1", fingerprint="f", result="req_1")


def test_what_is_committed_can_be_read(store: Store) -> None:
    request = a_request(due_at=NOW, granted_at=NOW, ends_at=NOW + HOUR)
    grant = a_grant(request.id)
    store.work.commit(Change(request).with_entities(grant), origin=ORIGIN)
    assert store.requests.request(request.id) == request
    assert store.requests.grant(request.id) == grant


def test_a_change_replaces_the_version_before_it(store: Store) -> None:
    request = a_request()
    store.put(request)
    changed = request.changed(justification="better")
    store.work.commit(Change(changed), origin=ORIGIN)
    assert store.requests.request(request.id) == changed


@pytest.mark.parametrize(
    ("stored_versions", "version"),
    [([], 2), ([1], 1), ([1], 3), ([1, 2], 2), ([1, 2], 1)],
    ids=["never stored", "exists already", "skips one", "was overtaken", "starts again"],
)
def test_an_entity_that_does_not_follow_the_stored_one_is_refused_with_all_that_goes_with_it(
    store: Store, stored_versions: list[int], version: int
) -> None:
    request, bystander = a_request(1), a_request(2)
    for stored_version in stored_versions:
        store.put(request.model_copy(update={"version": stored_version}))
    rival = request.model_copy(update={"version": version, "justification": "mine"})
    with pytest.raises(RivalChangeError, match=request.id):
        store.work.commit(Change(bystander, (an_event(),), (rival,)), origin=ORIGIN, receipt=RECEIPT)
    with pytest.raises(NotFoundError):
        store.requests.request(bystander.id)
    assert [found.justification for found in store.requests.find(RequestFilter())] == ["because"] * bool(
        stored_versions
    )
    assert store.pending() == []
    assert store.work.receipt("usr_maya", "k-1") is None


def test_a_change_may_rely_on_what_stayed_as_it_was(store: Store) -> None:
    request, grant = a_request(), a_grant("req_other")
    store.put(request)
    store.work.commit(Change(grant).if_still(request), origin=ORIGIN)
    assert store.requests.grant("req_other") == grant


@pytest.mark.parametrize("is_stored", [True, False], ids=["changed meanwhile", "never stored"])
def test_a_change_is_refused_when_what_it_relied_on_is_not_so(store: Store, is_stored: bool) -> None:
    relied_on, request = a_request(1), a_request(2)
    if is_stored:
        store.put(relied_on)
        store.put(relied_on.changed(justification="other"))
    with pytest.raises(RivalChangeError, match=relied_on.id):
        store.work.commit(Change(request, (an_event(),)).if_still(relied_on), origin=ORIGIN)
    with pytest.raises(NotFoundError):
        store.requests.request(request.id)
    assert store.pending() == []


def test_what_is_written_may_also_be_what_was_relied_on(store: Store) -> None:
    request = a_request()
    store.put(request)
    changed = request.changed(status=Status.APPROVED)
    store.work.commit(Change(changed).if_still(request), origin=ORIGIN)
    assert store.requests.request(request.id) == changed


def test_a_receipt_is_kept_with_the_change_that_it_proves(store: Store) -> None:
    store.work.commit(Change(a_request()), origin=ORIGIN, receipt=RECEIPT)
    assert store.work.receipt("usr_maya", "k-1") == RECEIPT
    assert store.work.receipt("usr_maya", "k-2") is None
    assert store.work.receipt("usr_noa", "k-1") is None


def test_a_command_with_a_known_receipt_is_refused(store: Store) -> None:
    store.work.commit(Change(a_request(1)), origin=ORIGIN, receipt=RECEIPT)
    with pytest.raises(RivalChangeError, match="k-1"):
        store.work.commit(Change(a_request(2), (an_event(),)), origin=ORIGIN, receipt=RECEIPT)
    assert list(store.requests.find(RequestFilter())) == [a_request(1)]
    assert store.pending() == []


def test_two_people_may_use_the_same_key(store: Store) -> None:
    store.work.commit(Change(a_request(1)), origin=ORIGIN, receipt=RECEIPT)
    noas = RECEIPT.model_copy(update={"principal_id": "usr_noa", "result": "req_2"})
    store.work.commit(Change(a_request(2)), origin=ORIGIN, receipt=noas)
    assert store.work.receipt("usr_noa", "k-1") == noas


def test_after_a_day_a_receipt_is_forgotten_and_its_key_is_free(store: Store) -> None:
    """D5."""
    store.work.commit(Change(a_request(1)), origin=ORIGIN, receipt=RECEIPT)
    store.clock.now += timedelta(days=1, seconds=1)
    assert store.work.receipt("usr_maya", "k-1") is None
    again = RECEIPT.model_copy(update={"result": "req_2"})
    store.work.commit(Change(a_request(2)), origin=ORIGIN, receipt=again)
    assert store.work.receipt("usr_maya", "k-1") == again


def test_events_wait_in_the_order_of_their_times(store: Store) -> None:
    first, second, third = events_in_order(3)
    store.work.record(third, origin=ORIGIN)
    store.work.commit(Change(a_request(), (first, second)), origin=ORIGIN)
    assert [event.description for event in store.pending()] == ["1", "2", "3"]


def test_events_of_one_change_and_one_millisecond_wait_in_the_order_given(store: Store) -> None:
    told = [str(number) for number in range(12)]
    store.work.record(*map(an_event, told), origin=ORIGIN)
    assert [event.description for event in store.pending()] == told


def test_an_event_says_how_the_call_came_in(store: Store) -> None:
    origin = ORIGIN.model_copy(update={"user_agent": "curl", "call": {"method": "POST"}})
    store.work.record(an_event(details={"a": 1}), origin=origin)
    (event,) = store.pending()
    assert (event.source, event.ip_address, event.user_agent) == ("api", "192.0.2.50", "curl")
    assert event.details == {"a": 1, "call": {"method": "POST"}}


def test_recording_nothing_writes_nothing(store: Store) -> None:
    store.work.record(origin=ORIGIN)
    assert store.pending() == []


def test_more_than_a_transaction_can_hold_is_refused_as_a_whole(store: Store) -> None:
    grants = tuple(a_grant(f"req_{number}") for number in range(97))
    change = Change(a_request(), tuple(events_in_order(33)), grants)
    with pytest.raises(ValueError, match="101 items"):
        store.work.commit(change, origin=ORIGIN)
    assert store.pending() == []
