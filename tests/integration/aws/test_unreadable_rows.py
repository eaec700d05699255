"""What DynamoDB may hold in the outbox that is no row, and how it comes back."""

import json
import os
import zlib
from base64 import b64decode
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.adapters.dynamodb.keys import OUTBOX, UNREADABLE
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.ledger import UnreadableRow
from nightlatch.services.sequencer import Sequencer
from tests.integration.aws.builders import ORIGIN, Clock, events_in_order
from tests.integration.aws.conftest import Store, on_dynamodb

KEY = "01a2b3c4-0000-7000-8000-000000000000"


@pytest.fixture
def stored(dynamodb: DynamoDBClient, clock: Clock) -> Store:  # noqa: ARG001  # its tables
    return on_dynamodb(clock)


def put(**attributes: Any) -> None:
    """Put an item into the outbox, whatever it is."""
    item = {"pk": {"S": OUTBOX}, "sk": {"S": KEY}, **attributes}
    boto3.client("dynamodb").put_item(TableName="state", Item=item)


def sequence(store: Store) -> int:
    """Number what waits."""
    return Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=9)


def deflated(text: str) -> dict[str, bytes]:
    """Write a body as bodies are stored."""
    return {"B": zlib.compress(text.encode())}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": {"B": b"not deflated"}},
        {"body": {"B": zlib.compress(b"x" * 999)[:-4]}},
        {"body": {"B": zlib.compress(b"\xff")}},
        {"body": {"S": "a text"}},
        {"body": {"NULL": True}},
        {"body": deflated("no JSON")},
        {"body": deflated("[]")},
        {"body": deflated('{"events": []}')},
        {"body": deflated('{"events": [{"id": "1", "event_type": "of a later version"}]}')},
        {"body": {"B": b""}, "version": {"S": "no number"}},
    ],
)
def test_whatever_lies_in_the_outbox_is_moved_aside_as_it_was(stored: Store, body: dict[str, Any]) -> None:
    put(**body)
    stored.work.record(*events_in_order(2), origin=ORIGIN)

    assert sequence(stored) == 3

    (aside,) = StateRecord.query(UNREADABLE)
    item = json.loads(value_of(aside, UnreadableRow).content)
    if "B" in item.get("body", {}):
        item["body"]["B"] = b64decode(item["body"]["B"])
    assert (aside.sk, item) == (KEY, {"pk": {"S": OUTBOX}, "sk": {"S": KEY}, **body})
    assert (stored.waiting(), stored.outbox.moved_aside()) == ([], 1)


def test_a_row_under_a_key_that_is_not_its_own_is_moved_aside(stored: Store) -> None:
    stored.work.record(*events_in_order(2), origin=ORIGIN)
    (row,) = stored.waiting()
    put(body=deflated(row.model_dump_json()))

    assert sequence(stored) == 3
    assert stored.outbox.moved_aside() == 1
