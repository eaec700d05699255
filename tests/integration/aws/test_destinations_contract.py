"""What every store promises about destinations, how far they have come, and what came of each attempt."""

from datetime import timedelta

import boto3
import pytest

from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.adapters.sqs_deliveries import SqsDeliveryQueue
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import LOG_KEPT, Attempt, Delivery, Progress, Result, Stretch
from nightlatch.domain.destination import Destination, DestinationKind
from nightlatch.domain.errors import NotFoundError, RivalChangeError, StoreUnavailableError
from nightlatch.services.ports.deliveries import LONGEST_DELAY, Standing
from tests.builders import NOON, an_event
from tests.fakes.aws import FakeSecrets
from tests.integration.aws.builders import ORIGIN
from tests.integration.aws.conftest import Store


def a_destination(name: str = "siem") -> Destination:
    return Destination(
        id=name,
        name=name,
        kind=DestinationKind.WEBHOOK,
        settings={"url": "https://siem.example"},
        created_at=NOON,
        updated_at=NOON,
    )


def a_progress(name: str = "siem") -> Progress:
    return Progress.beginning(name, next_seq=7)


def a_delivery(number: int, store: Store, name: str = "siem") -> Delivery:
    attempt = Attempt(parcel_id="parcel_1", first=1, last=2, entries=2, at=store.clock(), status=200, answer="ja")
    return Delivery(id=f"dlv_{number:04}", destination_id=name, result=Result.DELIVERED, attempt=attempt)


def test_a_destination_is_read_with_how_far_it_has_come(store: Store) -> None:
    store.put(a_destination(), a_progress())

    assert store.destinations.standing_of("siem") == Standing(a_destination(), a_progress())
    assert store.destinations.standing_of("other") is None


def test_all_are_read_by_their_ids(store: Store) -> None:
    for name in ("two", "one"):
        store.put(a_destination(name), a_progress(name))

    assert store.destinations.destinations() == [a_destination("one"), a_destination("two")]
    assert [one.progress for one in store.destinations.standings()] == [a_progress("one"), a_progress("two")]


def test_progress_is_stored_whole(store: Store) -> None:
    store.put(a_destination(), a_progress())
    progress = a_progress().again([Stretch(first=1, last=3)])
    store.work.commit(Change(progress), origin=ORIGIN)

    standing = store.destinations.standing_of("siem")
    assert standing is not None
    assert standing.progress == progress


def test_of_two_workers_who_claim_the_second_is_told(store: Store) -> None:
    store.put(a_destination(), a_progress())
    store.work.commit(Change(a_progress().passed(0, 9)), origin=ORIGIN)

    with pytest.raises(RivalChangeError):
        store.work.commit(Change(a_progress().passed(0, 8)), origin=ORIGIN)


def test_a_destination_goes_with_how_far_it_has_come_or_not_at_all(store: Store) -> None:
    store.put(a_destination(), a_progress())
    store.work.commit(Change(a_progress().passed(0, 9)), origin=ORIGIN)

    with pytest.raises(RivalChangeError):
        store.work.record(an_event(), origin=ORIGIN, ending=(a_destination(), a_progress()))
    assert store.destinations.standing_of("siem")
    store.work.record(an_event(), origin=ORIGIN, ending=(a_destination(), a_progress().passed(0, 9)))
    assert store.destinations.standing_of("siem") is None
    assert store.destinations.standings() == []


def test_the_log_is_read_newest_first_a_page_at_a_time(store: Store) -> None:
    lines = [a_delivery(number, store) for number in range(1, 6)]
    store.put(*lines, a_delivery(9, store, "other"))

    page = store.destinations.deliveries("siem", below=None, limit=2)
    assert page == [lines[4], lines[3]]
    assert store.destinations.deliveries("siem", below=page[-1].id, limit=9) == [lines[2], lines[1], lines[0]]
    assert store.destinations.delivery("siem", lines[0].id) == lines[0]


def test_a_line_of_the_log_is_kept_for_thirty_days(store: Store) -> None:
    line = a_delivery(1, store)
    store.put(line)

    store.clock.now += LOG_KEPT - timedelta(seconds=2)
    assert store.destinations.deliveries("siem", below=None, limit=9) == [line]
    store.clock.now += timedelta(seconds=3)
    assert store.destinations.deliveries("siem", below=None, limit=9) == []
    with pytest.raises(NotFoundError):
        store.destinations.delivery("siem", line.id)


# The queue and the secrets


def test_a_ring_is_a_message_that_names_the_destination_and_comes_no_sooner_than_it_should(aws: str) -> None:
    client = boto3.client("sqs", region_name=aws)
    address = client.create_queue(QueueName="rings")["QueueUrl"]
    queue = SqsDeliveryQueue(lambda: client, queue=address)

    queue.ring("siem")
    queue.ring("later", delay=timedelta(milliseconds=1))
    queue.ring("latest", delay=LONGEST_DELAY)

    received = client.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages", [])
    assert [message["Body"] for message in received] == ['{"destination": "siem"}']
    counts = client.get_queue_attributes(QueueUrl=address, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert counts["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "2"


def test_a_queue_that_is_not_there_is_a_store_that_is_unavailable(aws: str) -> None:
    client = boto3.client("sqs", region_name=aws)
    queue = SqsDeliveryQueue(lambda: client, queue="https://sqs.eu-central-1.amazonaws.com/123456789012/none")

    with pytest.raises(StoreUnavailableError):
        queue.ring("siem")


@pytest.fixture(params=["memory", "secrets manager"])
def secrets(request: pytest.FixtureRequest, aws: str) -> FakeSecrets | SecretsManagerSecrets:
    if request.param == "memory":
        return FakeSecrets()
    client = boto3.client("secretsmanager", region_name=aws)
    return SecretsManagerSecrets(lambda: client, prefix=f"{request.node.name}/")


def test_a_secret_is_replaced_where_it_lies(secrets: FakeSecrets | SecretsManagerSecrets) -> None:
    reference = secrets.put("siem-1", "old")

    secrets.replace(reference, "new")

    assert secrets.get(reference) == "new"


def test_a_secret_that_is_not_there_is_not_replaced(secrets: FakeSecrets | SecretsManagerSecrets) -> None:
    with pytest.raises(NotFoundError):
        secrets.replace("none", "new")
