"""What DynamoDB would charge: every call is watched, and counted by the rules of its documentation.

A written item counts by the larger of its sizes before and after, in whole kilobytes, twice within a transaction. An
index counts one unit for each kilobyte that it writes: for a put, for a removal, and for both when a key changes. A
consistent read counts one unit for each four kilobytes, of the item or of all that a query went through.
(The DynamoDB developer guide: "Read and write operations", "Global secondary indexes", "Transactions: capacity".)
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch.adapters.dynamodb.connection import bind, table_of
from nightlatch.adapters.dynamodb.records import StateRecord
from tests.integration.aws.tables import make_anew, table_definition

Item = Mapping[str, Any]
Key = tuple[str, str, str]

KILOBYTE = 1024
READ_UNIT = 4 * KILOBYTE
TABLES = {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")}
WRITES = {"Put": "Item", "Update": "Key", "Delete": "Key", "ConditionCheck": "Key"}


@dataclass
class Meter:
    """What has been charged since it was last read."""

    calls: int = 0
    write_units: int = 0
    read_units: int = 0
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
        _watch(table_of(StateRecord).connection.client, aside, meter)
        yield meter


def _watch(client: Any, aside: DynamoDBClient, meter: Meter) -> None:
    before: list[tuple[str, Key, Item | None]] = []

    def calling(params: dict[str, Any], model: Any, **_: Any) -> None:
        meter.calls += 1
        steps = WRITING[model.name](params) if model.name in WRITING else ()
        before[:] = [(kind, key, _stored(aside, key)) for kind, key in steps]

    def answered(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        times = 2 if model.name == "TransactWriteItems" else 1
        for kind, key, old in before:
            _charge_write(meter, kind, key, old, _stored(aside, key), times=times)
        if model.name not in WRITING:
            meter.read_units += math.ceil(_read_size(parsed) / READ_UNIT) or 1

    client.meta.events.register("provide-client-params.dynamodb.*", calling)
    client.meta.events.register("after-call.dynamodb.*", answered)


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


WRITING = {"TransactWriteItems": _steps, "BatchWriteItem": _steps_of_batch}


def _stored(aside: DynamoDBClient, key: Key) -> Item | None:
    table, pk, sk = key
    return aside.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True).get("Item")


def _charge_write(meter: Meter, kind: str, key: Key, old: Item | None, new: Item | None, *, times: int) -> None:
    what = f"{key[0]}: {_kind_of(key)}" + (" (condition only)" if kind == "ConditionCheck" else "")
    meter.write(what, times * max(math.ceil(size / KILOBYTE) for size in (_size(old), _size(new), 1)))
    for index in TABLES[key[0]].get("GlobalSecondaryIndexes", []):
        if units := _index_units(index, old, new):
            meter.write(f"{key[0]}: index {index['IndexName']}", units)


def _index_units(index: Mapping[str, Any], old: Item | None, new: Item | None) -> int:
    names = [part["AttributeName"] for part in index["KeySchema"]]
    projected = {"pk", "sk", *names, *index["Projection"].get("NonKeyAttributes", [])}
    was, now = (_projected(item, names, projected) for item in (old, new))
    if was == now:
        return 0
    if was and now and all(was[name] == now[name] for name in names):
        return _kilobytes(now)
    return sum(_kilobytes(item) for item in (was, now) if item)


def _projected(item: Item | None, names: Iterable[str], projected: set[str]) -> Item | None:
    if item is None or not all(name in item for name in names):
        return None
    return {name: value for name, value in item.items() if name in projected}


def _kilobytes(item: Item) -> int:
    return math.ceil(_size(item) / KILOBYTE)


def _read_size(parsed: Mapping[str, Any]) -> int:
    found = [*parsed.get("Items", []), *([parsed["Item"]] if "Item" in parsed else [])]
    for items in parsed.get("Responses", {}).values():
        found += items
    return sum(_size(item) for item in found)


def _size(item: Item | None) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + _value_size(inner) for inner in content)
    if kind == "N":
        return math.ceil(len(content.lstrip("-")) / 2) + 1
    if kind == "B":
        return len(content)
    return len(content.encode()) if isinstance(content, str) else 1


def _kind_of(key: Key) -> str:
    _, pk, sk = key
    return {"REQUEST": "request", "GRANT": "grant", "HEAD": "head of the ledger", "OPEN": "open requests"}.get(
        sk, "entry" if pk.startswith("0#") else pk.partition("#")[0].lower()
    )
