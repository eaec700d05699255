"""Every event of the catalogue is written by something that Nightlatch does, or is said here to come with what."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from nightlatch.adapters.dynamodb.keys import key_of
from nightlatch.domain.access_flow import ExtensionRule
from nightlatch.domain.audit_event import SEVERITIES, EventType, Severity
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NightlatchError, StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import PendingEvent
from nightlatch.domain.tally import Tally
from tests.builders import ADA, API, HOUR, IVO, MAYA, NOA, World, a_definition
from tests.documented_events import documented, to_come
from tests.fakes.destinations import REFUSED
from tests.functions.browser import Browser
from tests.functions.client import FLOW, Client, an_api_event, claims_of
from tests.functions.scheduled import recurring, run
from tests.unit.services.targets import DOWN, ResistingConnector

COMES_WITH: dict[str, str] = {
    # Of the catalogue, by whatever is not built yet.
    "integration.removed": "the removal of integrations",
    "discovery.integration.error": "scans on a schedule",
    "rotation.started": "rotation of credentials",
    "rotation.completed": "rotation of credentials",
    "rotation.failed": "rotation of credentials",
    "sync.started": "directory sync",
    "sync.completed": "directory sync",
    "sync.failed": "directory sync",
    "user.deleted": "directory sync",
    "report.created": "reports",
    "report.updated": "reports",
    "report.deleted": "reports",
    "report.delivered": "reports",
    "report.delivery.failed": "reports",
}
"""The names that nothing writes yet, and with what they come. What is written is an EventType and not here."""


SESSION = {"origin_jti": "o-1"}

OF_A_REQUEST = {"requester", "items", "duration_seconds", "flow"}
OF_A_SESSION = {"session_user", "start", "end"}

BY_ITSELF = {
    EventType.ACCESS_LAPSED,
    EventType.ACCESS_GRANTED,
    EventType.GRANT_FAILED,
    EventType.ACCESS_EXPIRED,
    EventType.ACCESS_RETURNED,
    EventType.REVOKE_FAILED,
    EventType.ACCESS_QUARANTINED,
    EventType.DRIFT_DETECTED,
    EventType.ACCOUNT_LOCKED,
    EventType.SYSTEM_STARTED,
    EventType.SCHEDULE_RAN,
    EventType.SCHEDULE_FAILED,
    EventType.AUDIT_SEALED,
    EventType.AUDIT_VERIFIED,
    EventType.INTEGRITY_FAILED,
    EventType.ANOMALY_DETECTED,
    EventType.DELIVERY_FAILED,
}
"""What no call causes: nobody has called then, or somebody long ago."""


@dataclass
class Stage:
    """A Nightlatch with its functions."""

    world: World = field(default_factory=World)
    client: Client = field(init=False)
    caused: list[PendingEvent] = field(default_factory=list)
    """What calls have told, or have begun to count."""

    def __post_init__(self) -> None:
        self.client = Client(self.world)

    def call(
        self, method: str, path: str, body: object = None, *, by: Principal = MAYA, etag: str = "", **claims: object
    ) -> int:
        """Call a route as somebody who has signed in, and return the status."""
        headers = {"if-match": etag} if etag else {}
        event = an_api_event(method, path, claims=claims_of(by) | SESSION | claims, body=body, headers=headers)
        with self.calling():
            return self.client.send(event).status

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Remember what is told, or begun to be counted, by what somebody calls meanwhile."""
        told, counted = len(self.world.events()), self._counted()
        yield
        self.caused += self.world.events()[told:]
        begun = [tally for key, tally in self._counted().items() if key not in counted]
        self.caused += [
            PendingEvent.of(event, event_id="", origin=tally.origin) for tally in begun for event in tally.told()
        ]

    def _counted(self) -> dict[tuple[str, str], Tally]:
        return {key_of(tally): tally for tally in self.world.store.closed(self.world.clock.now + timedelta(days=1))}

    def told(self) -> list[PendingEvent]:
        """Let all windows close, and list everything that was told."""
        self.world.clock.advance(2 * HOUR)
        self.world.tallying.tell()
        return self.world.events()


