"""What every store promises about finding requests."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotFoundError, RequestNotFoundError
from nightlatch.services.ports.requests import RequestFilter
from tests.integration.aws.builders import HOUR, NOW, ORIGIN, a_grant, a_request
from tests.integration.aws.conftest import RETENTION, Store

SEPTEMBER = datetime(2026, 9, 30, 23, 59, 59, 999000, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO, FAR_AHEAD = datetime(1999, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
LAST_YEAR = datetime(2025, 12, 24, tzinfo=UTC)

PENDING = frozenset({Status.PENDING})
OPEN = frozenset({Status.PENDING, Status.APPROVED, Status.GRANTED})

STORED = {
    "old": a_request(at=LAST_YEAR, requester="usr_noa", status=Status.GRANTED),
    "september": a_request(at=SEPTEMBER, requester="usr_maya"),
    "november": a_request(at=NOVEMBER, requester="usr_noa", status=Status.APPROVED),
    "rejected": a_request(1, at=NOW - HOUR, requester="usr_maya", status=Status.REJECTED),
    "approved": a_request(2, at=NOW - HOUR, requester="usr_maya", status=Status.APPROVED),
    "newest": a_request(at=NOW, requester="usr_noa"),
}
NAMES = {request.id: name for name, request in STORED.items()}


def found(store: Store, wanted: RequestFilter) -> list[str]:
    """Find by name."""
    return [NAMES[request.id] for request in store.requests.find(wanted)]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (RequestFilter(), ["newest", "approved", "rejected", "november", "september", "old"]),
        (RequestFilter(requesters=frozenset({"usr_maya"})), ["approved", "rejected", "september"]),
        (RequestFilter(requesters=frozenset({"usr_nobody"})), []),
        (RequestFilter(statuses=PENDING), ["newest", "september"]),
        (RequestFilter(statuses=OPEN), ["newest", "approved", "november", "september", "old"]),
        (RequestFilter(statuses=frozenset()), []),
        (RequestFilter(requesters=frozenset({"usr_maya"}), statuses=OPEN), ["approved", "september"]),
        (RequestFilter(since=NOVEMBER), ["newest", "approved", "rejected", "november"]),
        (RequestFilter(since=NOVEMBER + HOUR), ["newest", "approved", "rejected"]),
        (RequestFilter(until=NOW), ["approved", "rejected", "november", "september", "old"]),
        (RequestFilter(until=NOVEMBER), ["september", "old"]),
        (RequestFilter(since=SEPTEMBER, until=NOVEMBER), ["september"]),
        (RequestFilter(since=NOW, until=NOVEMBER), []),
        (RequestFilter(since=LONG_AGO, until=FAR_AHEAD), list(STORED)[::-1]),
        (RequestFilter(before_id=STORED["approved"].id), ["rejected", "november", "september", "old"]),
        (RequestFilter(before_id=STORED["september"].id), ["old"]),
        (RequestFilter(before_id=STORED["old"].id), []),
        (RequestFilter(before_id=STORED["approved"].id, until=NOVEMBER), ["september", "old"]),
        (RequestFilter(before_id=STORED["september"].id, until=NOVEMBER), ["old"]),
        (RequestFilter(requesters=frozenset({"usr_maya"}), before_id=STORED["approved"].id), ["rejected", "september"]),
        (RequestFilter(requesters=frozenset({"usr_noa"}), since=NOVEMBER, until=NOW), ["november"]),
        (RequestFilter(statuses=OPEN, since=SEPTEMBER, before_id=STORED["approved"].id), ["november", "september"]),
        (
            RequestFilter(requesters=frozenset({"usr_noa"}), statuses=OPEN, since=NOVEMBER, until=NOW + HOUR),
            ["newest", "november"],
        ),
    ],
)
def test_requests_are_found_newest_first(store: Store, wanted: RequestFilter, names: list[str]) -> None:
    store.put(*STORED.values())
    assert found(store, wanted) == names


MANY = [
    a_request(
        number,
        at=NOW - timedelta(days=30) + number * 6 * HOUR,
        status=Status.PENDING if number % 3 else Status.APPROVED,
    )
    for number in range(120)
]


def test_more_than_a_page_of_requests_is_found_without_gap_or_repetition(store: Store) -> None:
    store.put(*MANY)
    for wanted in (RequestFilter(), RequestFilter(requesters=frozenset({"usr_maya"})), RequestFilter(statuses=OPEN)):
        assert [request.id for request in store.requests.find(wanted)] == [request.id for request in reversed(MANY)]


def test_going_on_below_the_last_one_finds_the_rest(store: Store) -> None:
    store.put(*MANY)
    head = list(islice(store.requests.find(RequestFilter()), 7))
    rest = store.requests.find(RequestFilter(before_id=head[-1].id))
    assert [request.id for request in (*head, *rest)] == [request.id for request in reversed(MANY)]


def test_a_request_is_found_by_what_it_is_now(store: Store) -> None:
    request = a_request()
    store.put(request)
    approved = request.changed(status=Status.APPROVED)
    store.work.commit(Change(approved), origin=ORIGIN)
    assert list(store.requests.find(RequestFilter(statuses=PENDING))) == []
    assert list(store.requests.find(RequestFilter(statuses=OPEN))) == [approved]


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(RequestNotFoundError, match="req_1"):
        store.requests.request("req_1")
    with pytest.raises(NotFoundError, match="req_1"):
        store.requests.grant("req_1")


def served(store: Store, request: AccessRequest) -> list[bool]:
    """Say whether the request, its grant and the listing of it are served."""
    answers = []
    for read in (store.requests.request, store.requests.grant):
        try:
            answers.append(bool(read(request.id)))
        except NotFoundError:
            answers.append(False)
    listings = (RequestFilter(), RequestFilter(statuses=frozenset(Status)))
    return [*answers, *(request in store.requests.find(wanted) for wanted in listings)]


def test_a_closed_request_and_its_grant_are_served_until_retention_is_over(store: Store) -> None:
    """D5."""
    request, grant = a_request(status=Status.REVOKING), a_grant(a_request().id)
    store.put(request, grant)
    closed = request.changed(status=Status.EXPIRED, closed_at=NOW)
    store.work.commit(Change(closed).with_entities(grant.changed(attempts=1)), origin=ORIGIN)
    store.clock.now = NOW + RETENTION - timedelta(seconds=1)
    assert served(store, closed) == [True, True, True, True]
    store.clock.now = NOW + RETENTION
    assert served(store, closed) == [False, False, False, False]


def test_a_request_that_closes_is_kept_for_the_retention_in_force_then(store: Store) -> None:
    """D5."""
    store.put(store.settings.audit_settings().changed(retention=timedelta(days=30)))
    closed = a_request(status=Status.EXPIRED)
    store.put(closed, a_grant(closed.id))
    store.clock.now = NOW + timedelta(days=30) - timedelta(seconds=1)
    assert served(store, closed) == [True, True, True, True]
    store.clock.now = NOW + timedelta(days=30)
    assert served(store, closed) == [False, False, False, False]


def test_a_grant_written_beside_its_closed_request_goes_with_it(store: Store) -> None:
    """D5."""
    closed, grant = a_request(status=Status.EXPIRED), a_grant(a_request().id)
    store.put(closed, grant)
    store.work.commit(Change(grant.changed(attempts=1)).if_still(closed), origin=ORIGIN)
    store.clock.now = NOW + RETENTION
    with pytest.raises(NotFoundError):
        store.requests.grant(closed.id)


def test_an_open_request_is_served_for_ever(store: Store) -> None:
    request = a_request(status=Status.REVOKING)
    store.put(request, a_grant(request.id))
    store.clock.now = NOW + timedelta(days=1000)
    assert store.requests.request(request.id) == request
    assert store.requests.grant(request.id) == a_grant(request.id)


def test_what_is_due_comes_longest_overdue_first(store: Store) -> None:
    due_times = {1: NOW, 2: NOW - 2 * HOUR, 3: NOW + HOUR, 4: NOW - HOUR, 5: None}
    requests = {number: a_request(number, due_at=due_at) for number, due_at in due_times.items()}
    store.put(*requests.values())
    assert [due.request_id for due in store.requests.due(NOW)] == [requests[number].id for number in (2, 4, 1)]


def test_more_than_a_page_is_due_without_gap_or_repetition(store: Store) -> None:
    requests = [a_request(number, due_at=NOW - number * timedelta(seconds=1)) for number in range(250)]
    store.put(*requests)
    assert [due.request_id for due in store.requests.due(NOW)] == [request.id for request in reversed(requests)]


def test_what_is_put_off_while_the_list_is_read_is_met_once(store: Store) -> None:
    requests = [a_request(number, due_at=NOW - number * timedelta(seconds=1)) for number in range(120)]
    store.put(*requests)
    met = []
    for due in store.requests.due(NOW):
        met.append(due.request_id)
        later = store.requests.request(due.request_id).changed(due_at=NOW + HOUR)
        store.work.commit(Change(later), origin=ORIGIN)
    assert sorted(met) == sorted(request.id for request in requests)


def test_what_a_worker_has_just_claimed_is_still_listed_where_it_was(store: Store) -> None:
    request = a_request(status=Status.GRANTED, due_at=NOW - HOUR, ends_at=NOW - HOUR)
    store.put(request)
    claimed = request.expire(at=NOW, due_at=NOW + HOUR).state
    store.work.commit(Change(claimed), origin=ORIGIN)
    assert [(due.request_id, due.due_at) for due in store.requests.due(NOW)] == [(request.id, NOW - HOUR)]
    store.work.commit(claimed.wait(at=NOW, due_at=NOW + HOUR), origin=ORIGIN)
    assert list(store.requests.due(NOW)) == []


def test_what_is_done_is_no_longer_due(store: Store) -> None:
    request = a_request(due_at=NOW)
    store.put(request)
    store.work.commit(Change(request.changed(due_at=None)), origin=ORIGIN)
    assert list(store.requests.due(NOW)) == []
