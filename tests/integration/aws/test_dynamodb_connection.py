"""How the adapters talk to DynamoDB: with one client, repeatably, and never more than is asked of them."""

import os
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest
from botocore.model import OperationModel
from botocore.stub import Stubber
from pynamodb.exceptions import TransactWriteError

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.connection import bind, table_of
from nightlatch.adapters.dynamodb.keys import Key, request_key
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord
from nightlatch.adapters.dynamodb.outbox import MOST_ROWS, head_record
from nightlatch.adapters.dynamodb.reading import read_index, read_many
from nightlatch.adapters.dynamodb.records import HeadRecord, RequestRecord, StateRecord
from nightlatch.adapters.dynamodb.removing import remove_many
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.domain.access_request import CLOSED, Status
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError, StoreUnavailableError
from nightlatch.domain.identifier import RANDOM_BYTES, uuid7
from nightlatch.domain.ledger import Head, append, first_break
from nightlatch.services.ports.requests import RequestFilter
from nightlatch.services.sequencer import Sequencer
from tests.fakes.store import predictable
from tests.integration.aws.builders import HOUR, MILLISECOND, NOW, ORIGIN, Clock, a_request, a_resource, an_event
from tests.integration.aws.conftest import RETENTION, Store, on_dynamodb

Calls = list[tuple[str, dict[str, Any]]]

LARGEST_TRANSACTION = 4 * 1024 * 1024
"""Bytes: a limit of DynamoDB."""

NO_COSTS = {"ReturnConsumedCapacity": "NONE"}
"""What every call says."""

pytestmark = pytest.mark.usefixtures("dynamodb")


@pytest.fixture
def calls() -> Iterator[Calls]:
    """List what is sent to DynamoDB."""
    sent: Calls = []

    def note(model: OperationModel, params: dict[str, Any], **_: object) -> None:
        sent.append((model.name, params))

    events = table_of(StateRecord).connection.client.meta.events
    events.register("provide-client-params.dynamodb.*", note)
    yield sent
    events.unregister("provide-client-params.dynamodb.*", note)


@pytest.fixture
def store(clock: Clock) -> Store:
    """Only the real one is told about here."""
    return on_dynamodb(clock)


def refuse(stubber: Stubber, *codes: str) -> None:
    """Refuse one transaction for these reasons, one per item."""
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    stubber.add_client_error("transact_write_items", "TransactionCanceledException", modeled_fields=reasons)


def bytes_put(transaction: dict[str, Any]) -> int:
    """Count what a transaction writes, as DynamoDB does: names and values of the attributes."""
    items = (step["Put"]["Item"] for step in transaction["TransactItems"] if "Put" in step)
    return sum(
        len(name.encode()) + len(str(*value.values()).encode()) for item in items for name, value in item.items()
    )


def test_all_records_share_one_connection() -> None:
    records = (StateRecord, RequestRecord, HeadRecord, LedgerRecord)
    assert len({id(table_of(record).connection) for record in records}) == 1


def test_binding_makes_no_client(aws: str) -> None:
    before = table_of(StateRecord).connection
    try:
        bind(state_table="other-state", ledger_table="other-ledger", region=aws)
        assert table_of(RequestRecord).connection is not before
        assert table_of(RequestRecord).table_name == "other-state"
        assert table_of(StateRecord).connection._client is None
    finally:
        bind(state_table="state", ledger_table="ledger", region=aws)


def test_nobody_asks_what_a_call_consumed(store: Store, calls: Calls) -> None:
    store.put(a_request())
    store.requests.request(a_request().id)
    assert [params["ReturnConsumedCapacity"] for _, params in calls] == ["NONE", "NONE"]


def test_recording_nothing_calls_nobody(store: Store, calls: Calls) -> None:
    store.work.record(origin=ORIGIN)
    assert calls == []


def test_every_transaction_carries_a_token_of_its_own(store: Store, calls: Calls) -> None:
    store.put(a_request(1))
    store.put(a_request(2))
    tokens = {params["ClientRequestToken"] for _, params in calls}
    assert len(tokens) == 2


