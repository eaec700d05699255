"""Destinations in somebody else's AWS account: the role that is taken, an archive in S3, a bus of EventBridge."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.session import get_session
from botocore.stub import Stubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends
from mypy_boto3_events import EventBridgeClient
from pydantic import ValidationError

from nightlatch.adapters.assumed_roles import AssumedRoles, RoleUse
from nightlatch.adapters.destinations import event_bus, s3_archive
from nightlatch.adapters.destinations.aws_sender import AwsSender
from nightlatch.adapters.destinations.event_bus import EventBus
from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.adapters.destinations.s3_archive import S3Archive
from nightlatch.adapters.egress import DirectEgress
from nightlatch.adapters.exports.ocsf import ocsf_event
from nightlatch.bootstrap.assumed_roles import assumed_roles
from nightlatch.bootstrap.aws import session
from nightlatch.domain.destination import Destination, DestinationKind, Format
from nightlatch.domain.errors import InvalidInputError
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.destinations import Outcome, Parcel, Verdict
from tests.builders import NOON, a_chain
from tests.fakes.aws import FakeSecrets
from tests.integration.aws.conftest import REGION

ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/nightlatch-destination-archive"
BUCKET = "somebodys-archive"
BUS = f"arn:aws:events:{REGION}:{DEFAULT_ACCOUNT_ID}:event-bus/audit"
KEY = f"arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT_ID}:key/0"


class Roles:
    """Roles as they are taken for real, with the moment at hand and the clients that were made."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.made: list[Any] = []
        self.roles = AssumedRoles(
            lambda: boto3.client("sts"), {"s3": self._make, "events": self._make}, now=lambda: self.now
        )

    def _make(self, use: RoleUse, credentials: Any) -> Any:
        self.made.append(
            get_session().create_client(
                use.service,
                use.region,
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials["SessionToken"],
            )
        )
        return self.made[-1]


@pytest.fixture
def roles(aws: str) -> Roles:  # noqa: ARG001 - before boto3 is asked for anything
    sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles.clear()
    event_bus.gone_through.cache_clear()
    return Roles()


@pytest.fixture
def bucket(aws: str) -> Iterator[Any]:
    s3: Any = boto3.resource("s3")
    made = s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws})
    yield made
    made.objects.all().delete()
    made.delete()


def a_destination(kind: DestinationKind, **fields: Any) -> Destination:
    known = {"id": "dst_1", "name": "one", "kind": kind, "settings": {}, "created_at": NOON, "updated_at": NOON}
    return Destination.model_validate({**known, **fields})


def a_registry(roles: Roles) -> SenderRegistry:
    return SenderRegistry(secrets=FakeSecrets(), egress=DirectEgress(), roles=roles.roles)


def an_archive(roles: Roles, *, written: Format = Format.NATIVE, **settings: str) -> AwsSender:
    whole = {"bucket": BUCKET, "region": REGION, "role_arn": ROLE, **settings}
    sender = a_registry(roles).sender(a_destination(DestinationKind.S3, format=written, settings=whole))
    assert isinstance(sender, S3Archive)
    return sender


def a_bus(roles: Roles) -> AwsSender:
    settings = {"bus_arn": BUS, "role_arn": ROLE}
    sender = a_registry(roles).sender(a_destination(DestinationKind.EVENTBRIDGE, settings=settings))
    assert isinstance(sender, EventBus)
    return sender


def a_parcel(*entries: LedgerEntry, attempt: int = 1) -> Parcel:
    return Parcel(id="msg_1", entries=entries or tuple(a_chain(3)), attempt=attempt, at=NOON)


def objects(bucket: Any) -> dict[str, list[Any]]:
    return {
        one.key: [json.loads(line) for line in gzip.decompress(one.get()["Body"].read()).splitlines()]
        for one in bucket.objects.all()
    }


# The role


@pytest.mark.usefixtures("bucket")
def test_the_role_is_taken_for_this_destination_and_an_hour(roles: Roles) -> None:
    an_archive(roles).send(a_parcel())
    (assumed,) = sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles
    assert (assumed.role_arn, assumed.external_id, assumed.session_name) == (ROLE, "dst_1", "nightlatch")
    assert timedelta(hours=1) <= assumed.expiration.replace(tzinfo=UTC) - roles.now < timedelta(hours=1, minutes=1)