@dataclass(frozen=True)
class Told:
    """What was told of everything that there is to do, and what of it calls have caused."""

    events: list[PendingEvent] = field(default_factory=list)
    caused: list[PendingEvent] = field(default_factory=list)


@pytest.fixture(scope="module")
def everything() -> Told:
    """Do everything that there is to do, and collect what is told."""
    told = Told()
    for scenario in SCENARIOS:
        stage = Stage()
        scenario(stage)
        told.events.extend(stage.told())
        told.caused.extend(stage.caused)
    return told


@pytest.fixture
def events(everything: Told) -> list[PendingEvent]:
    return everything.events


# What people and the system do


def a_request_is_granted_extended_and_given_back(stage: Stage) -> None:
    (flow,) = stage.world.store.in_force().flows
    extensions = ExtensionRule(count=1, longest=HOUR)
    stage.world.store.commit(Change(flow.changed(definition=a_definition(extensions=extensions))), origin=API)
    request = stage.world.submitted("role1", "role3")
    assert stage.call("POST", f"/v1/requests/{request.id}/approve", {}, by=MAYA) == 403
    for item in request.items:
        assert stage.call("POST", f"/v1/requests/{request.id}/approve", {"items": [item.id]}, by=NOA) == 200
    stage.world.provisioning.advance(request.id)
    assert stage.call("POST", f"/v1/requests/{request.id}/credentials") == 200
    assert stage.call("POST", f"/v1/requests/{request.id}/extend", {"duration": "PT30M"}) == 200
    assert stage.call("POST", f"/v1/requests/{request.id}/extend", {"duration": "PT30M"}) == 400
    assert stage.call("POST", f"/v1/requests/{request.id}/return", {}) == 200
    stage.world.sweep(minutes=2)


def somebody_asks(stage: Stage) -> None:
    item = {"resource_type": "database", "resource": "orders", "permission": "role1"}
    asked = {"integration": "orders-db", "items": [item], "justification": "a customer cannot pay", "duration": "PT1H"}
    assert stage.call("POST", "/v1/requests", asked) == 201


def requests_end_in_every_other_way(stage: Stage) -> None:
    stage.call("POST", f"/v1/requests/{stage.world.submitted().id}/reject", {}, by=NOA)
    stage.call("POST", f"/v1/requests/{stage.world.submitted().id}/cancel", {})
    stage.call("POST", f"/v1/requests/{stage.world.granted().id}/revoke", {"reason": "leak"}, by=ADA)
    stage.world.granted()
    stage.world.sweep(minutes=70)
    stage.world.submitted()
    stage.world.clock.advance(timedelta(hours=25))
    stage.world.sweep(minutes=2)


def a_target_resists(stage: Stage) -> None:
    connector = ResistingConnector(revoke_errors=[DOWN] * 10_000)
    stage.world.connector = connector
    request = stage.world.granted("role1")
    stage.call("POST", f"/v1/requests/{request.id}/revoke", {"reason": "leak"}, by=ADA)
    stage.world.sweep(minutes=30)
    connector.accesses.clear()
    assert stage.call("POST", f"/v1/requests/{request.id}/close", {"reason": "seen to"}, by=ADA) == 200
    connector.revoke_errors.clear()
    stage.world.sweep(minutes=90)


def a_target_grants_nothing(stage: Stage) -> None:
    stage.world.connector = ResistingConnector(grant_errors=[DOWN] * 10_000)
    approved = stage.world.approved("role1")
    with suppress(NightlatchError):
        stage.world.provisioning.advance(approved.id)
    stage.world.sweep(minutes=90)


def access_comes_back_after_its_end(stage: Stage) -> None:
    request = stage.world.granted("role1")
    accesses = dict(stage.world.connector.accesses)
    stage.call("POST", f"/v1/requests/{request.id}/revoke", {"reason": "leak"}, by=ADA)
    stage.world.sweep(minutes=2)
    stage.world.connector.accesses.update(accesses)
    stage.world.sweep(minutes=90)


