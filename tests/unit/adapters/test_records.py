"""Entity and item are the same thing in two forms: whatever is laid out can be read back exactly."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.adapters import dynamodb
from nightlatch.adapters.dynamodb.keys import key_of, ledger_key, padded, request_id_in
from nightlatch.adapters.dynamodb.ledger_record import LedgerRecord, entry_of, record_of_entry
from nightlatch.adapters.dynamodb.records import (
    DUE_SHARDS,
    RequestRecord,
    StateRecord,
    due_shards,
    record_of,
    value_of,
)
from nightlatch.domain.access_flow import (
    AccessFlow,
    ExtensionRule,
    FlowDefinition,
    FlowRegister,
    FlowSnapshot,
    GrantRule,
    Requirements,
)
from nightlatch.domain.access_request import AccessRequest, EndReason, IntegrationReference, Status
from nightlatch.domain.anomaly import (
    Anomaly,
    AnomalySeverity,
    AnomalyState,
    AnomalyType,
    Evidence,
    Finding,
    NamedFlow,
    NamedResource,
)
from nightlatch.domain.anomaly_settings import AnomalyChoices, AnomalySettings
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.audit_event import ResourceReference, Scope, Severity, Source
from nightlatch.domain.connector import Entitlement, GrantIntent, Handle
from nightlatch.domain.detection_lane import DetectionLane, DetectorMemory, LaneState
from nightlatch.domain.grant import Failure, Grant
from nightlatch.domain.identity import Actor, ActorType, Person
from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.domain.item import Item, ItemStatus, Verdict, Vote
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.opening_hours import Day, OpeningHours
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.selectors import (
    Attribute,
    Condition,
    Match,
    Operator,
    PeopleSelector,
    ResourceSelector,
    TargetSelector,
    Who,
)
from nightlatch.domain.value import Entity, Value, rfc3339
from tests.builders import a_request

for module in iter_modules(dynamodb.__path__):  # each may lay out kinds of its own
    import_module(f"{dynamodb.__name__}.{module.name}")

RETENTION = timedelta(days=90)

text = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
counts = st.integers(min_value=1, max_value=10**6)
instants = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.integers(min_value=1, max_value=30 * 86400).map(lambda seconds: timedelta(seconds=seconds))
json_leaves = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | text
details = st.dictionaries(
    text,
    st.recursive(json_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)),
)
slugs = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
people = st.builds(Person, id=names, name=text, email=text)
actors = st.builds(Actor, type=st.sampled_from(ActorType), id=text, name=text, email=text)
texts = st.lists(text, max_size=3).map(tuple)
named = st.lists(names, max_size=3).map(tuple)
labels = st.lists(names.filter(lambda name: name != "*"), max_size=3).map(tuple)
selectors = st.builds(PeopleSelector, people=named, groups=labels)
escalations = st.builds(Escalation, people=st.tuples(names), groups=labels, after=spans)
steps = st.builds(
    ApprovalStep,
    people=named,
    groups=st.tuples(names.filter(lambda name: name != "*")),
    needed=st.integers(1, 10),
    escalation=st.none() | escalations,
)
approvals = st.builds(ApprovalRule, steps=st.lists(steps, max_size=3).map(tuple), window=spans)
extensions = st.builds(
    ExtensionRule, count=st.integers(1, 10), longest=st.integers(1, 3600).map(lambda number: timedelta(seconds=number))
)
hours = st.builds(
    OpeningHours,
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    days=st.lists(st.sampled_from(Day), min_size=1, max_size=7).map(tuple),
    start=st.just("08:00"),
    end=st.sampled_from(["18:30", "24:00", "06:00"]),
)
votes = st.builds(Vote, verdict=st.sampled_from(Verdict), approver=people, groups=texts, reason=text, at=instants)
items = st.builds(
    Item,
    id=names,
    resource_type=text,
    resource_id=text,
    resource_name=text,
    resource_tags=texts,
    permission=text,
    permission_tags=texts,
    status=st.sampled_from(ItemStatus),
    votes=st.dictionaries(names, votes, max_size=2),
)
requests = st.builds(
    AccessRequest,
    version=counts,
    id=names,
    status=st.sampled_from(Status),
    requester=people,
    asked_by=st.none() | people,
    bundle_id=st.none() | names,
    integration=st.builds(IntegrationReference, id=names, name=text, kind=text),
    items=st.lists(items, max_size=3).map(tuple),
    justification=text,
    ticket=text,
    duration=spans,
    starts_at=st.none() | instants,
    extensions=st.integers(0, 10),
    flow=st.builds(
        FlowSnapshot,
        id=names,
        name=text,
        version=counts,
        approve=approvals,
        maximum=spans,
        extensions=st.none() | extensions,
        when=st.none() | hours,
        approver_reason=st.booleans(),
        fresh_sign_in=st.none() | spans,
        reason=text,
    ),
    source=st.sampled_from(Source),
    created_at=instants,
    updated_at=instants,
    granted_at=st.none() | instants,
    ends_at=st.none() | instants,
    ending_at=st.none() | instants,
    closed_at=st.none() | instants,
    end_reason=st.none() | st.sampled_from(EndReason),
    ended_by=st.none() | actors,
    session_user=text,
    quarantined=st.booleans(),
    due_at=st.none() | instants,
    claimed_from=st.none() | instants,
)
failures = st.builds(Failure, error=text, error_class=text, attempts=counts)
entitlements = st.builds(Entitlement, resource_type=text, resource_id=text, permission=text)
grants = st.builds(
    Grant,
    version=counts,
    request_id=names,
    integration_id=names,
    intent=st.builds(
        GrantIntent,
        grant_id=names,
        holder_id=names,
        holder=text,
        entitlements=st.lists(entitlements).map(tuple),
        ends_at=instants,
    ),
    handle=st.builds(
        Handle,
        grant_id=names,
        session_user=text,
        entitlements=st.lists(entitlements).map(tuple),
        details=details,
    ),
    sealed_secret=st.none() | text,
    attempts=counts,
    last_failure=st.none() | failures,
    given_up=st.none() | failures,
)
grant_rules = st.builds(
    lambda span, extensions: GrantRule(default=span, maximum=span, extensions=extensions),
    spans.filter(lambda span: span < timedelta(days=29)),
    st.none() | extensions,
)
conditions = st.builds(
    Condition,
    attribute=st.sampled_from(Attribute),
    operator=st.sampled_from(Operator),
    values=st.lists(names.filter(lambda name: name != "*"), min_size=1, max_size=3).map(tuple),
)
definitions = st.builds(
    FlowDefinition,
    name=names,
    description=text,
    who=st.builds(
        Who, match=st.sampled_from(Match), conditions=st.lists(conditions, min_size=1, max_size=3).map(tuple)
    ),
    on_behalf=st.none() | selectors,
    when=st.none() | hours,
    what=st.builds(
        TargetSelector,
        integration=slugs,
        resource_type=st.none() | names,
        names=st.tuples(names),
        ids=named,
        tags=labels,
        exclude=st.builds(ResourceSelector, names=named, ids=named, tags=labels),
        permissions=st.tuples(names),
    ),
    grant=grant_rules,
    approve=approvals,
    require=st.builds(
        Requirements,
        justification=st.booleans(),
        minimum_length=st.integers(1, 1000),
        justification_pattern=st.none() | st.just("[a-z]+"),
        ticket=st.booleans(),
        ticket_pattern=st.none() | st.just("OPS-[0-9]+"),
        approver_reason=st.booleans(),
        fresh_sign_in=st.none() | st.just(timedelta(minutes=15)),
    ),
)
flows = st.builds(
    AccessFlow,
    version=counts,
    id=slugs,
    is_deleted=st.booleans(),
    definition=definitions,
    updated_at=instants,
    updated_by=people,
)
integrations = st.builds(
    Integration,
    version=counts,
    id=slugs,
    name=names,
    kind=text,
    settings=details,
    secret_reference=text,
    status=st.sampled_from(IntegrationStatus),
    status_message=text,
    resource_count=counts,
    created_at=instants,
    updated_at=instants,
    scanned_at=st.none() | instants,
)
entries = st.builds(
    LedgerEntry,
    id=names,
    timestamp=instants,
    event_type=names,
    severity=st.sampled_from(Severity),
    actor=actors,
    resource=st.builds(ResourceReference, type=text, id=text, name=text),
    scope=st.none() | st.sampled_from(Scope),
    request_id=st.none() | names,
    integration=st.none() | names,
    description=text,
    details=details,
    source=st.sampled_from(Source),
    ip_address=st.none() | text,
    user_agent=st.none() | text,
    seq=counts,
    recorded_at=instants,
    salt=text,
    prev_hash=text,
    hash=text,
)


def stored(record: StateRecord) -> StateRecord:
    """Send a record through the form that DynamoDB is sent and answers with."""
    return StateRecord.from_raw_data(record.serialize())


met = st.builds(
    KnownPerson,
    version=counts,
    id=names,
    issuer=text,
    subject=text,
    name=text,
    email=text,
    groups=texts,
    is_service=st.booleans(),
    seen_at=instants,
)


found = st.builds(
    Finding,
    type=st.sampled_from(AnomalyType),
    severity=st.sampled_from(AnomalySeverity),
    scope=text,
    window=text,
    reason=text,
    evidence=st.builds(Evidence, entries=texts, values=details, thresholds=details),
    recommended=texts,
    requester=st.none() | people,
    actor=st.none() | people,
    request_id=st.none() | text,
    flow=st.none() | st.builds(NamedFlow, id=text, name=text, version=counts),
    resources=st.lists(st.builds(NamedResource, type=text, id=text, name=text, permission=text), max_size=3).map(tuple),
    integration=st.none() | text,
    rule=st.none() | text,
)
anomalies = st.builds(
    Anomaly,
    version=counts,
    id=names,
    finding=found,
    detected_at=instants,
    updated_at=instants,
    state=st.sampled_from(AnomalyState),
    note=text,
    acknowledged_by=st.none() | people,
    resolved_by=st.none() | people,
)
lanes = st.builds(
    DetectionLane,
    version=counts,
    id=names,
    state=st.sampled_from(LaneState),
    next_seq=counts,
    until=st.none() | counts,
    since=st.none() | instants,
    dry_run=st.booleans(),
    choices=st.none() | st.builds(AnomalyChoices),
    counts=st.dictionaries(st.sampled_from(AnomalyType), counts),
    asked_by=st.none() | people,
    asked_at=st.none() | instants,
)
memories = st.builds(
    DetectorMemory,
    version=counts,
    lane=names,
    kind=st.sampled_from(AnomalyType),
    subject=text,
    body=details,
    kept_until=instants,
)
detection = anomalies | lanes | memories | st.builds(AnomalySettings, version=counts)


@given(entity=requests | grants | flows | integrations | met | detection | st.builds(FlowRegister, version=counts))
def test_an_entity_is_read_back_as_it_was_laid_out(entity: Entity) -> None:
    record = stored(record_of(entity))
    assert value_of(record, type(entity)) == entity
    assert (record.pk, record.sk) == key_of(entity)
    assert record.version == entity.version


@given(entry=entries)
def test_a_ledger_entry_is_read_back_byte_for_byte(entry: LedgerEntry) -> None:
    record = LedgerRecord.from_raw_data(record_of_entry(entry, retention=RETENTION).serialize())
    assert entry_of(record) == entry
    assert record.body.encode() == canonical_json(entry_of(record).model_dump(mode="json"))
    assert (record.pk, record.sk) == ledger_key(entry.seq)


@given(request=requests)
def test_the_indexes_hold_what_the_request_says(request: AccessRequest) -> None:
    attributes = record_of(request).serialize()
    assert attributes.get("standing") == (None if request.is_open else {"S": request.status.value})
    assert attributes["requester_id"] == {"S": request.requester.id}
    assert attributes["integration_id"] == {"S": request.integration.id}
    assert attributes["flow_id"] == {"S": request.flow.id}
    assert attributes["month"] == {"S": request.created_at.isoformat()[:7]}
    assert request_id_in(attributes["pk"]["S"]) == request.id == attributes["id"]["S"]
    assert ("due_at" in attributes) == ("due_shard" in attributes) == (request.due_at is not None)
    if request.due_at:
        assert attributes["due_at"]["S"] <= rfc3339(request.due_at)


@given(request=requests.filter(lambda request: request.is_open and request.due_at is not None))
def test_an_open_request_is_listed_where_its_status_is_looked_for(request: AccessRequest) -> None:
    assert record_of(request).serialize()["due_shard"]["S"] in due_shards(frozenset({request.status}))


def test_what_is_granted_is_not_read_for_what_is_pending() -> None:
    apart = [set(due_shards(frozenset({status}))) for status in (Status.PENDING, Status.GRANTED, Status.EXPIRED)]
    assert [len(shards) for shards in apart] == [1, 2, 0]
    assert not apart[0] & apart[1]
    assert set.union(*apart) == set(DUE_SHARDS)


@given(anomaly=anomalies)
def test_an_anomaly_that_was_kept_before_actors_were_named_is_read(anomaly: Anomaly) -> None:
    record = record_of(anomaly)
    body = json.loads(record.body)
    del body["finding"]["actor"]
    record.body = json.dumps(body)

    unnamed = anomaly.finding.model_copy(update={"actor": None})
    assert value_of(record, Anomaly) == anomaly.model_copy(update={"finding": unnamed})


@given(anomaly=anomalies, other=anomalies)
def test_anomalies_are_listed_by_the_month_and_the_time_of_their_detection(anomaly: Anomaly, other: Anomaly) -> None:
    one, two = (record_of(each).serialize() for each in (anomaly, other))
    assert one["month"] == {"S": f"ANOMALY#{rfc3339(anomaly.detected_at)[:7]}"}
    assert not {"requester_id", "standing", "flow_id", "integration_id", "due_at"} & set(one)
    if anomaly.detected_at < other.detected_at:
        assert one["id"]["S"] < two["id"]["S"]


@given(at=instants, milliseconds=st.integers(1, 10**12))
def test_due_times_sort_as_text_like_as_times(at: datetime, milliseconds: int) -> None:
    due = (at, at + timedelta(milliseconds=milliseconds))
    earlier, later = (record_of(a_request().changed(due_at=each)) for each in due)
    assert isinstance(earlier, RequestRecord)
    assert isinstance(later, RequestRecord)
    assert earlier.due_at < later.due_at


@given(lower=st.integers(0, 10**12), higher=st.integers(0, 10**12))
def test_padded_numbers_sort_like_numbers(lower: int, higher: int) -> None:
    assert (padded(lower) < padded(higher)) == (lower < higher)


def test_an_entity_without_a_place_is_refused() -> None:
    class Stray(Entity):
        pass

    with pytest.raises(TypeError, match="Stray"):
        record_of(Stray())


def test_a_value_of_another_kind_cannot_be_read() -> None:
    class Other(Value):
        colour: str

    with pytest.raises(ValueError, match="colour"):
        value_of(StateRecord("p", "s", body='{"shape": "round"}'), Other)