@pytest.mark.usefixtures("bucket")
def test_a_client_is_kept_until_shortly_before_its_credentials_expire(roles: Roles) -> None:
    archive = an_archive(roles)
    for later in (timedelta(0), timedelta(minutes=54), timedelta(minutes=2)):
        roles.now += later
        assert archive.send(a_parcel()).verdict is Verdict.DELIVERED
    assert len(roles.made) == 2


def test_another_destination_takes_the_role_in_its_own_name(roles: Roles) -> None:
    use = RoleUse("s3", REGION, ROLE, external_id="dst_1", timeout=timedelta(seconds=10))
    one = roles.roles.client(use)
    assert roles.roles.client(use._replace(external_id="dst_2")) is not one
    assert roles.roles.client(use) is one


@pytest.mark.parametrize("service", ["s3", "events"])
@pytest.mark.usefixtures("aws")
def test_the_wiring_makes_clients_that_are_as_patient_as_the_destination(service: str) -> None:
    session.cache_clear()
    use = RoleUse(service, "eu-west-3", ROLE, external_id="dst_1", timeout=timedelta(seconds=7))
    client = assumed_roles().client(use)
    session.cache_clear()
    assert client.meta.region_name == "eu-west-3"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (7, 7)
    assert client.meta.config.retries["total_max_attempts"] == 1


@pytest.mark.parametrize(
    "role_arn",
    [
        "arn:aws:iam::123456789012:role/admin",
        "arn:aws:iam::123456789012:role/x/nightlatch-destination-a",
        "arn:aws:iam::123456789012:user/nightlatch-destination-a",
        "arn:aws:iam::12345678901:role/nightlatch-destination-a",
        "arn:aws:iam::*:role/nightlatch-destination-*",
        "arn:aws:iam::123456789012:role/nightlatch-destination-a\n",
        "",
    ],
)
def test_only_roles_that_are_named_for_it_can_be_set(role_arn: str) -> None:
    with pytest.raises(ValidationError):
        event_bus.Settings(bus_arn=BUS, role_arn=role_arn)


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("ValidationError", 400), ("RegionDisabledException", 403)]
)
@pytest.mark.usefixtures("aws")
def test_a_role_that_cannot_be_taken_waits_until_it_is_mended(code: str, status: int) -> None:
    sts = boto3.client("sts")
    roles = Roles()
    roles.roles = AssumedRoles(lambda: sts, {}, now=lambda: NOON)
    with Stubber(sts) as stubber:
        stubber.add_client_error("assume_role", code, "not authorized\nto take it", http_status_code=status)
        outcome = a_bus(roles).send(a_parcel())
    assert (outcome.verdict, outcome.status) == (Verdict.LATER, status)
    assert outcome.error == f"AssumeRole: {code}: not authorized to take it"


# S3


def test_a_parcel_becomes_one_object_named_by_day_and_numbers(roles: Roles, bucket: Any) -> None:
    entries = a_chain(3)
    outcome = an_archive(roles).send(a_parcel(*entries))
    assert (outcome.verdict, outcome.status) == (Verdict.DELIVERED, 200)
    assert objects(bucket) == {
        "nightlatch/2026/11/22/000000000001-000000000003.jsonl.gz": [entry.model_dump(mode="json") for entry in entries]
    }


def test_another_attempt_writes_the_same_object(roles: Roles, bucket: Any) -> None:
    archive = an_archive(roles)
    archive.send(a_parcel())
    (first,) = bucket.objects.all()
    digest = first.e_tag
    archive.send(a_parcel(attempt=2))
    (second,) = bucket.objects.all()
    assert second.e_tag == digest
    assert second.get()["Body"].read()[4:8] == bytes(4), "gzip's time of writing"


def test_the_prefix_and_the_form_are_the_administrators(roles: Roles, bucket: Any) -> None:
    entries = a_chain(1)
    an_archive(roles, written=Format.OCSF, prefix="").send(a_parcel(*entries))
    assert objects(bucket) == {
        "2026/11/22/000000000001-000000000001.ocsf.jsonl.gz": [ocsf_event(entry) for entry in entries]
    }


def test_a_key_of_their_own_encrypts_the_object(roles: Roles, bucket: Any) -> None:
    an_archive(roles, kms_key=KEY).send(a_parcel())
    (written,) = bucket.objects.all()
    head = written.Object().meta.client.head_object(Bucket=BUCKET, Key=written.key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY)


