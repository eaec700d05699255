"""What reading the trail costs by how long it is: calls and read units of a feed page and of each filter of the list.

The real service and the real adapter run; the calls that they make are answered from entries that are computed when
they are asked for, because a played DynamoDB takes hours for 100,000. That such a one is asked, and charges, the same
is what `tests/integration/aws/test_capacity.py` sees.

The trail is of 90 days, so a longer one is a denser one. What a filter selects grows with it, but for one request.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from nightlatch.adapters.dynamodb.connection import bind, table_of
from nightlatch.adapters.dynamodb.keys import HEAD
from nightlatch.adapters.dynamodb.ledger import DynamoLedger
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, record_of_entry
from nightlatch.adapters.dynamodb.outbox import head_record
from nightlatch.domain.audit_event import SEVERITIES, EventType, Origin, ResourceReference, Severity, Source
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent
from nightlatch.services.audit_trail import AuditTrail
from tests.benchmarks.capacity import Item, units_of_gets, units_of_query
from tests.benchmarks.row import Row
from tests.builders import EVE, MAYA, NOA, NOON, an_event

LENGTHS = (1_000, 10_000, 100_000)
KEPT = timedelta(days=90)
END = NOON + KEPT
FIRST_OF_ONE_REQUEST = 501
EVENTS_OF_A_REQUEST = 12
CALLED = Origin(
    source=Source.WEB,
    ip_address="192.0.2.50",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    call={"method": "POST", "path": "/v1/requests", "referer": "https://nightlatch.example.com/requests"},
)

FILTERS = {
    "everything": EntryFilter(),
    "last day": EntryFilter(since=END - timedelta(days=1)),
    "a day a month ago": EntryFilter(since=END - timedelta(days=31), until=END - timedelta(days=30)),
    "one request": EntryFilter(request_ids=frozenset({"req_one"})),
    "one resource": EntryFilter(resources=frozenset({"flow-1"})),
    "one actor": EntryFilter(actors=frozenset({NOA.id})),
    "one type": EntryFilter(event_types=frozenset({"access.granted"})),
    "a type that never occurs": EntryFilter(event_types=frozenset({"user.updated"})),
    "warnings and errors": EntryFilter(severities=frozenset({"warning", "error"})),
    "integration, looked for": EntryFilter(integrations=frozenset({"rare-db"})),
    "text, looked for": EntryFilter(text="nobody wrote this"),
}
PAGE = 10
INDEXED = ("actor_id", "resource_id", "request_id", "type_day", "severity")
TYPES = [kind for kind in EventType if SEVERITIES.get(kind, Severity.INFO) is Severity.INFO][:16]


@dataclass
class ComputedLedger:
    """Answers the calls of the adapter for a ledger of `length` entries, and counts what they cost."""

    length: int
    calls: int = 0
    units: float = 0
    held: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for seq in range(1, self.length + 1):
            record = record_of_entry(_entry(seq, self.length), retention=2 * KEPT)
            for name in INDEXED:
                if value := getattr(record, name):
                    self.held[name, value].append(seq)

    def dispatch(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        self.calls += 1
        answer = {"GetItem": self._get, "BatchGetItem": self._get_many, "Query": self._query}[operation]
        return answer(arguments)

    def _get(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        item = self._item_at(arguments["Key"])
        self.units += units_of_gets([item], consistent=arguments["ConsistentRead"])
        return {"Item": item} if item else {}

    def _get_many(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        ((table, asked),) = arguments["RequestItems"].items()
        items = [self._item_at(key) for key in asked["Keys"]]
        self.units += units_of_gets(items, consistent=asked["ConsistentRead"])
        return {"Responses": {table: [item for item in items if item]}, "UnprocessedKeys": {}}

    def _query(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        names, values = arguments["ExpressionAttributeNames"], arguments["ExpressionAttributeValues"]
        hash_name, sort_name = names["#0"], names["#1"]
        if arguments["KeyConditionExpression"] != "(#0 = :0 AND #1 BETWEEN :1 AND :2)" or sort_name != "sk":
            raise AssertionError(f"another question: {arguments['KeyConditionExpression']}")
        value, low, high = (values[f":{number}"]["S"] for number in range(3))
        numbers = self._between(hash_name, value, int(low), int(high))
        is_forward = arguments.get("ScanIndexForward", True)
        if begin := arguments.get("ExclusiveStartKey"):
            after = int(begin["sk"]["S"])
            numbers = [seq for seq in numbers if (seq > after if is_forward else seq < after)]
        page = (numbers if is_forward else numbers[::-1])[: arguments["Limit"]]
        items = [self._item(seq) for seq in page]
        if hash_name != "pk":
            items = [_key(item, hash_name) for item in items]
        self.units += units_of_query(items, consistent=arguments.get("ConsistentRead", False))
        last = {"LastEvaluatedKey": _key(items[-1], hash_name)} if len(page) < len(numbers) else {}
        return {"Items": items, "Count": len(items), "ScannedCount": len(items), **last}

    def _between(self, name: str, value: str, low: int, high: int) -> list[int]:
        if name == "pk":
            first = 4096 * int(value.removeprefix("0#"))
            return list(range(max(low, first, 1), min(high, first + 4095, self.length) + 1))
        numbers = self.held.get((name, value), [])
        return numbers[bisect_left(numbers, low) : bisect_right(numbers, high)]

    def _item_at(self, key: Mapping[str, Any]) -> Item | None:
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        if pk.startswith("0#"):
            return self._read(int(sk))
        return head_of(self.length) if (pk, sk) == HEAD else None  # and nobody has chosen any settings

    def _read(self, seq: int) -> Item | None:
        return self._item(seq) if 1 <= seq <= self.length else None

    def _item(self, seq: int) -> Item:
        return item_of(seq, self.length)


def item_of(seq: int, length: int) -> Item:
    """Lay out an entry of a ledger of so many."""
    item: Item = record_of_entry(_entry(seq, length), retention=2 * KEPT).serialize()
    return item


def head_of(length: int) -> Item:
    """Lay out the head of a ledger of so many."""
    head: Item = head_record(Head(seq=length, hash="e" * 64, recorded_at=END)).serialize()
    return head


def _entry(seq: int, length: int) -> LedgerEntry:
    at = END - KEPT * (1 - seq / length)
    is_one = 0 <= seq - FIRST_OF_ONE_REQUEST < EVENTS_OF_A_REQUEST
    request_id = "req_one" if is_one else f"req_06h06lsgg1o015vr7bcr{seq // EVENTS_OF_A_REQUEST:06}"
    kind = EventType.GRANT_FAILED if seq % 100 == 0 else TYPES[seq % len(TYPES)]
    by = NOA if seq % 20 == 0 else (MAYA, EVE)[seq % 2]
    about = ResourceReference(type="flow", id="flow-1", name="Orders") if seq % 50 == 1 else None
    event = an_event(kind, at=at, by=by.as_actor(), request_id=None if about else request_id)
    event = event.model_copy(update={"integration": "orders-db", **({"resource": about} if about else {})})
    pending = PendingEvent.of(event, event_id=f"019a0000-0000-7000-8000-{seq:012}", origin=CALLED)
    named = {**dict(pending), "id": f"{pending.id}-{seq}"}
    return LedgerEntry(**named, seq=seq, recorded_at=at, salt="5" * 32, prev_hash="a" * 64, hash="b" * 64)


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure each way to read; the rounds would all count the same."""
    del rounds
    counted = {length: dict(_counted(length)) for length in LENGTHS}
    shortest = f"{LENGTHS[0]:,}"
    for what in counted[LENGTHS[0]]:
        calls_then, units_then = counted[LENGTHS[0]][what]
        for length in LENGTHS:
            calls, units = counted[length][what]
            yield Row(f"{what}, of {length:,}: calls", calls, "calls", {shortest: calls / calls_then})
            yield Row(f"{what}, of {length:,}: reads", units, "RU", {shortest: units / units_then})


