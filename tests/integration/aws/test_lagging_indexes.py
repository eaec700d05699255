"""DynamoDB's indexes follow their table some time later, each item on its own: moto's never lag, here they do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.domain.access_request import CLOSED
from tests.builders import ADA, HOUR, MAYA, NOA, OMAR
from tests.integration.aws.deployed import TABLES, Deployed

COPY = "state-as-indexes-know-it"
LONGEST_ROUND = timedelta(days=1)


@dataclass
class Lagging:
    """A Nightlatch whose indexes know the State table as it was when they last caught up."""

    nightlatch: Deployed
    dynamodb: DynamoDBClient

    def reset(self) -> None:
        """Begin anew, with indexes that know nothing."""
        self.nightlatch.reset()
        self.dynamodb.create_table(TableName=COPY, **TABLES["state"])

    def read_the_copy(self, params: dict[str, Any], **_: object) -> None:
        """Send a query of an index to the copy."""
        if params["TableName"] == "state" and "IndexName" in params:
            params["TableName"] = COPY

    def catch_up(self, *, missing: frozenset[int] = frozenset()) -> None:
        """Let the indexes learn of every change but those of some items, which are named by their places."""
        now, known = self._items("state"), self._items(COPY)
        keys = sorted(now.keys() | known.keys())
        for place, key in enumerate(keys):
            if place in missing:
                continue
            if key in now:
                self.dynamodb.put_item(TableName=COPY, Item=now[key])
            else:
                self.dynamodb.delete_item(TableName=COPY, Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}})

    def _items(self, table: str) -> Mapping[tuple[str, str], Any]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}

    def listed(self, status: str) -> list[str]:
        """List the requests of a status, as the API does, and say what status each is shown with."""
        answer = self.nightlatch.call("access_requests", "GET", f"/v1/requests?status={status}", None, by=ADA)
        assert answer.status == 200, answer.text
        return [shown["status"] for shown in answer.json["requests"]]


@pytest.fixture(scope="module")
def wired_lagging(wired: Deployed, bound: DynamoDBClient) -> Iterator[Lagging]:
    """Let the wired tables' indexes lag."""
    lagging = Lagging(wired, bound)
    events = table_of(StateRecord).connection.client.meta.events
    events.register("before-parameter-build.dynamodb.Query", lagging.read_the_copy)
    yield lagging
    events.unregister("before-parameter-build.dynamodb.Query", lagging.read_the_copy)


@pytest.fixture
def lagging(wired_lagging: Lagging) -> Lagging:
    """Begin with one database, one flow and indexes that know nothing."""
    wired_lagging.reset()
    return wired_lagging


def test_an_index_that_knows_nothing_shows_nothing_and_ends_nothing(lagging: Lagging) -> None:
    one = lagging.nightlatch
    request_id = one.granted()
    one.clock.advance(HOUR)
    one.sweep()

    assert (lagging.listed("GRANTED"), one.request(request_id).status) == ([], "GRANTED")
    lagging.catch_up()
    one.sweep()
    assert one.request(request_id).status == "EXPIRED"
    assert one.connector.accesses == {}


def test_a_list_shows_no_request_that_its_filter_no_longer_admits(lagging: Lagging) -> None:
    one = lagging.nightlatch
    request_id = one.submitted()
    lagging.catch_up()
    assert lagging.listed("PENDING") == ["PENDING"]
    one.command(request_id, "cancel", by=MAYA)

    assert (lagging.listed("PENDING"), lagging.listed("CANCELED")) == ([], [])
    lagging.catch_up()
    assert lagging.listed("CANCELED") == ["CANCELED"]


ACTS = {
    "approve": (NOA, {}),
    "reject": (OMAR, {}),
    "cancel": (MAYA, {}),
    "return": (MAYA, {}),
    "revoke": (ADA, {"reason": "leak"}),
}
acts = st.tuples(st.sampled_from(["approve", "approve", "sweep", "sweep", "hour", *ACTS]), st.integers(0, 2))


@settings(max_examples=8)
@given(steps=st.lists(st.tuples(acts, st.sets(st.integers(0, 30), max_size=15)), min_size=4, max_size=12))
def test_however_late_the_indexes_are_the_sweep_brings_everything_where_it_should_be(
    wired_lagging: Lagging, steps: list[tuple[tuple[str, int], set[int]]]
) -> None:
    """D4. J1: what an index still names is looked at as it is, what it does not name yet is found later."""
    wired_lagging.reset()
    one = wired_lagging.nightlatch
    request_ids = [one.submitted() for _ in range(3)]

    for (act, number), missing in steps:
        if act == "sweep":
            one.sweep()
        elif act == "hour":
            one.clock.advance(HOUR)
        else:
            by, body = ACTS[act]
            one.command(request_ids[number], act, by=by, **body)
        assert {*wired_lagging.listed("GRANTED")} <= {"GRANTED"}
        wired_lagging.catch_up(missing=frozenset(missing))
    bring_to_the_end(wired_lagging)

    assert {one.request(request_id).status for request_id in request_ids} <= CLOSED
    assert one.connector.accesses == {}
    one.trail()


def bring_to_the_end(lagging: Lagging) -> None:
    """Sweep, each time by indexes that know what was before the last sweep, but for what chance leaves out."""
    chance = Random(3)
    for span in (timedelta(0), HOUR, LONGEST_ROUND):
        lagging.nightlatch.clock.advance(span)
        for _ in range(5):
            lagging.nightlatch.sweep()
            lagging.catch_up(missing=frozenset(chance.sample(range(40), 5)))
    lagging.catch_up()
    lagging.nightlatch.sweep()