def test_a_bucket_that_is_not_there_waits_until_it_is(roles: Roles) -> None:
    outcome = an_archive(roles).send(a_parcel())
    assert (outcome.verdict, outcome.status) == (Verdict.LATER, 404)
    assert outcome.error.startswith("PutObject: NoSuchBucket")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bucket", "Upper"),
        ("bucket", "a/b"),
        ("region", "https://evil.example"),
        ("prefix", "/absolute"),
        ("prefix", "line\nbreak"),
        ("prefix", "x" * 201),
        ("kms_key", "alias/mine"),
        ("endpoint", "https://evil.example"),
    ],
)
def test_settings_of_another_form_are_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError):
        s3_archive.Settings.model_validate({"bucket": BUCKET, "region": REGION, "role_arn": ROLE, field: value})


def test_a_line_weighs_what_it_is_long(roles: Roles) -> None:
    (entry,) = a_chain(1)
    assert (
        an_archive(roles).weigh(entry)
        == len(json.dumps(entry.model_dump(mode="json"), separators=(",", ":")).encode()) + 1
    )


# What goes wrong in both


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (DestinationKind.S3, {"bucket": BUCKET, "region": REGION, "role_arn": ROLE}),
        (DestinationKind.EVENTBRIDGE, {"bus_arn": BUS, "role_arn": ROLE}),
    ],
)
def test_there_is_no_secret_to_set(roles: Roles, kind: DestinationKind, settings: dict[str, str]) -> None:
    registry = a_registry(roles)
    assert registry.whole_secret(kind, "") == ""
    assert settings.items() <= registry.validate(kind, settings, "").items()
    with pytest.raises(InvalidInputError, match="/secret: there is none to set"):
        registry.validate(kind, settings, "AKIA")


SENDERS: dict[str, Callable[[Roles], AwsSender]] = {"put_object": an_archive, "put_events": a_bus}


@pytest.mark.parametrize(
    ("call", "code", "verdict"),
    [
        ("put_object", "AccessDenied", Verdict.LATER),
        ("put_object", "SlowDown", Verdict.LATER),
        ("put_object", "InternalError", Verdict.LATER),
        ("put_object", "KMS.DisabledException", Verdict.LATER),
        ("put_object", "InvalidArgument", Verdict.LATER),
        ("put_events", "AccessDeniedException", Verdict.LATER),
        ("put_events", "ThrottlingException", Verdict.LATER),
        ("put_events", "ResourceNotFoundException", Verdict.LATER),
        ("put_events", "InternalException", Verdict.LATER),
        ("put_events", "ValidationException", Verdict.REFUSED),
    ],
)
def test_only_what_is_about_the_events_refuses_them(roles: Roles, call: str, code: str, verdict: Verdict) -> None:
    outcome = failing(roles, call, code)
    assert (outcome.verdict, outcome.status) == (verdict, 400)
    assert code in outcome.error


def failing(roles: Roles, call: str, code: str) -> Outcome:
    sender = SENDERS[call](roles)
    client = roles.roles.client(sender._use)
    with Stubber(client) as stubber:
        stubber.add_client_error(call, code, http_status_code=400)
        return sender.send(a_parcel())


