"""Lambda's event source mapping, played as template.yaml sets it: what the emulator leaves out is here.

A table's changes are filtered, dealt into lanes by partition key, and handed over in batches. A batch that fails is
cut in two or tried again; what failed too often or is too old goes to the dead letters.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zlib import crc32

from botocore.awsrequest import AWSResponse
from botocore.hooks import BaseEventHooks

from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import OutboxRow
from nightlatch.entrypoints.wakes import WakeFailedError
from tests.builders import FakeClock, KilledError
from tests.cloudformation import template
from tests.integration.aws.outbound import Death, Outbound

Record = dict[str, Any]
Invoke = Callable[[str, Mapping[str, Any]], None]

LOGICAL = {
    "provisioning": "ProvisioningFunction",
    "ledger": "LedgerFunction",
    "anomaly_detection": "AnomalyDetectionFunction",
}
PLAYED = {
    "Stream",
    "StartingPosition",
    "BatchSize",
    "ParallelizationFactor",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
}
BATCHES_AGAIN = 3
"""So far back a shard is read again."""

EXPIRED_BY_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@dataclass(frozen=True)
class Settings:
    """How the template has a function read a table's stream."""

    function: str
    batch_size: int
    lanes: int
    retries: int
    oldest: timedelta
    bisects: bool
    patterns: tuple[Mapping[str, Any], ...]

    @classmethod
    def in_template(cls, function: str) -> "Settings":
        """Read them; a setting that is not played here is refused."""
        events = template()["Resources"][LOGICAL[function]]["Properties"]["Events"].values()
        [wanted] = (event["Properties"] for event in events if event["Type"] == "DynamoDB")
        assert wanted.keys() <= PLAYED
        return cls(
            function=function,
            batch_size=wanted["BatchSize"],
            lanes=wanted.get("ParallelizationFactor", 1),
            retries=wanted["MaximumRetryAttempts"],
            oldest=timedelta(seconds=wanted["MaximumRecordAgeInSeconds"]),
            bisects=wanted.get("BisectBatchOnFunctionError", False),
            patterns=tuple(json.loads(each["Pattern"]) for each in wanted["FilterCriteria"]["Filters"]),
        )

    def lets_pass(self, record: Record) -> bool:
        """Whether one of the filters lets a record through."""
        return any(matches(pattern, record) for pattern in self.patterns)


def matches(pattern: Mapping[str, Any], value: object) -> bool:
    """Match as EventBridge does, with the two ways of matching that the template uses."""
    if not isinstance(value, Mapping):
        return False
    for name, wanted in pattern.items():
        found = value.get(name)
        if isinstance(wanted, Mapping):
            if not matches(wanted, found):
                return False
        elif not any(_is(choice, found) for choice in wanted):
            return False
    return True


def _is(choice: object, found: object) -> bool:
    if not isinstance(choice, Mapping):
        return choice == found
    [(way, text)] = choice.items()
    assert way == "prefix"
    return isinstance(found, str) and found.startswith(text)


class Fate(StrEnum):
    """What becomes of a batch on its way."""

    WELL = "handed over"
    TWICE = "handed over, and again: the checkpoint was lost"
    AGAIN = "handed over, and then the shard is read again from some batches ago"
    LOST = "never handed over"
    LATE = "handed over when it is too old"
    KILLED_BEFORE = "the function is killed before a call"
    KILLED_AFTER = "the function is killed after a call"


@dataclass(frozen=True)
class Turn:
    """The fate of one batch, the lane that it is taken of, and the call at which a function is killed."""

    fate: Fate = Fate.WELL
    lane: int = 0
    call: int = 0


