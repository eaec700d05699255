"""What every store promises to the walk that lets stored entries expire."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.domain.change import Change
from nightlatch.domain.errors import RivalChangeError
from nightlatch.domain.retention_walk import RetentionWalk
from nightlatch.services.ports.keeping import Bearings, StoredTime
from tests.integration.aws.builders import MILLISECOND, NOW, ORIGIN, Clock, an_event, events_in_order
from tests.integration.aws.conftest import RETENTION, Store, on_dynamodb
from tests.integration.aws.test_dynamodb_connection import Calls, calls
from tests.integration.aws.test_ledger_contract import choose_retention, fill

__all__ = ["calls"]

LATER = (NOW + timedelta(days=365)).replace(microsecond=0)


def all_times(store: Store) -> Iterator[StoredTime]:
    """Walk along everything that is stored."""
    number = 1
    while number <= store.keeping.bearings().head.seq:
        stored = store.keeping.stored(number)
        assert stored.next > number
        yield from stored.times
        number = stored.next


def expiry(recorded_at: datetime, retention: timedelta) -> datetime:
    return (recorded_at + retention).replace(microsecond=0)


def test_at_first_there_are_the_deployments_settings_and_no_walk(store: Store) -> None:
    bearings = store.keeping.bearings()
    assert bearings == Bearings(store.settings.audit_settings(), store.ledger.kept().head, None, RETENTION)


def test_the_bearings_are_what_was_committed_last(store: Store) -> None:
    store.sequence(an_event())
    choose_retention(store, timedelta(days=30))
    walk = RetentionWalk.first(store.settings.audit_settings(), at=NOW)
    store.work.commit(Change(walk), origin=ORIGIN)
    assert store.keeping.bearings() == Bearings(
        store.settings.audit_settings(), store.ledger.kept().head, walk, RETENTION
    )


def test_an_entry_expires_by_the_retention_that_was_in_force_when_it_was_written(store: Store) -> None:
    (first,) = store.sequence(an_event())
    choose_retention(store, timedelta(days=30))
    store.clock.now += timedelta(seconds=1)
    (second,) = store.sequence(an_event())
    assert [(time.recorded_at, time.expires_at) for time in all_times(store)] == [
        (first.recorded_at, expiry(first.recorded_at, RETENTION)),
        (second.recorded_at, expiry(second.recorded_at, timedelta(days=30))),
    ]


def test_every_stored_entry_is_met_once_in_order_also_those_that_are_served_no_longer(store: Store) -> None:
    fill(store, 220, from_number=3990)
    store.clock.now += 2 * RETENTION
    assert [time.seq for time in all_times(store)] == list(range(3990, 4210))


def test_a_time_is_moved_and_nothing_else(store: Store) -> None:
    entries = store.sequence(*events_in_order(3))
    store.keeping.let_expire(2, at=LATER)
    store.keeping.let_expire(2, at=LATER)
    assert [time.expires_at == LATER for time in all_times(store)] == [False, True, False]
    assert list(store.ledger.kept().entries(1, 9)) == entries


def test_an_entry_that_is_not_stored_any_more_is_not_brought_back(store: Store) -> None:
    store.sequence(an_event())
    store.keeping.let_expire(7, at=LATER)
    assert [time.seq for time in all_times(store)] == [1]
    assert store.keeping.stored(7).times == []


def test_of_two_who_walk_on_from_the_same_place_the_second_is_told(store: Store) -> None:
    walk = RetentionWalk.first(store.settings.audit_settings(), at=NOW)
    store.work.commit(Change(walk), origin=ORIGIN)
    store.work.commit(Change(walk.come_to(11, head=20)), origin=ORIGIN)
    with pytest.raises(RivalChangeError):
        store.work.commit(Change(walk.come_to(11, head=20)), origin=ORIGIN)


def test_what_is_sent_names_only_what_the_functions_rights_allow(
    dynamodb: DynamoDBClient, clock: Clock, calls: Calls
) -> None:
    """I1: `expires_at` under a condition on the key, and no answer asked for."""
    store = on_dynamodb(clock)
    store.sequence(*events_in_order(1, at=NOW - MILLISECOND))
    key = {"pk": {"S": "0#0"}, "sk": {"S": f"{1:020}"}}
    before = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
    calls.clear()
    store.keeping.let_expire(1, at=LATER)
    [(name, sent)] = calls
    assert name == "UpdateItem"
    assert set(sent["ExpressionAttributeNames"].values()) == {"pk", "expires_at"}
    assert "ReturnValues" not in sent
    after = dynamodb.get_item(TableName="ledger", Key=key)["Item"]
    assert after == before | {"expires_at": {"N": str(int(LATER.timestamp()))}}