@pytest.mark.parametrize("call", sorted(SENDERS))
def test_a_service_that_cannot_be_reached_is_tried_later(roles: Roles, call: str) -> None:
    sender = SENDERS[call](roles)

    def unreachable(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://x")

    roles.roles.client(sender._use).meta.events.register("before-send", unreachable)
    outcome = sender.send(a_parcel())
    assert outcome.verdict is Verdict.LATER
    assert outcome.error == "AWS cannot be reached: EndpointConnectionError"
    assert outcome.took > timedelta(0)


# EventBridge


class Bus:
    """A bus all of whose events end in a queue."""

    def __init__(self, region: str) -> None:
        self.events: EventBridgeClient = boto3.client("events", region_name=region)
        self.sqs: Any = boto3.client("sqs", region_name=region)
        self.queue = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.create_event_bus(Name="audit")
        pattern = json.dumps({"source": ["nightlatch"]})
        self.events.put_rule(Name="all", EventBusName="audit", EventPattern=pattern)
        self.events.put_targets(Rule="all", EventBusName="audit", Targets=[{"Id": "1", "Arn": arn}])

    def heard(self) -> list[dict[str, Any]]:
        messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def close(self) -> None:
        self.events.remove_targets(Rule="all", EventBusName="audit", Ids=["1"])
        self.events.delete_rule(Name="all", EventBusName="audit")
        self.events.delete_event_bus(Name="audit")
        self.sqs.delete_queue(QueueUrl=self.queue)


@pytest.fixture
def bus(aws: str) -> Iterator[Bus]:
    bus = Bus(aws)
    yield bus
    bus.close()


def test_entries_are_told_to_the_bus_by_their_names(roles: Roles, bus: Bus) -> None:
    entries = a_chain(3)
    assert a_bus(roles).send(a_parcel(*entries)).verdict is Verdict.DELIVERED
    heard = bus.heard()
    assert [event["detail"] for event in heard] == [entry.model_dump(mode="json") for entry in entries]
    assert {(event["source"], event["detail-type"]) for event in heard} == {("nightlatch", entries[0].event_type)}
    assert heard[0]["time"] == "2026-11-22T12:00:00Z"


class Stingy:
    """A bus that fails some entries: by their numbers, with codes, once each."""

    def __init__(self, **failing: str) -> None:
        self.failing = {int(seq.removeprefix("_")): code for seq, code in failing.items()}
        self.calls: list[list[int]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the name is AWS's
        numbers = [json.loads(entry["Detail"])["seq"] for entry in Entries]
        self.calls.append(numbers)
        return {"Entries": [self._result(number) for number in numbers]}

    def _result(self, number: int) -> dict[str, str]:
        code = self.failing.get(number)
        return {"ErrorCode": code, "ErrorMessage": "no"} if code else {"EventId": str(number)}


def a_stingy_bus(roles: Roles, stingy: Stingy) -> AwsSender:
    roles.roles = AssumedRoles(lambda: boto3.client("sts"), {"events": lambda *_: stingy}, now=lambda: roles.now)
    return a_bus(roles)


def test_what_failed_is_sent_again_without_what_went_through(roles: Roles) -> None:
    stingy = Stingy(_2="ThrottlingException")
    sender = a_stingy_bus(roles, stingy)
    first = sender.send(a_parcel())
    assert (first.verdict, first.error) == (Verdict.LATER, "1 of 3 events failed: ThrottlingException")
    stingy.failing.clear()
    assert a_bus(roles).send(a_parcel(attempt=2)).verdict is Verdict.DELIVERED
    assert stingy.calls == [[1, 2, 3], [2]]


def test_a_refused_entry_is_found_by_halving_and_no_other_arrives_twice(roles: Roles) -> None:
    stingy = Stingy(_2="MalformedDetail")
    sender = a_stingy_bus(roles, stingy)
    entries = a_chain(4)
    halves = [entries, entries[:2], entries[:1], entries[1:2], entries[2:]]
    outcomes = [sender.send(a_parcel(*half)) for half in halves]
    assert [outcome.refused for outcome in outcomes] == [1, 1, None, 0, None]
    assert [outcome.verdict for outcome in outcomes] == [
        Verdict.REFUSED,
        Verdict.REFUSED,
        Verdict.DELIVERED,
        Verdict.REFUSED,
        Verdict.DELIVERED,
    ]
    assert stingy.calls == [[1, 2, 3, 4], [2], [2]]


def test_what_was_reported_as_delivered_can_be_replayed(roles: Roles) -> None:
    stingy = Stingy(_1="InternalFailure")
    sender = a_stingy_bus(roles, stingy)
    sender.send(a_parcel())
    stingy.failing.clear()
    for _ in range(2):
        assert sender.send(a_parcel()).verdict is Verdict.DELIVERED
    assert stingy.calls == [[1, 2, 3], [1], [1, 2, 3]]


@pytest.mark.parametrize(
    ("codes", "verdict"),
    [
        ({"_1": "MalformedDetail", "_2": "InvalidArgument"}, Verdict.REFUSED),
        ({"_1": "MalformedDetail", "_2": "ThrottlingException"}, Verdict.LATER),
        ({"_1": "NotAuthorizedForSourceException"}, Verdict.LATER),
        ({"_1": "AccessDeniedException", "_2": "AccessDeniedException", "_3": "AccessDeniedException"}, Verdict.LATER),
    ],
)
def test_entries_are_refused_only_when_all_errors_are_about_them(
    roles: Roles, codes: dict[str, str], verdict: Verdict
) -> None:
    assert a_stingy_bus(roles, Stingy(**codes)).send(a_parcel()).verdict is verdict


def test_an_entry_weighs_what_aws_counts(roles: Roles) -> None:
    (entry,) = a_chain(1)
    weights = [a_bus(roles).weigh(entry.model_copy(update={"description": text})) for text in ("", "é" * 50)]
    assert [later - earlier for earlier, later in pairwise(weights)] == [100]