def administrators_configure(stage: Stage) -> None:
    assert stage.call("PUT", "/v1/flows/more", FLOW, by=ADA) == 201
    assert stage.call("PUT", "/v1/flows/more", FLOW | {"name": "Others"}, by=ADA, etag='"1"') == 200
    assert stage.call("DELETE", "/v1/flows/more", by=ADA, etag='"2"') == 204
    added = {"id": "billing-db", "name": "Billing", "kind": "fake", "settings": {}, "secret": "s"}
    assert stage.call("POST", "/v1/integrations", added, by=ADA) == 201
    assert stage.call("POST", "/v1/integrations/billing-db/scan", {}, by=ADA) == 200
    assert stage.call("POST", "/v1/integrations/billing-db/check", {}, by=ADA) == 200
    chosen = {"retention_days": 60, "reads": "all", "writers": []}
    assert stage.call("PUT", "/v1/settings/audit", chosen, by=ADA, etag='"0"') == 200


def a_target_is_down_for_a_while(stage: Stage) -> None:
    for command in ("check", "scan"):
        stage.world.connector.fail_next()
        stage.call("POST", f"/v1/integrations/orders-db/{command}", {}, by=ADA)
    assert stage.call("POST", "/v1/integrations/orders-db/check", {}, by=ADA) == 200


def people_sign_in(stage: Stage) -> None:
    stage.call("GET", "/v1/whoami")
    stage.call("GET", "/v1/whoami", name="Maya M.")
    stage.call("GET", "/v1/whoami", token_use="id")
    assert stage.call("POST", "/v1/sign-out") == 204


def somebody_guesses_a_password(stage: Stage) -> None:
    for _ in range(5):
        stage.world.sign_ins.attempted(MAYA, client="cli")


def an_auditor_reads(stage: Stage) -> None:
    assert stage.call("GET", "/v1/audit", by=IVO) == 200
    assert stage.call("GET", "/v1/audit/export?format=csv", by=IVO) == 200


def events_are_sent_on(stage: Stage) -> None:
    chosen = {"name": "SIEM", "settings": {"url": "https://siem.example"}}
    made = {**chosen, "id": "siem", "kind": "webhook", "secret": "s3cret"}
    assert stage.call("POST", "/v1/destinations", made, by=ADA) == 201
    assert stage.call("POST", "/v1/destinations/siem/test", {}, by=ADA) == 200
    stage.world.events()
    stage.world.senders.receivers["siem"].answering = lambda _: REFUSED
    stage.world.delivering.work_off("siem", has_time=lambda: True)
    assert stage.call("POST", "/v1/destinations/siem/replay", {"failed": True}, by=ADA) == 200
    assert stage.call("PUT", "/v1/destinations/siem", {**chosen, "name": "Ours"}, by=ADA, etag='"1"') == 200
    assert stage.call("POST", "/v1/destinations/siem/disable", {"reason": "moving"}, by=ADA) == 200
    assert stage.call("DELETE", "/v1/destinations/siem", by=ADA, etag='"3"') == 204


def somebody_asks_for_the_first_time(stage: Stage) -> None:
    stage.world.submitted()
    found = stage.world.detected()[0].id
    assert stage.call("POST", f"/v1/anomalies/{found}/acknowledge", {}, by=ADA) == 200
    replay = {"since": "2026-01-01T00:00:00Z", "dry_run": True}
    assert stage.call("POST", "/v1/anomalies/replays", replay, by=ADA) == 202
    assert stage.call("POST", f"/v1/anomalies/{found}/resolve", {"note": "a new colleague"}, by=ADA) == 200


def administrators_make_alert_rules(stage: Stage) -> None:
    rule = {"name": "Mine", "events": {"event_types": ["access.*"]}}
    assert stage.call("POST", "/v1/alert-rules", {**rule, "id": "mine"}, by=ADA) == 201
    assert stage.call("PUT", "/v1/alert-rules/mine", {**rule, "count": 2}, by=ADA, etag='"1"') == 200
    assert stage.call("DELETE", "/v1/alert-rules/mine", by=ADA, etag='"2"') == 204


