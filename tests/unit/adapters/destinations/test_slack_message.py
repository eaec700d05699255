"""What the audit channel shows of an event, and that nothing in it is obeyed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from nightlatch.adapters.destinations.slack_message import ACTIONS, NOTHING, escaped, message
from nightlatch.domain.access_request import Status
from nightlatch.domain.audit_event import AuditEvent, EventType, Origin, ResourceReference, Scope, Severity, Source
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.ledger import Head, LedgerEntry, PendingEvent, append
from tests.builders import NOA, NOON, a_chain, a_history, a_request
from tests.fakes.slack import FakeSlack, faults_of

ITEMS = [
    {"permission": "read", "resource": "orders"},
    {"permission": "write", "resource": "orders"},
    {"permission": "read", "resource": "stock"},
]
HOSTILE = [
    "<!channel>",
    "<!here|hi>",
    "<@U012AB3CD>",
    "<!subteam^SAZ94GDB8>",
    "<#C123ABC>",
    "<https://evil.example|Approve here>",
    "https://evil.example/x",
    "@here @channel @everyone",
    "&lt;!channel&gt;",
    "*bold* _it_ ~gone~ `code` ```x```",
    "maya\u202egnp.exe",
    "\u2066hidden\u2069\u200b",
    "one\nAction\nApproved, by the boss",
    "a\rb\u2028c\u2029d\x85e\x1b[31mf",
    ":tada:",
    "",
    " ",
    "\U0001f600" * 3000,
    "&" * 5000,
]


def an_entry(event_type: str = "access.granted", **fields: Any) -> LedgerEntry:
    details = {"requester": {"id": "usr_maya", "name": "Maya", "email": "maya@example.com"}, "items": ITEMS,
               "duration_seconds": 5400}  # fmt: skip
    known = {
        "event_type": event_type,
        "actor": NOA.as_actor(),
        "details": details,
        "integration": "orders-db",
        "request_id": "req_1",
        "description": "Maya has read on orders",
    }
    return a_chain(1)[0].model_copy(update={**known, **fields})


def entry_of(event: AuditEvent) -> LedgerEntry:
    pending = PendingEvent.of(event, event_id="0", origin=Origin(source=Source.API))
    return append(Head(), [pending], at=NOON, random=lambda size: b"\0" * size)[1][0]


def fields_of(entry: LedgerEntry) -> dict[str, str]:
    fields = message(entry)["blocks"][2]["fields"]
    return dict(field["text"].split("\n") for field in fields)


def texts_of(told: dict[str, Any]) -> list[str]:
    objects = [
        one
        for block in told["blocks"]
        for one in (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
        if one
    ]
    return [told["text"], *(one["text"] for one in objects)]


def test_a_step_of_a_request_is_told_with_six_fields() -> None:
    assert fields_of(an_entry()) == {
        "Requester": "Maya (maya@example.com)",
        "Permissions": "read, write",
        "Resources": "orders, stock",
        "Integration": "orders-db",
        "Action": "Granted, by Noa (noa@example.com)",
        "Duration": "1 h 30 min",
    }


@pytest.mark.parametrize("status", list(Status))
def test_every_step_that_a_request_takes_is_told_with_six_fields(status: Status) -> None:
    for event in a_history(a_request())[status].events:
        entry = entry_of(event)
        assert list(fields_of(entry)) == ["Requester", "Permissions", "Resources", "Integration", "Action", "Duration"]
        assert NOTHING not in fields_of(entry).values()
        assert faults_of(message(entry)) == []


@pytest.mark.parametrize("event_type", [one for one in EventType if one.startswith(("access.", "anomaly."))])
def test_every_step_has_a_name_in_words(event_type: EventType) -> None:
    assert ACTIONS[event_type]


def test_one_approvers_word_is_told_of_its_own_item_only() -> None:
    details = {**an_entry().details, "permission": "write", "resource": "orders"}
    fields = fields_of(an_entry("access.role.approved", scope=Scope.ROLE, details=details))
    assert (fields["Permissions"], fields["Resources"]) == ("write", "orders")


def test_other_events_are_told_in_a_plain_form() -> None:
    resource = ResourceReference(type="anomaly", id="ano_1", name="Too many requests")
    entry = an_entry(
        "anomaly.detected",
        details={},
        resource=resource,
        actor=Actor(type=ActorType.SYSTEM, id="nightlatch", name="Nightlatch"),
    )
    assert fields_of(entry) == {
        "Action": "Anomaly detected, by Nightlatch",
        "About": "anomaly Too many requests",
        "Integration": "orders-db",
    }


def test_an_anomaly_is_told_with_whom_it_is_about() -> None:
    maya: dict[str, JsonValue] = {"id": "usr_maya", "name": "Maya Stern", "email": "maya@example.com"}
    finding: dict[str, JsonValue] = {"requester": maya, "actor": {"id": "usr_noa", "name": "Noa Levi", "email": ""}}
    fields = fields_of(an_entry("anomaly.detected", details={"finding": finding}))
    assert (fields["Requester"], fields["Actor"]) == ("Maya Stern (maya@example.com)", "Noa Levi")
    alone = fields_of(an_entry("anomaly.detected", details={"finding": {"requester": None}}))
    assert not alone.keys() & {"Requester", "Actor"}


def test_an_event_of_another_system_goes_by_its_name() -> None:
    told = message(an_entry("rotation.failed", details={}))
    assert told["blocks"][0]["text"]["text"] == ":information_source: *rotation.failed*"
    assert told["text"] == "rotation.failed: Maya has read on orders"


@pytest.mark.parametrize(("severity", "sign"), [(Severity.WARNING, ":warning:"), (Severity.ERROR, ":rotating_light:")])
def test_the_sign_tells_the_severity(severity: Severity, sign: str) -> None:
    assert message(an_entry(severity=severity))["blocks"][0]["text"]["text"].startswith(sign)


def test_the_time_and_the_place_in_the_trail_are_told() -> None:
    time, place = message(an_entry())["blocks"][3]["elements"]
    assert time["text"] == "<!date^1795348800^{date_short}, {time_secs}|2026-11-22 12:00:00 UTC>"
    assert place["text"] == "access.granted · entry 1 · req_1"


@pytest.mark.parametrize(
    "details",
    [
        {"requester": {}},
        {"requester": {"name": None}, "items": "?", "duration_seconds": "x"},
        {"requester": {"id": 1}, "items": [1, {}]},
    ],
)
def test_details_of_any_shape_can_be_told(details: dict[str, Any]) -> None:
    told = message(an_entry(details=details))
    assert faults_of(told) == []


def hostile_everywhere(text: str) -> LedgerEntry:
    return an_entry(
        text or "x.y",
        description=text,
        integration=text,
        request_id=text,
        actor=Actor(type=ActorType.USER, id=text, name=text, email=text),
        resource=ResourceReference(type=text, id=text, name=text),
        details={
            "requester": {"id": text, "name": text, "email": text},
            "items": [{"permission": text, "resource": text}] * 25,
            "duration_seconds": 60,
        },
    )


def judged(entry: LedgerEntry) -> FakeSlack:
    return FakeSlack(messages=[message(entry)])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_an_event_calls_links_or_formats(text: str) -> None:
    """F5: mentions and links are shown as text, in every field."""
    entry = hostile_everywhere(text)
    slack = judged(entry)
    assert slack.obeyed == []
    assert faults_of(slack.messages[0]) == []
    foreign = [block["text"] for block in slack.messages[0]["blocks"][1:2]] + slack.messages[0]["blocks"][2]["fields"]
    assert {one["type"] for one in foreign} == {"plain_text"}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_in_an_event_turns_breaks_or_hides_text(text: str) -> None:
    """F2: overrides of direction, control characters and line breaks are seen, and never obeyed."""
    for shown in texts_of(message(hostile_everywhere(text))):
        assert shown.count("\n") <= 1
        assert not set(shown) & set("\u202e\u2066\u2069\u200b\u2028\u2029\x85\x1b\r")


def test_a_name_cannot_pass_for_another_field() -> None:
    """F5: a line break in a name begins no new line."""
    fields = fields_of(an_entry(integration="orders\nAction\nApproved"))
    assert fields["Integration"] == "orders Action Approved"


def test_what_cannot_be_seen_is_shown_as_its_number() -> None:
    assert escaped("a\u202eb", 100) == "a⟨U+202E⟩b"


@given(st.text("&<a\u202e"), st.integers(2, 50))
def test_a_text_is_cut_between_characters(text: str, longest: int) -> None:
    shown = escaped(text, longest)
    assert len(shown) <= longest
    bare = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(bare) & set("&<>")


@given(st.text())
def test_any_text_makes_a_message_that_slack_takes(text: str) -> None:
    slack = judged(hostile_everywhere(text))
    assert slack.obeyed == []
    assert faults_of(slack.messages[0]) == []
