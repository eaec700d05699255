"""What a page of the list of requests says of the next one, at every boundary, and how little is read for it."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

import pytest
from botocore.model import OperationModel

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import RequestRecord, StateRecord, record_of
from nightlatch.domain.access_request import AccessRequest
from tests.builders import MAYA, SECOND, a_request
from tests.integration.aws.deployed import Deployed

SENT = "provide-client-params.dynamodb.*"

Reads = list[int | str]


@pytest.fixture
def reads(nightlatch: Deployed) -> Iterator[Reads]:
    """List the queries of an index, and how many items each batch asked for."""
    seen: Reads = []

    def note(model: OperationModel, params: dict[str, Any], **_: object) -> None:
        if model.name == "BatchGetItem":
            seen.append(len(params["RequestItems"]["state"]["Keys"]))
        elif "IndexName" in params:
            seen.append(model.name)

    assert nightlatch
    events = table_of(StateRecord).connection.client.meta.events
    events.register(SENT, note)
    yield seen
    events.unregister(SENT, note)


def stored(nightlatch: Deployed, *tickets: str) -> list[AccessRequest]:
    """Store requests of Maya's, the newest first."""
    now = nightlatch.clock.now
    requests = [
        a_request("role3", at=now - number * SECOND).model_copy(update={"ticket": ticket})
        for number, ticket in enumerate(tickets)
    ]
    with RequestRecord.batch_write() as batch:
        for request in requests:
            batch.save(record_of(request))
    return requests


def pages(nightlatch: Deployed, path: str) -> Iterator[list[str]]:
    """Read page after page, as far as they lead on."""
    following: str | None = path
    while following:
        answer = nightlatch.call("access_requests", "GET", following, None, by=MAYA)
        assert answer.status == 200
        yield ids(answer.json["requests"])
        following = answer.json["_links"].get("next", {}).get("href")
        assert bool(following) is bool(answer.json["next_cursor"])


def ids(requests: Iterable[Any]) -> list[str]:
    return [request["id"] if isinstance(request, dict) else request.id for request in requests]


def cut(listed: list[str], *, limit: int) -> list[list[str]]:
    """Cut into pages: no page but the first is ever empty."""
    return [listed[start : start + limit] for start in range(0, len(listed), limit)] or [[]]


@pytest.mark.parametrize(
    ("limit", "number"),
    [
        (2, 5),
        *((50, number) for number in (0, 1, 49, 50, 51, 100, 101)),
        *((100, number) for number in (99, 100, 101, 200)),
    ],
)
def test_a_page_leads_on_only_when_something_follows(nightlatch: Deployed, limit: int, number: int) -> None:
    made = stored(nightlatch, *[""] * number)
    assert list(pages(nightlatch, f"/v1/requests?limit={limit}")) == cut(ids(made), limit=limit)


@pytest.mark.parametrize(("limit", "number"), [(50, 0), (50, 49), (50, 50), (50, 51), (100, 100), (100, 101)])
@pytest.mark.parametrize("place", ["among the others", "above the others", "below the others"])
def test_it_is_so_too_where_no_index_serves_the_filter(
    nightlatch: Deployed, limit: int, number: int, place: str
) -> None:
    wanted, others = ["INC-1"] * number, [""] * 51
    tickets = {
        "among the others": [ticket for pair in zip_longest(wanted, others, fillvalue="") for ticket in pair],
        "above the others": wanted + others,
        "below the others": others + wanted,
    }
    made = [request for request in stored(nightlatch, *tickets[place]) if request.ticket]
    assert list(pages(nightlatch, f"/v1/requests?q=inc-1&limit={limit}")) == cut(ids(made), limit=limit)


@pytest.mark.parametrize("offset", [1, 50, 100, 101, 149, 150])
def test_a_page_begins_as_far_down_as_is_asked(nightlatch: Deployed, offset: int) -> None:
    made = stored(nightlatch, *[""] * 150)
    read = list(pages(nightlatch, f"/v1/requests?limit=50&offset={offset}"))
    assert read == cut(ids(made)[offset:], limit=50)


@pytest.mark.parametrize(
    ("limit", "number", "expected"),
    [
        (50, 0, ["Query"]),
        (50, 50, ["Query", 50]),
        (50, 51, ["Query", 51]),
        (50, 200, ["Query", 51]),
        (100, 99, ["Query", 99]),
        (100, 100, ["Query", 100]),
        (100, 101, ["Query", 100, 1]),
        (100, 200, ["Query", 100, 1]),
    ],
)
def test_a_page_costs_one_query_and_no_more_items_than_it_shows_and_one(
    nightlatch: Deployed, reads: Reads, limit: int, number: int, expected: Reads
) -> None:
    stored(nightlatch, *[""] * number)
    next(pages(nightlatch, f"/v1/requests?limit={limit}"))
    assert reads == expected


def test_what_is_passed_over_is_read_by_the_hundred(nightlatch: Deployed, reads: Reads) -> None:
    stored(nightlatch, *[""] * 200)
    next(pages(nightlatch, "/v1/requests?limit=10&offset=150"))
    assert reads == ["Query", 100, "Query", 61]


def test_a_search_that_finds_little_goes_on_by_the_hundred(nightlatch: Deployed, reads: Reads) -> None:
    stored(nightlatch, *[""] * 199, "INC-1")
    next(pages(nightlatch, "/v1/requests?q=inc-1&limit=50"))
    assert reads == ["Query", 51, "Query", 100, 49]
