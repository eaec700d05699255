"""One page of a list: as much as was asked for, or as much as one call may look at."""

from collections.abc import Iterator
from itertools import chain, repeat

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.access_request import AccessRequest
from nightlatch.services.paging import LONGEST_SEARCH
from nightlatch.services.ports.requests import RequestFilter
from nightlatch.services.request_page import RequestPage, read_page
from tests.builders import a_request

ANY = RequestFilter()
TICKET = RequestFilter(text="INC-1")


def numbered(*numbers: int, ticket: str = "") -> list[AccessRequest]:
    return [a_request().model_copy(update={"id": f"req_{number:06}", "ticket": ticket}) for number in numbers]


def told(page: RequestPage) -> tuple[list[str], str | None, int]:
    return [request.id for request in page.requests], page.before_id, page.skip


def test_a_full_page_goes_on_below_the_last_that_it_shows() -> None:
    page = read_page(numbered(5, 4, 3, 2), ANY, limit=2, skip=0)
    assert told(page) == (["req_000005", "req_000004"], "req_000004", 0)


def test_the_last_page_goes_nowhere() -> None:
    assert told(read_page(numbered(5, 4), ANY, limit=2, skip=0)) == (["req_000005", "req_000004"], None, 0)
    assert told(read_page([], ANY, limit=2, skip=0)) == ([], None, 0)


def test_what_is_passed_over_is_what_is_wanted() -> None:
    others, wanted = numbered(9, 8), numbered(7, 6, 5, ticket="INC-1")
    page = read_page([*others, *wanted], TICKET, limit=1, skip=1)
    assert told(page) == (["req_000006"], "req_000006", 0)


def test_no_more_than_its_limit_is_looked_at_and_the_page_is_short() -> None:
    """H1: a search that finds next to nothing is bounded."""
    (wanted,), (other,) = numbered(9, ticket="INC-1"), numbered(8)

    def candidates() -> Iterator[AccessRequest]:
        yield from chain([wanted], repeat(other, LONGEST_SEARCH - 1))
        raise AssertionError("one too many was read")

    assert told(read_page(candidates(), TICKET, limit=50, skip=0)) == (["req_000009"], "req_000008", 0)


def test_a_short_page_keeps_in_mind_how_many_are_still_to_be_passed_over() -> None:
    wanted, others = numbered(9, 8, ticket="INC-1"), numbered(7)
    page = read_page(chain(wanted, repeat(others[0], LONGEST_SEARCH)), TICKET, limit=50, skip=5)
    assert told(page) == ([], "req_000007", 3)


@given(
    tickets=st.lists(st.sampled_from(["INC-1", "other"]), max_size=40),
    limit=st.integers(1, 7),
    skip=st.integers(0, 10),
)
def test_page_by_page_everything_wanted_is_met_once(tickets: list[str], limit: int, skip: int) -> None:
    made = [numbered(number, ticket=ticket)[0] for number, ticket in enumerate(tickets)][::-1]
    met: list[str] = []
    page = read_page(made, TICKET, limit=limit, skip=skip)
    met += told(page)[0]
    while page.before_id:
        below = page.before_id
        page = read_page([request for request in made if request.id < below], TICKET, limit=limit, skip=page.skip)
        met += told(page)[0]
    assert met == [request.id for request in made if request.ticket == "INC-1"][skip:]
