"""What every store promises about open requests: one of each content, and no more than a person may have."""

import pytest

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.change import Change, together
from nightlatch.domain.errors import DuplicateRequestError, LimitReachedError, NotFoundError
from tests.integration.aws.builders import MAYA, NOW, ORIGIN, a_request, an_event
from tests.integration.aws.conftest import OPEN_REQUESTS, Store


def closed(request: AccessRequest) -> AccessRequest:
    """Close a request."""
    return request.changed(status=Status.CANCELED, closed_at=NOW, updated_at=NOW)


def again(request: AccessRequest, number: int) -> AccessRequest:
    """Ask for the same once more."""
    return request.model_copy(update={"id": a_request(number).id})


def test_the_same_is_not_asked_for_twice_and_the_refusal_names_the_open_request(store: Store) -> None:
    first = a_request(1)
    store.put(first)
    with pytest.raises(DuplicateRequestError) as refused:
        store.work.commit(Change(again(first, 2), (an_event(),)), origin=ORIGIN)
    assert refused.value.request_id == first.id
    assert store.pending() == []
    with pytest.raises(NotFoundError):
        store.requests.request(a_request(2).id)


def test_another_person_or_another_content_is_no_duplicate(store: Store) -> None:
    first = a_request(1)
    noas = again(first, 3).model_copy(update={"requester": first.requester.model_copy(update={"id": "usr_noa"})})
    store.put(first, a_request(2), noas)
    assert store.requests.open_of(MAYA.id) == {one.content_key: one.id for one in (first, a_request(2))}
    assert store.requests.open_of("usr_noa") == {noas.content_key: noas.id}


def test_a_closed_request_gives_up_its_place(store: Store) -> None:
    first = a_request(1)
    store.put(first)
    store.work.commit(Change(closed(first)), origin=ORIGIN)
    store.put(again(first, 2))
    assert store.requests.open_of(MAYA.id) == {first.content_key: a_request(2).id}


def test_what_happens_to_a_closed_request_later_leaves_the_place_to_its_new_holder(store: Store) -> None:
    first = a_request(1)
    store.put(first)
    store.work.commit(Change(closed(first)), origin=ORIGIN)
    store.put(again(first, 2))
    watched = closed(first).changed(updated_at=NOW.replace(year=2027))
    store.work.commit(Change(watched), origin=ORIGIN)
    assert store.requests.open_of(MAYA.id) == {first.content_key: a_request(2).id}


def test_a_request_that_is_closed_as_it_is_made_takes_no_place(store: Store) -> None:
    store.put(a_request(1, status=Status.LAPSED))
    assert store.requests.open_of(MAYA.id) == {}


def test_a_person_who_never_asked_has_no_open_requests(store: Store) -> None:
    assert store.requests.open_of("usr_nobody") == {}


def test_no_more_may_be_open_than_the_limit_and_a_place_given_up_is_free_again(store: Store) -> None:
    """H2: many open requests of one person are refused."""
    requests = [a_request(number) for number in range(OPEN_REQUESTS)]
    store.put(*requests)
    with pytest.raises(LimitReachedError, match=str(OPEN_REQUESTS)):
        store.put(a_request(OPEN_REQUESTS))
    store.put(a_request(OPEN_REQUESTS + 1, requester="usr_noa"))
    store.work.commit(Change(closed(requests[7])), origin=ORIGIN)
    store.put(a_request(OPEN_REQUESTS))


def test_several_that_would_be_too_many_together_are_refused_as_too_many(store: Store) -> None:
    """H2: a bundle is no way round the limit."""
    store.put(*(a_request(number) for number in range(OPEN_REQUESTS - 1)))
    with pytest.raises(LimitReachedError):
        store.put(a_request(OPEN_REQUESTS), a_request(OPEN_REQUESTS + 1))
    store.put(a_request(OPEN_REQUESTS))


def test_of_several_that_are_made_together_all_have_a_place_or_none(store: Store) -> None:
    first = a_request(1)
    store.put(first)
    with pytest.raises(DuplicateRequestError):
        store.work.commit(together(Change(a_request(2)), Change(again(first, 3))), origin=ORIGIN)
    assert set(store.requests.open_of(MAYA.id).values()) == {first.id}
    store.work.commit(together(Change(a_request(2)), Change(a_request(3))), origin=ORIGIN)
    assert len(store.requests.open_of(MAYA.id)) == 3


def test_a_place_moves_from_one_that_closes_to_one_that_opens_at_once(store: Store) -> None:
    first, second = a_request(1), a_request(2)
    store.put(first)
    store.work.commit(together(Change(closed(first)), Change(second)), origin=ORIGIN)
    assert store.requests.open_of(MAYA.id) == {second.content_key: second.id}