@dataclass
class EventSourceMapping:
    """Hands a stream's records to one function."""

    settings: Settings
    invoke: Invoke
    clock: FakeClock
    outbound: Outbound
    dead_letters: list[Record] = field(default_factory=list)
    batches: list[list[Record]] = field(default_factory=list)
    _lanes: dict[int, deque[Record]] = field(default_factory=dict)
    _read: dict[int, list[Record]] = field(default_factory=dict)

    def take(self, records: Iterable[Record]) -> None:
        """Take what the stream tells, as far as the filters let it through."""
        for record in filter(self.settings.lets_pass, records):
            lane = crc32(record["dynamodb"]["Keys"]["pk"]["S"].encode()) % self.settings.lanes
            self._lanes.setdefault(lane, deque()).append(record)

    def hand_over(self, turns: Iterator[Turn]) -> None:
        """Hand over everything, each batch as its turn says; when there are no turns left, well."""
        while waiting := [number for number in sorted(self._lanes) if self._lanes[number]]:
            turn = next(turns, Turn())
            number = waiting[turn.lane % len(waiting)]
            lane, read = self._lanes[number], self._read.setdefault(number, [])
            batch = [lane.popleft() for _ in range(min(self.settings.batch_size, len(lane)))]
            self._hand_over(batch, turn)
            read += batch
            if turn.fate is Fate.AGAIN:
                lane.extendleft(reversed(read[-BATCHES_AGAIN * self.settings.batch_size :]))

    def _hand_over(self, batch: list[Record], turn: Turn) -> None:
        if turn.fate is Fate.LOST:
            return
        if turn.fate is Fate.LATE:
            self.clock.advance(self.settings.oldest + timedelta(seconds=1))
        if turn.fate in {Fate.KILLED_BEFORE, Fate.KILLED_AFTER}:
            self.outbound.arrange(Death(after_effect=turn.fate is Fate.KILLED_AFTER), at=turn.call)
        self._try(batch, self.settings.retries)
        if turn.fate is Fate.TWICE:
            self._try(batch, self.settings.retries)

    def _try(self, batch: list[Record], retries: int) -> None:
        fresh = [record for record in batch if self.clock.now - record["at"] <= self.settings.oldest]
        self.dead_letters += [record for record in batch if record not in fresh]
        if not fresh or self._succeeds(fresh):
            return
        if self.settings.bisects and len(fresh) > 1:
            half = len(fresh) // 2
            self._try(fresh[:half], retries)
            self._try(fresh[half:], retries)
        elif retries:
            self._try(fresh, retries - 1)
        else:
            self.dead_letters += fresh

    def _succeeds(self, batch: list[Record]) -> bool:
        self.batches.append(batch)
        try:
            self.invoke(self.settings.function, {"Records": batch})
        except (KilledError, WakeFailedError, StoreUnavailableError):
            return False
        return True


@dataclass
class Changes:
    """What a table's stream tells: every committed change, in order, with both images."""

    table: str
    clock: FakeClock
    records: list[Record] = field(default_factory=list)
    _images: dict[tuple[str, str], Any] = field(default_factory=dict)

    def watch(self, events: BaseEventHooks) -> None:
        """See what a client writes."""
        for operation in ("TransactWriteItems", "BatchWriteItem"):
            events.register(f"before-parameter-build.dynamodb.{operation}", self._begin)
            events.register_first(f"after-call.dynamodb.{operation}", self._end)

    def ignore(self, events: BaseEventHooks) -> None:
        """See no more of what a client writes."""
        for operation in ("TransactWriteItems", "BatchWriteItem"):
            events.unregister(f"before-parameter-build.dynamodb.{operation}", self._begin)
            events.unregister(f"after-call.dynamodb.{operation}", self._end)

    def clear(self) -> None:
        """Begin anew."""
        self.records.clear()
        self._images.clear()

    def committed(self) -> list[tuple[str, str | None]]:
        """List the events that were committed, by id, each with its request."""
        return [(event.id, event.request_id) for row in self.rows() for event in row.events]

    def rows(self) -> list[OutboxRow]:
        """List the rows that came into the outbox."""
        images = (record["dynamodb"].get("NewImage", {}) for record in self.records if record["eventName"] == "INSERT")
        records = (StateRecord.from_raw_data(image) for image in images if image["pk"]["S"].startswith("OUTBOX#"))
        return [value_of(record, OutboxRow) for record in records]

    def expire(self, now: datetime) -> list[Record]:
        """Remove what is past its time, as DynamoDB does days later, and return what the stream tells of it."""
        over = [
            key
            for key, image in self._images.items()
            if "expires_at" in image and int(image["expires_at"]["N"]) <= now.timestamp()
        ]
        told = [{**self._change(key, None), "userIdentity": EXPIRED_BY_TTL} for key in over]
        self.records += told
        return told

    def _begin(self, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        removals = params.get("RequestItems", {}).get(self.table, [])
        plain = [{"Delete": each["DeleteRequest"]} for each in removals if "DeleteRequest" in each]
        context["steps"] = params.get("TransactItems", plain)

    def _end(self, http_response: AWSResponse, context: dict[str, Any], **_: object) -> None:
        if http_response.status_code != 200:
            return
        for step in context["steps"]:
            if "Put" in step and step["Put"]["TableName"] == self.table:
                item = step["Put"]["Item"]
                self.records.append(self._change((item["pk"]["S"], item["sk"]["S"]), item))
            if "Delete" in step:
                key = step["Delete"]["Key"]
                self.records.append(self._change((key["pk"]["S"], key["sk"]["S"]), None))

    def _change(self, key: tuple[str, str], new: Any) -> Record:
        old = self._images.pop(key, None)
        if new:
            self._images[key] = new
        images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
        keys = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
        name = "REMOVE" if not new else "MODIFY" if old else "INSERT"
        return {"eventName": name, "at": self.clock.now, "dynamodb": {"Keys": keys, **images}}
