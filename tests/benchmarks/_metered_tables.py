"""What DynamoDB would charge: every call is watched, and counted by the rules of its documentation.

A written item counts by the larger of its sizes before and after, in whole kilobytes, twice within a transaction. An
index counts one unit for each kilobyte that it writes: for a put, for a removal, and for both when a key changes.
(The DynamoDB developer guide: "Read and write operations", "Global secondary indexes", "Transactions: capacity".)
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.hooks import BaseEventHooks
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.adapters.dynamodb.connection import bind, table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from tests.benchmarks.capacity import KILOBYTE, Item, item_size, units_of_gets, units_of_query
from tests.integration.aws.tables import make_anew, table_definition

Key = tuple[str, str, str]

TABLES = {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")}
WRITES = {"Put": "Item", "Update": "Key", "Delete": "Key", "ConditionCheck": "Key"}


@dataclass
class Meter:
    """What has been charged since it was last read."""

    calls: int = 0
    write_units: int = 0
    read_units: float = 0
    written: dict[str, int] = field(default_factory=dict)

    def write(self, name: str, units: int) -> None:
        """Count write units, by what they are for."""
        self.write_units += units
        self.written[name] = self.written.get(name, 0) + units

    def take(self) -> "Meter":
        """Return what was counted, and begin anew."""
        taken = Meter(self.calls, self.write_units, self.read_units, self.written)
        self.calls = self.write_units = self.read_units = 0
        self.written = {}
        return taken


@contextmanager
def metered() -> Iterator[Meter]:
    """Play DynamoDB, and count whatever the records of both tables ask of it."""
    with mock_aws():
        aside = boto3.client("dynamodb", region_name="eu-central-1")
        make_anew(aside, TABLES)
        bind(state_table="state", ledger_table="ledger", region="eu-central-1")
        meter = Meter()
        with _watching(table_of(StateRecord).connection.client.meta.events, aside, meter):
            yield meter


@contextmanager
def _watching(events: BaseEventHooks, aside: DynamoDBClient, meter: Meter) -> Iterator[None]:
    before: list[tuple[str, Key, Item | None]] = []
    asked: dict[str, Any] = {}

    def calling(params: dict[str, Any], model: Any, **_: Any) -> None:
        meter.calls += 1
        asked.clear()
        asked.update(params)
        steps = WRITING[model.name](params) if model.name in WRITING else ()
        before[:] = [(kind, key, _stored(aside, key)) for kind, key in steps]

    def answered(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        times = 2 if model.name == "TransactWriteItems" else 1
        for kind, key, old in before:
            _charge_write(meter, kind, key, old, _stored(aside, key), times=times)
        if model.name in READING:
            meter.read_units += _units_read(asked, parsed, aside)

    events.register("provide-client-params.dynamodb.*", calling)
    events.register("after-call.dynamodb.*", answered)
    try:
        yield
    finally:
        events.unregister("provide-client-params.dynamodb.*", calling)
        events.unregister("after-call.dynamodb.*", answered)


def _units_read(asked: Mapping[str, Any], found: Mapping[str, Any], aside: DynamoDBClient) -> float:
    """Count whole items: that only some attributes are asked for makes none of them smaller."""
    if "RequestItems" in asked:
        return sum(
            units_of_gets(
                [_stored(aside, (table, key["pk"]["S"], key["sk"]["S"])) for key in wanted["Keys"]],
                consistent=wanted.get("ConsistentRead", False),
            )
            for table, wanted in asked["RequestItems"].items()
        )
    is_consistent, table = asked.get("ConsistentRead", False), asked["TableName"]
    if "Key" in asked:
        whole = _stored(aside, (table, asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
        return units_of_gets([whole], consistent=is_consistent)
    if "Items" not in found:  # they were only counted
        found = aside.query(**{name: value for name, value in asked.items() if name != "Select"})
    items = [_stored(aside, (table, item["pk"]["S"], item["sk"]["S"])) or {} for item in found["Items"]]
    if name := asked.get("IndexName"):
        [index] = (one for one in TABLES[table]["GlobalSecondaryIndexes"] if one["IndexName"] == name)
        items = [_in_index(index, item) or {} for item in items]
    return units_of_query(items, consistent=is_consistent)


def _steps_of_batch(params: Mapping[str, Any]) -> Iterator[tuple[str, Key]]:
    for table, requests in params["RequestItems"].items():
        for request in requests:
            kind, where = (
                ("Delete", request["DeleteRequest"]["Key"])
                if "DeleteRequest" in request
                else ("Put", request["PutRequest"]["Item"])
            )
            yield kind, (table, where["pk"]["S"], where["sk"]["S"])


def _steps(params: Mapping[str, Any]) -> Iterator[tuple[str, Key]]:
    for step in params["TransactItems"]:
        ((kind, content),) = step.items()
        where = content[WRITES[kind]]
        yield kind, (content["TableName"], where["pk"]["S"], where["sk"]["S"])


READING = {"Query", "GetItem", "BatchGetItem"}
WRITING = {"TransactWriteItems": _steps, "BatchWriteItem": _steps_of_batch}


def _stored(aside: DynamoDBClient, key: Key) -> Item | None:
    table, pk, sk = key
    return aside.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True).get("Item")


def _charge_write(meter: Meter, kind: str, key: Key, old: Item | None, new: Item | None, *, times: int) -> None:
    what = f"{key[0]}: {_kind_of(key)}" + (" (condition only)" if kind == "ConditionCheck" else "")
    meter.write(
        what, times * max(math.ceil(size / KILOBYTE) for size in (item_size(old or {}), item_size(new or {}), 1))
    )
    for index in TABLES[key[0]].get("GlobalSecondaryIndexes", []):
        if units := _index_units(index, old, new):
            meter.write(f"{key[0]}: index {index['IndexName']}", units)


def _index_units(index: Mapping[str, Any], old: Item | None, new: Item | None) -> int:
    names = [part["AttributeName"] for part in index["KeySchema"]]
    was, now = (_in_index(index, item) for item in (old, new))
    if was == now:
        return 0
    if was and now and all(was[name] == now[name] for name in names):
        return _kilobytes(now)
    return sum(_kilobytes(item) for item in (was, now) if item)


def _in_index(index: Mapping[str, Any], item: Item | None) -> Item | None:
    names = [part["AttributeName"] for part in index["KeySchema"]]
    if item is None or not all(name in item for name in names):
        return None
    projected = {"pk", "sk", *names, *index["Projection"].get("NonKeyAttributes", [])}
    return {name: value for name, value in item.items() if name in projected}


def _kilobytes(item: Item) -> int:
    return math.ceil(item_size(item) / KILOBYTE)


def _kind_of(key: Key) -> str:
    _, pk, sk = key
    return {"REQUEST": "request", "GRANT": "grant", "HEAD": "head of the ledger", "OPEN": "open requests"}.get(
        sk, "entry" if pk.startswith("0#") else pk.partition("#")[0].lower()
    )
