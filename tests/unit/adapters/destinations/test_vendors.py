"""The vendors' receivers, each as its documentation describes it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.destination import DestinationKind, Format, KeptSecret
from nightlatch.domain.errors import InvalidInputError
from nightlatch.domain.value import rfc3339
from nightlatch.services.ports.destinations import Outcome, Sender, Verdict
from tests.builders import NOON
from tests.fakes.receiver import Received, reply
from tests.fakes.vendors import AzureMonitor, DatadogIntake, SplunkCollector, SumoSource, as_json
from tests.unit.adapters.destinations.places import OpenPlace, Place, a_parcel

TOKEN = "4f0c7a10-91b6-4b5c-8f1e-siem"
SPLUNK, AZURE = DestinationKind.SPLUNK_HEC, DestinationKind.AZURE_LOGS
DATADOG, SUMO = DestinationKind.DATADOG, DestinationKind.SUMOLOGIC
MILLION = 1_000_000

AZURE_SETTINGS = {
    "endpoint": "https://nightlatch-x1.westeurope-1.ingest.monitor.azure.com",
    "rule": "dcr-1",
    "stream": "Custom-Nightlatch",
    "tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "client_id": "11111111-2222-3333-4444-555555555555",
}
AZURE_HOSTS = ("nightlatch-x1.westeurope-1.ingest.monitor.azure.com", "login.microsoftonline.com")
SPLUNK_HOST = "http-inputs-acme.splunkcloud.com"
DATADOG_HOST = "http-intake.logs.datadoghq.eu"
SUMO_URL = "https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV1_s3cret=="
SUMO_HOST = "endpoint4.collection.sumologic.com"


def splunk(place: OpenPlace, vendor: Callable[[Received], bytes], **settings: object) -> Sender:
    return place(vendor, SPLUNK_HOST).sender(SPLUNK, {"url": f"https://{SPLUNK_HOST}/", **settings}, TOKEN)


def azure(place: OpenPlace, vendor: Callable[[Received], bytes], **settings: object) -> Sender:
    return place(vendor, *AZURE_HOSTS).sender(AZURE, {**AZURE_SETTINGS, **settings}, TOKEN)


def datadog(place: OpenPlace, vendor: Callable[[Received], bytes], **settings: object) -> Sender:
    return place(vendor, DATADOG_HOST).sender(DATADOG, {"site": "datadoghq.eu", **settings}, TOKEN)


def sumo(place: OpenPlace, vendor: Callable[[Received], bytes], **settings: object) -> Sender:
    return place(vendor, SUMO_HOST).sender(SUMO, settings, SUMO_URL)


def a_source() -> SumoSource:
    return SumoSource(path="/receiver/v1/http/ZaVnC4dhaV1_s3cret==")


MAKES: dict[str, tuple[Callable[..., Sender], Callable[[], Any]]] = {
    "splunk": (splunk, lambda: SplunkCollector(TOKEN)),
    "azure": (azure, lambda: AzureMonitor(TOKEN)),
    "datadog": (datadog, lambda: DatadogIntake(TOKEN)),
    "sumo": (sumo, a_source),
}
EVERY_VENDOR = pytest.mark.parametrize(("connect", "vendor"), MAKES.values(), ids=MAKES)


def summary(outcome: Outcome) -> tuple[Verdict, int | None]:
    return outcome.verdict, outcome.status


@EVERY_VENDOR
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_events_arrive_in_their_order(
    place: OpenPlace, connect: Callable[..., Sender], vendor: Callable[[], Any], compressed: bool
) -> None:
    receiver = vendor()

    outcome = connect(place, receiver, gzip=compressed).send(a_parcel(3))

    assert outcome.verdict is Verdict.DELIVERED
    assert len(receiver.events) == 3


@EVERY_VENDOR
def test_events_weigh_what_they_add(
    place: OpenPlace, connect: Callable[..., Sender], vendor: Callable[[], Any]
) -> None:
    sizes: list[int] = []

    def measuring(request: Received) -> bytes:
        sizes.append(len(request.body))
        return bytes(vendor_answer(request))

    vendor_answer = vendor()
    sender = connect(place, measuring)
    parcel = a_parcel(5)
    sender.send(parcel)

    assert sizes[-1] <= sum(map(sender.weigh, parcel.entries)) + 2 <= sizes[-1] + 10


@EVERY_VENDOR
def test_a_parcel_is_within_what_the_vendor_takes(
    place: OpenPlace, connect: Callable[..., Sender], vendor: Callable[[], Any]
) -> None:
    bounds = connect(place, vendor()).bounds

    assert bounds.bytes < (5 * MILLION if connect is datadog else MILLION + 1)
    assert 100 <= bounds.entries <= 2000


def test_splunk_is_told_what_it_wants_to_know(place: OpenPlace) -> None:
    collector = SplunkCollector(TOKEN, indexes=frozenset({"security"}))
    parcel = a_parcel(2)

    outcome = splunk(place, collector, index="security", host="nightlatch", source_type="nl:audit").send(parcel)

    assert summary(outcome) == (Verdict.DELIVERED, 200)
    assert collector.events == [
        {
            "time": entry.timestamp.timestamp(),
            "host": "nightlatch",
            "source": "nightlatch",
            "sourcetype": "nl:audit",
            "index": "security",
            "event": entry.model_dump(mode="json"),
        }
        for entry in parcel.entries
    ]


def test_splunk_chooses_what_is_not_set(place: OpenPlace) -> None:
    collector = SplunkCollector(TOKEN)
    splunk(place, collector).send(a_parcel())

    assert collector.events[0].keys() == {"time", "source", "sourcetype", "event"}


@pytest.mark.parametrize(
    ("fields", "verdict", "error"),
    [
        ({"token": "another"}, Verdict.LATER, "answered 403, code 4"),
        ({"is_disabled": True}, Verdict.LATER, "answered 403, code 1"),
        ({"is_busy": True}, Verdict.LATER, "answered 503, code 9"),
        ({"needs_channel": True}, Verdict.LATER, "answered 400, code 10"),
        ({"indexes": frozenset({"other"})}, Verdict.LATER, "answered 400, code 7"),
        ({"most_bytes": 100}, Verdict.TOO_LARGE, "answered 413"),
    ],
)
def test_what_is_for_splunks_administrator_is_not_the_events_fault(
    place: OpenPlace, fields: dict[str, Any], verdict: Verdict, error: str
) -> None:
    outcome = splunk(place, SplunkCollector(**{"token": TOKEN, **fields})).send(a_parcel(2))

    assert (outcome.verdict, outcome.error, outcome.refused) == (verdict, error, None)


@pytest.mark.parametrize("code", [5, 6, 12, 13, 15])
def test_splunk_names_the_event_that_is_at_fault(place: OpenPlace, code: int) -> None:
    def refuses(_: Received) -> bytes:
        return as_json(400, {"text": "No", "code": code, "invalid-event-number": 2})

    outcome = splunk(place, refuses).send(a_parcel(4))

    assert (outcome.verdict, outcome.refused) == (Verdict.REFUSED, 2)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"code":"6"}', b"[" * 60_000])
def test_a_refusal_that_is_not_splunks_own_names_nothing(place: OpenPlace, body: bytes) -> None:
    outcome = splunk(place, lambda _: reply(400, body)).send(a_parcel(2))

    assert (outcome.verdict, outcome.refused) == (Verdict.REFUSED, None)


def test_azure_takes_rows_with_their_time(place: OpenPlace) -> None:
    monitor = AzureMonitor(TOKEN)
    parcel = a_parcel(2)

    outcome = azure(place, monitor).send(parcel)

    assert summary(outcome) == (Verdict.DELIVERED, 204)
    assert monitor.events == [
        {"id": entry.id, "event_type": entry.event_type, "TimeGenerated": rfc3339(entry.timestamp)}
        for entry in parcel.entries
    ]


def test_azure_takes_ocsf_too(place: OpenPlace) -> None:
    monitor = AzureMonitor(TOKEN, columns=frozenset({"TimeGenerated", "class_uid"}))
    at = place(monitor, *AZURE_HOSTS)

    at.sender(AZURE, AZURE_SETTINGS, TOKEN, format=Format.OCSF).send(a_parcel())

    assert monitor.events[0].keys() == {"TimeGenerated", "class_uid"}


def test_azure_is_shown_one_token_until_it_is_revoked(place: OpenPlace) -> None:
    monitor = AzureMonitor(TOKEN)
    sender = azure(place, monitor)
    for _ in range(3):
        assert sender.send(a_parcel()).verdict is Verdict.DELIVERED
    assert len(monitor.tokens) == 1

    monitor.revoke()

    assert sender.send(a_parcel()).verdict is Verdict.DELIVERED
    assert len(monitor.tokens) == 2


def test_a_wrong_client_secret_is_for_the_administrator_and_is_not_repeated(place: OpenPlace) -> None:
    outcome = azure(place, AzureMonitor("another")).send(a_parcel())

    assert outcome.verdict is Verdict.LATER
    assert "AADSTS7000215" in outcome.error
    assert TOKEN not in outcome.error


@pytest.mark.parametrize(
    ("fields", "settings", "expected"),
    [
        ({"has_role": False}, {}, (Verdict.LATER, 403)),
        ({}, {"rule": "dcr-2"}, (Verdict.LATER, 404)),
        ({}, {"stream": "Custom-Other"}, (Verdict.LATER, 404)),
    ],
)
def test_what_is_for_azures_administrator_is_not_the_events_fault(
    place: OpenPlace, fields: dict[str, Any], settings: dict[str, Any], expected: tuple[Verdict, int]
) -> None:
    assert summary(azure(place, AzureMonitor(TOKEN, **fields), **settings).send(a_parcel(2))) == expected


def test_a_400_of_azure_is_about_the_stream(place: OpenPlace) -> None:
    def refuses(request: Received) -> bytes:
        is_token = request.headers["host"].startswith("login.")
        return as_json(200, {"access_token": "t"}) if is_token else as_json(400, {"error": {"code": "InvalidStream"}})

    assert summary(azure(place, refuses).send(a_parcel(2))) == (Verdict.LATER, 400)


def test_azure_says_how_long_to_wait(place: OpenPlace) -> None:
    outcome = azure(place, AzureMonitor(TOKEN, retry_after="17")).send(a_parcel())

    assert (outcome.verdict, outcome.retry_after) == (Verdict.LATER, timedelta(seconds=17))


@pytest.mark.parametrize(
    ("cloud", "login", "scope"),
    [
        ("public", "login.microsoftonline.com", "https%3A%2F%2Fmonitor.azure.com%2F.default"),
        ("us-government", "login.microsoftonline.us", "https%3A%2F%2Fmonitor.azure.us%2F.default"),
        ("china", "login.chinacloudapi.cn", "https%3A%2F%2Fmonitor.azure.cn%2F.default"),
    ],
)
def test_each_cloud_of_azure_has_tokens_of_its_own(place: OpenPlace, cloud: str, login: str, scope: str) -> None:
    at = place(AzureMonitor(TOKEN), AZURE_HOSTS[0], login)

    outcome = at.sender(AZURE, {**AZURE_SETTINGS, "cloud": cloud}, TOKEN).send(a_parcel())

    asked = at.receiver.requests[0]
    assert outcome.verdict is Verdict.DELIVERED
    assert asked.headers["host"].startswith(login)
    assert asked.path == f"/{AZURE_SETTINGS['tenant']}/oauth2/v2.0/token"
    assert scope in asked.body.decode()


def test_datadog_reads_the_event_out_of_the_message(place: OpenPlace) -> None:
    intake = DatadogIntake(TOKEN)
    parcel = a_parcel(2)

    outcome = datadog(place, intake, tags="env:prod,team:security", host="nightlatch").send(parcel)

    assert summary(outcome) == (Verdict.DELIVERED, 202)
    assert [json.loads(log.pop("message")) for log in intake.events] == [
        entry.model_dump(mode="json") for entry in parcel.entries
    ]
    assert intake.events[0] == {
        "ddsource": "nightlatch",
        "ddtags": "env:prod,team:security",
        "hostname": "nightlatch",
        "service": "nightlatch",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"key": "another"}, (Verdict.LATER, 403)),
        ({"is_slow": True}, (Verdict.LATER, 408)),
        ({"is_throttled": True}, (Verdict.LATER, 429)),
    ],
)
def test_what_datadog_answers(place: OpenPlace, fields: dict[str, Any], expected: tuple[Verdict, int]) -> None:
    assert summary(datadog(place, DatadogIntake(**{"key": TOKEN, **fields})).send(a_parcel(2))) == expected


def test_datadog_refuses_what_it_cannot_read(place: OpenPlace) -> None:
    assert summary(datadog(place, lambda _: as_json(400, {"errors": []})).send(a_parcel(2))) == (Verdict.REFUSED, 400)


def test_sumo_logic_gets_a_line_for_each_event_and_its_own_headers(place: OpenPlace) -> None:
    source = a_source()
    at = place(source, SUMO_HOST)
    parcel = a_parcel(2)

    settings = {"category": "security/nightlatch", "host": "nightlatch", "fields": "env=prod"}
    outcome = at.sender(SUMO, settings, SUMO_URL).send(parcel)

    assert summary(outcome) == (Verdict.DELIVERED, 200)
    assert [json.loads(line) for line in source.events] == [entry.model_dump(mode="json") for entry in parcel.entries]
    assert {name: text for name, text in at.request.headers.items() if name.startswith("x-sumo-")} == {
        "x-sumo-category": "security/nightlatch",
        "x-sumo-name": "nightlatch",
        "x-sumo-host": "nightlatch",
        "x-sumo-fields": "env=prod",
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (SumoSource(path="/receiver/v1/http/another"), (Verdict.LATER, 401)),
        (SumoSource(path="/receiver/v1/http/ZaVnC4dhaV1_s3cret==", is_throttled=True), (Verdict.LATER, 429)),
    ],
)
def test_what_sumo_logic_answers(place: OpenPlace, source: SumoSource, expected: tuple[Verdict, int]) -> None:
    assert summary(sumo(place, source).send(a_parcel(2))) == expected


def test_the_address_of_a_source_is_a_secret(place: OpenPlace) -> None:
    outcome = sumo(place, lambda request: reply(500, f"no {request.path}".encode())).send(a_parcel())

    assert outcome.answer == "no /receiver/v1/http/[hidden]"


def test_a_new_secret_is_used_at_once_even_while_the_old_one_is_valid(place: OpenPlace) -> None:
    at = place(SplunkCollector(TOKEN), SPLUNK_HOST)
    rotating = KeptSecret(current="old").replaced(TOKEN, until=NOON + timedelta(days=1))

    outcome = at.sender(SPLUNK, {"url": f"https://{SPLUNK_HOST}"}, rotating).send(a_parcel())

    assert outcome.verdict is Verdict.DELIVERED


FAULTS: dict[str, tuple[DestinationKind, dict[str, Any], str, str]] = {
    "a path on a collector": (SPLUNK, {"url": f"https://{SPLUNK_HOST}/services"}, TOKEN, "/settings/url"),
    "a collector inside": (SPLUNK, {"url": "https://10.0.0.5"}, TOKEN, "/settings/url"),
    "a collector's port": (SPLUNK, {"url": f"https://{SPLUNK_HOST}:8088"}, TOKEN, "/settings/url"),
    "no token": (SPLUNK, {"url": f"https://{SPLUNK_HOST}"}, "", "/secret"),
    "a token of two lines": (SPLUNK, {"url": f"https://{SPLUNK_HOST}"}, "a\r\nX: b", "/secret"),
    "no rule": (AZURE, {**AZURE_SETTINGS, "rule": "1"}, TOKEN, "/settings/rule"),
    "a stream with a path": (AZURE, {**AZURE_SETTINGS, "stream": "Custom-a/../b"}, TOKEN, "/settings/stream"),
    "a tenant with a path": (AZURE, {**AZURE_SETTINGS, "tenant": "a/b?c"}, TOKEN, "/settings/tenant"),
    "an endpoint inside": (AZURE, {**AZURE_SETTINGS, "endpoint": "https://[::1]"}, TOKEN, "/settings/endpoint"),
    "an unknown cloud": (AZURE, {**AZURE_SETTINGS, "cloud": "germany"}, TOKEN, "/settings/cloud"),
    "another's site": (DATADOG, {"site": "datadoghq.com.evil.example"}, TOKEN, "/settings/site"),
    "a site before another's": (DATADOG, {"site": "evil.example/?datadoghq.com"}, TOKEN, "/settings/site"),
    "no key": (DATADOG, {}, "", "/secret"),
    "a category of two lines": (SUMO, {"category": "a\r\nX: b"}, SUMO_URL, "/settings/category"),
    "no address": (SUMO, {}, "", "/secret"),
    "an address that is none": (SUMO, {}, "collector", "/secret"),
    "an address with http": (SUMO, {}, SUMO_URL.replace("https", "http"), "/secret"),
}


@pytest.mark.parametrize(("kind", "settings", "secret", "pointer"), FAULTS.values(), ids=FAULTS)
def test_what_does_not_fit_is_named(
    place: OpenPlace, kind: DestinationKind, settings: dict[str, Any], secret: str, pointer: str
) -> None:
    at: Place = place(lambda _: reply(200), "unused.example")
    with pytest.raises(InvalidInputError) as told:
        at.senders.validate(kind, settings, secret)

    assert [fault.pointer for fault in told.value.faults] == [pointer]
    assert not secret or secret not in str(told.value)


@pytest.mark.parametrize("site", ["datadoghq.com", "us3.datadoghq.com", "datadoghq.eu", "ddog-gov.com"])
def test_every_site_of_datadog_can_be_set(place: OpenPlace, site: str) -> None:
    at = place(lambda _: reply(200), "unused.example")

    assert at.senders.validate(DATADOG, {"site": site}, TOKEN)["site"] == site