def schedules_run(stage: Stage) -> None:
    for schedule in recurring():
        run(schedule, stage.world)
        with suppress(StoreUnavailableError):
            run(schedule, stage.world, dead=True)


def the_trail_is_sealed_checked_and_tampered_with(stage: Stage) -> None:
    stage.world.submitted()
    stage.world.events()
    stage.world.sealing.seal_next()
    stage.world.self_check.run(has_time=lambda: True)
    stage.world.submitted("role3")
    stage.world.events()
    newest = stage.world.store.chain.seq
    forged = stage.world.store.ledger[newest].model_copy(update={"description": "nothing happened"})
    stage.world.store.ledger[newest] = forged
    assert stage.world.sealing.seal_next() is None


def an_auditor_downloads_a_report(stage: Stage) -> None:
    browser = Browser(stage.world)
    with stage.calling():
        browser.sign_in(IVO)
        assert browser.get("/oversight/activity/export/file?format=csv").status == 200


SCENARIOS = (
    the_trail_is_sealed_checked_and_tampered_with,
    somebody_asks,
    a_request_is_granted_extended_and_given_back,
    requests_end_in_every_other_way,
    a_target_resists,
    a_target_grants_nothing,
    access_comes_back_after_its_end,
    administrators_configure,
    a_target_is_down_for_a_while,
    people_sign_in,
    somebody_guesses_a_password,
    an_auditor_reads,
    events_are_sent_on,
    schedules_run,
    administrators_make_alert_rules,
    somebody_asks_for_the_first_time,
    an_auditor_downloads_a_report,
)


# What is then so


def test_every_event_of_the_catalogue_is_written_by_something(events: list[PendingEvent]) -> None:
    assert {event.event_type for event in events} == {str(event_type) for event_type in EventType}


def test_nothing_that_is_written_is_still_said_to_come() -> None:
    assert COMES_WITH.keys().isdisjoint(EventType)


def test_the_page_promises_what_is_written_and_what_is_to_come() -> None:
    assert to_come() == COMES_WITH
    assert documented().keys() | to_come().keys() == set(EventType) | COMES_WITH.keys()


def test_every_event_has_the_severity_of_the_catalogue_and_says_who_did_what_to_what_and_how(
    events: list[PendingEvent],
) -> None:
    for event in events:
        assert event.severity == SEVERITIES.get(EventType(event.event_type), Severity.INFO)
        assert event.actor.id
        assert event.resource.type
        assert event.resource.id
        assert event.description


def test_every_event_holds_what_the_page_says_and_nothing_else(events: list[PendingEvent]) -> None:
    for event in events:
        row, common = documented()[event.event_type], in_common(event)
        names = event.details.keys() - {"call", "left_off"}
        assert row.always | common <= names <= row.always | common | row.sometimes, event.event_type


def in_common(event: PendingEvent) -> set[str]:
    """Name what all events of a request, or of its whole session, hold."""
    if not event.event_type.startswith("access."):
        return set()
    return OF_A_REQUEST if event.event_type.startswith("access.role.") else OF_A_REQUEST | OF_A_SESSION


def test_whatever_a_call_caused_says_from_where_and_with_what(everything: Told) -> None:
    for event in everything.caused:
        assert (event.ip_address, event.user_agent) == ("192.0.2.50", "tests/1.0"), event.event_type
        call = event.details["call"]
        assert isinstance(call, dict)
        assert {"method", "path"} <= call.keys()


def test_what_has_no_origin_is_what_the_system_does_by_itself(everything: Told) -> None:
    assert {event.event_type for event in everything.caused} == set(EventType) - BY_ITSELF
    assert {event.event_type for event in everything.events if not event.ip_address} >= BY_ITSELF


def test_what_the_system_did_by_itself_says_so(events: list[PendingEvent]) -> None:
    by_itself = [event for event in events if event.event_type.startswith("system.")]

    assert {event.actor.id for event in by_itself} == {"nightlatch"}
    assert {event.source for event in by_itself} == {"schedule", "system"}