def test_finding_reads_no_further_than_is_consumed(store: Store, calls: Calls) -> None:
    store.put(*(a_request(number) for number in range(150)))
    calls.clear()
    assert len(list(islice(store.requests.find(RequestFilter()), 100))) == 100
    assert [name for name, _ in calls] == ["Query", "BatchGetItem"]


@pytest.mark.parametrize("queries", [1, 2, 3])
def test_what_is_approved_while_open_requests_are_looked_for_is_found_once(store: Store, queries: int) -> None:
    pending, left = a_request(), [queries]
    store.put(pending)
    approved = pending.changed(status=Status.APPROVED, due_at=NOW + HOUR)

    def approve(**_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            store.work.commit(Change(approved), origin=ORIGIN)

    events = table_of(StateRecord).connection.client.meta.events
    events.register("after-call.dynamodb.Query", approve)
    found = list(store.requests.find(RequestFilter(statuses=frozenset(Status) - CLOSED)))
    events.unregister("after-call.dynamodb.Query", approve)

    assert found == [approved]


def test_what_is_due_is_read_no_further_than_is_consumed(store: Store, calls: Calls) -> None:
    store.put(*(a_request(number, due_at=NOW) for number in range(150)))
    calls.clear()
    assert len(list(islice(store.requests.due(NOW), 100))) == 100
    assert [name for name, _ in calls] == ["Query"] * 3  # a page of each shard


def test_a_scan_writes_only_what_is_new(store: Store, calls: Calls) -> None:
    store.catalogue.replace_resources("orders-db", [a_resource("a"), a_resource("b")])
    calls.clear()
    store.catalogue.replace_resources("orders-db", [a_resource("a"), a_resource("b", description="new")])
    assert [name for name, _ in calls] == ["Query", "BatchWriteItem"]
    assert len(calls[1][1]["RequestItems"]["state"]) == 1


def test_a_conflict_of_transactions_is_waited_out_under_the_same_token(stubber: Stubber, clock: Clock) -> None:
    pauses: list[float] = []
    work = DynamoUnitOfWork(
        clock=clock,
        random=predictable(),
        settings=DynamoAuditSettings(retention=RETENTION),
        open_requests=1,
        sleep=pauses.append,
    )
    refuse(stubber, "TransactionConflict")
    refuse(stubber, "ThrottlingError")
    stubber.add_response("transact_write_items", {})
    work.commit(Change(a_request()), origin=ORIGIN)
    assert len(pauses) == 2
    stubber.assert_no_pending_responses()


def test_a_conflict_that_stays_is_a_rivals_change(stubber: Stubber, store: Store) -> None:
    for _ in range(4):
        refuse(stubber, "TransactionConflict")
    stubber.add_response("get_item", {})  # whether it was for a place among the open requests
    with pytest.raises(RivalChangeError, match=a_request().id):
        store.put(a_request())
    stubber.assert_no_pending_responses()


def test_a_broken_condition_is_not_tried_again(stubber: Stubber, store: Store) -> None:
    refuse(stubber, "TransactionConflict", "ConditionalCheckFailed")
    stubber.add_response("get_item", {})
    with pytest.raises(RivalChangeError):
        store.put(a_request(1), a_request(2))
    stubber.assert_no_pending_responses()


def test_a_sequencer_does_not_wait_for_its_rival(stubber: Stubber, store: Store) -> None:
    refuse(stubber, "TransactionConflict")
    with pytest.raises(RivalChangeError, match="LEDGER HEAD"):
        store.outbox.append([], taking=[], after=Head(), head=Head(seq=1, hash="a"), retention=RETENTION)
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_what_is_no_conflict_is_not_called_one(stubber: Stubber, store: Store, code: str) -> None:
    refuse(stubber, code)
    with pytest.raises(TransactWriteError):
        store.put(a_request())


def test_a_batch_asks_again_for_what_was_not_answered(stubber: Stubber) -> None:
    keys = [request_key("req_1"), request_key("req_2")]
    raw = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    items = [{**key, "body": {"B": zlib.compress(b"{}")}} for key in raw]
    stubber.add_response(
        "batch_get_item", {"Responses": {"state": items[:1]}, "UnprocessedKeys": {"state": {"Keys": raw[1:]}}}
    )
    stubber.add_response("batch_get_item", {"Responses": {"state": items[1:]}, "UnprocessedKeys": {}})
    pauses: list[float] = []
    assert list(read_many(StateRecord, keys, sleep=pauses.append)) == keys
    assert pauses == [0.05]


def test_an_index_is_read_on_to_its_end_and_no_further_than_consumed(stubber: Stubber) -> None:
    first, second = ({"pk": {"S": f"REQUEST#req_{number}"}, "sk": {"S": "REQUEST"}} for number in (2, 1))
    place = {**first, "requester_id": {"S": "usr_1"}, "id": {"S": "req_2"}}
    stubber.add_response("query", {"Items": [first], "LastEvaluatedKey": place})
    within = RequestRecord.id.between("req_", "req_~")

    found = read_index(StateRecord, StateRecord.by_requester, "usr_1", within, page_size=1)

    assert next(found) == ("REQUEST#req_2", "REQUEST")
    stubber.assert_no_pending_responses()
    stubber.add_response("query", {"Items": [second]})
    assert list(found) == [("REQUEST#req_1", "REQUEST")]


def test_a_batch_that_is_never_answered_is_an_error_and_not_a_gap(stubber: Stubber) -> None:
    keys = [request_key("req_1")]
    raw = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    for _ in range(6):
        stubber.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": {"state": {"Keys": raw}}})
    with pytest.raises(StoreUnavailableError, match="1 items of state"):
        read_many(StateRecord, keys, sleep=lambda _: None)


def removals(*keys: Key) -> list[Any]:
    """Ask for these items to be removed."""
    return [{"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}} for pk, sk in keys]


def expect_removal(stubber: Stubber, *keys: Key, undone: Sequence[Key] = ()) -> None:
    """Let DynamoDB be asked to remove these items, and leave some undone."""
    answer = {"UnprocessedItems": {"state": removals(*undone)} if undone else {}}
    stubber.add_response("batch_write_item", answer, {**NO_COSTS, "RequestItems": {"state": removals(*keys)}})


def test_a_removal_is_asked_for_again_of_what_was_not_done_and_of_nothing_else(stubber: Stubber) -> None:
    """I3: what has numbers is gone before anything else gets some."""
    first, second, third = (request_key(f"req_{number}") for number in range(3))
    expect_removal(stubber, first, second, third, undone=[second, third])
    expect_removal(stubber, second, third, undone=[third])
    expect_removal(stubber, third)
    pauses: list[float] = []
    remove_many(StateRecord, [first, second, third, first], sleep=pauses.append)
    stubber.assert_no_pending_responses()
    assert pauses == [0.05, 0.1]


def test_a_removal_that_is_never_done_is_an_error(stubber: Stubber) -> None:
    """I3: the sequencer stops, and whoever comes next begins with it."""
    for _ in range(6):
        expect_removal(stubber, request_key("req_1"), undone=[request_key("req_1")])
    with pytest.raises(StoreUnavailableError, match="1 items of state were not removed"):
        remove_many(StateRecord, [request_key("req_1")], sleep=lambda _: None)
    stubber.assert_no_pending_responses()


def test_many_rows_are_cleared_in_few_calls(store: Store, calls: Calls) -> None:
    for number in range(MOST_ROWS):
        store.work.record(an_event(at=NOW + number * MILLISECOND), origin=ORIGIN)
    calls.clear()
    Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=1)
    assert [name for name, _ in calls] == [
        "BatchGetItem",
        "Query",
        "TransactWriteItems",
        "BatchWriteItem",
        "BatchWriteItem",
    ]


def test_a_head_that_names_all_that_is_taken_at_once_still_has_a_kilobyte() -> None:
    random = predictable()
    keys = [str(uuid7(NOW + number * 1000 * MILLISECOND, random=random(RANDOM_BYTES))) for number in range(MOST_ROWS)]
    head = Head(seq=10**12, hash=sha256(b"").hexdigest(), recorded_at=NOW)
    stored = head_record(head, taken=keys).serialize()
    size = sum(len(name) + len(content) for name, value in stored.items() for content in value.values())
    assert size <= 1024


def test_no_more_is_read_at_once_than_one_transaction_can_hold(store: Store, calls: Calls) -> None:
    """I4."""
    widest = "\N{ROCKET}" * 85_000
    for number in range(20):
        store.work.record(an_event(widest, at=NOW + number * MILLISECOND), origin=ORIGIN)
    rows = store.waiting()
    assert 1 < len(rows) < 20
    calls.clear()
    store.sequence()
    ((_, params),) = ((name, params) for name, params in calls if name == "TransactWriteItems")
    assert bytes_put(params) <= LARGEST_TRANSACTION
    assert store.waiting()[0].key > rows[-1].key


def test_one_row_is_read_however_large_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """I4."""
    monkeypatch.setattr("nightlatch.adapters.dynamodb.outbox.LARGEST_BATCH", 1)
    store.work.record(an_event("first"), origin=ORIGIN)
    store.work.record(an_event("second", at=NOW + MILLISECOND), origin=ORIGIN)
    assert [event.description for event in store.pending()] == ["first"]


def test_the_large_events_of_one_commit_wait_in_rows_that_an_item_can_hold(store: Store) -> None:
    """I4."""
    large = [an_event("x" * 40_000, at=NOW + number * MILLISECOND) for number in range(5)]
    store.work.record(*large, an_event("y" * 100_000, at=NOW + HOUR), an_event(at=NOW + 2 * HOUR), origin=ORIGIN)
    assert [len(row.events) for row in store.waiting()] == [2, 2, 1, 1, 1]


def test_large_events_are_sequenced_like_any_others(store: Store, calls: Calls) -> None:
    """I3. I4."""
    for number in range(25):
        store.work.record(an_event("x" * 200_000, at=NOW + number * MILLISECOND), origin=ORIGIN)
    calls.clear()
    assert Sequencer(outbox=store.outbox, clock=store.clock, random=os.urandom).drain(batches=25) == 25
    assert store.pending() == []
    assert first_break(list(store.ledger.kept().entries(1, 25)), after=Head()) is None
    assert all(bytes_put(params) <= LARGEST_TRANSACTION for name, params in calls if name == "TransactWriteItems")


def test_an_append_of_three_full_rows_is_one_call(store: Store, calls: Calls) -> None:
    store.work.record(*(an_event(str(number)) for number in range(96)), origin=ORIGIN)
    head, entries = append(Head(), store.pending(), at=NOW, random=os.urandom)
    waiting = store.waiting()
    calls.clear()
    store.outbox.append(entries, taking=waiting, after=Head(), head=head, retention=RETENTION)
    ((name, params),) = calls
    assert name == "TransactWriteItems"
    assert len(params["TransactItems"]) == 97


@pytest.mark.parametrize(
    ("at_first", "batches", "queries"),
    [(1, [1], 1), (51, [51], 1), (100, [100], 1), (101, [100, 1], 1), (151, [100, 51], 2)],
)
def test_a_page_of_a_list_reads_what_it_needs_and_no_more(
    store: Store, calls: Calls, at_first: int, batches: list[int], queries: int
) -> None:
    requests = [a_request(at=NOW - number * timedelta(minutes=1)) for number in range(250)]
    store.put(*requests)
    calls.clear()
    candidates = store.requests.candidates(RequestFilter(), at_first=at_first)
    found = list(islice(candidates, at_first))
    read = [params["RequestItems"]["state"]["Keys"] for name, params in calls if name == "BatchGetItem"]
    assert [len(keys) for keys in read] == batches
    assert [name for name, _ in calls].count("Query") == queries
    assert [*found, *candidates] == requests