def _counted(length: int) -> Iterator[tuple[str, tuple[int, float]]]:
    bind(state_table="state", ledger_table="ledger", region="eu-central-1")
    ledger = ComputedLedger(length)
    table_of(LedgerRecord).connection.dispatch = ledger.dispatch  # type: ignore[assignment,method-assign]  # all calls pass here
    for what, read in ways_to_read().items():
        yield what, _spent(ledger, read)


def ways_to_read() -> dict[str, Callable[[], object]]:
    """Name each way to read the trail that the records' tables hold."""
    trail = AuditTrail(ledger=DynamoLedger(clock=_at_the_end, retention=2 * KEPT))
    sparse = EntryFilter(event_types=frozenset({"user.updated"}))
    lists = {what: partial(trail.page, wanted, before=None, limit=PAGE) for what, wanted in FILTERS.items()}
    feed = {
        "feed page of 100": partial(trail.feed, after=0, limit=100),
        "feed page, filtered": partial(trail.feed, after=0, limit=100, wanted=sparse),
    }
    return {**feed, **lists}


def _spent(ledger: ComputedLedger, read: Callable[[], object]) -> tuple[int, float]:
    calls, units = ledger.calls, ledger.units
    read()
    return ledger.calls - calls, ledger.units - units


def _at_the_end() -> datetime:
    return END


def _key(item: Item, hash_name: str) -> Item:
    return {name: item[name] for name in ("pk", "sk", hash_name)}
