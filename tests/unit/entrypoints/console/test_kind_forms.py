"""Forms of kinds: they ask for exactly what the connectors and the senders know, and say where something is wrong."""

from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from nightlatch.adapters.connectors import registry as connectors
from nightlatch.adapters.destinations import registry as senders
from nightlatch.domain.destination import DestinationKind
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.console.configuration.destination_form import Typed, moment
from nightlatch.entrypoints.console.configuration.destination_kinds import DESTINATION_KINDS
from nightlatch.entrypoints.console.configuration.integration_kinds import INTEGRATION_KINDS
from nightlatch.entrypoints.console.configuration.kind_forms import Entry, KindForm, Setting
from nightlatch.entrypoints.console.visit import Visit
from tests.functions.client import an_api_event

FIXED = {("slack", "gzip")}
"""What can be set, and has one value only."""

KINDS = [
    *((form, connectors.MODULES[kind]) for kind, form in INTEGRATION_KINDS.items()),
    *((form, senders.MODULES[kind]) for kind, form in DESTINATION_KINDS.items()),
]
WEBHOOK = DESTINATION_KINDS[DestinationKind.WEBHOOK]


def settings_of(module: str) -> type[BaseModel]:
    model: type[BaseModel] = import_module(module).Settings
    return model


def sent(text: str) -> Visit:
    return Visit(an_api_event("POST", "/", text=text))


def faults_of(error: InvalidInputError) -> dict[str, str]:
    return {fault.pointer: fault.message for fault in error.faults}


def test_every_kind_that_there_is_has_a_form() -> None:
    assert INTEGRATION_KINDS.keys() == connectors.MODULES.keys()
    assert DESTINATION_KINDS.keys() == set(DestinationKind)


@pytest.mark.parametrize(("form", "module"), KINDS, ids=lambda one: getattr(one, "kind", ""))
def test_a_form_asks_for_all_that_can_be_set_and_for_nothing_else(form: KindForm, module: str) -> None:
    asked = {setting.name.partition(".")[0] for setting in form.settings}

    assert asked == {name for name in settings_of(module).model_fields if (form.kind, name) not in FIXED}


@pytest.mark.parametrize(("form", "module"), KINDS, ids=lambda one: getattr(one, "kind", ""))
def test_a_form_begins_with_what_holds_when_nobody_says_anything(form: KindForm, module: str) -> None:
    fields = settings_of(module).model_fields
    given = {
        name: info.get_default(call_default_factory=True) for name, info in fields.items() if not info.is_required()
    }
    first = form.texts_of(TypeAdapter(dict[str, Any]).dump_python(given, mode="json"))

    assert {one.name: one.first for one in form.settings} == dict(first)


@pytest.mark.parametrize(("form", "module"), KINDS, ids=lambda one: getattr(one, "kind", ""))
def test_what_a_kind_cannot_do_without_has_to_be_given(form: KindForm, module: str) -> None:
    required = {name for name, info in settings_of(module).model_fields.items() if info.is_required()}

    assert required <= {setting.name for setting in form.settings if setting.is_needed}


@pytest.mark.parametrize(("form", "module"), KINDS, ids=lambda one: getattr(one, "kind", ""))
def test_the_choices_of_a_form_are_those_that_there_are(form: KindForm, module: str) -> None:
    schema = str(settings_of(module).model_json_schema())

    for setting in form.settings:
        assert all(repr(option) in schema for option in setting.options or ())


def test_what_does_not_count_beside_the_others_is_not_sent() -> None:
    texts = {**WEBHOOK.first, "url": "https://siem.example", "authorization.token_url": "https://left.over"}

    settings = WEBHOOK.values(texts)

    assert settings["authorization"] == {"type": "none"}


def test_what_is_needed_beside_the_others_is_asked_for() -> None:
    texts = {**WEBHOOK.first, "authorization.type": "oauth"}

    with pytest.raises(InvalidInputError) as error:
        WEBHOOK.values(texts)

    assert faults_of(error.value) == dict.fromkeys(
        ("/settings/url", "/settings/authorization.token_url", "/settings/authorization.client_id"), "must be given"
    )


def test_what_is_wrong_in_a_part_of_the_settings_is_said_at_its_field() -> None:
    faults = [
        Fault("/settings/authorization/oauth/token_url", "is blocked"),
        Fault("/settings/url", "String should match pattern '^https'"),
        Fault("/selection/event_types/1", "String should match pattern 'x'"),
        Fault("/nowhere", "Value error, is odd"),
    ]

    assert WEBHOOK.told(faults, ["event_types"]) == {
        "settings.authorization.token_url": "is blocked",
        "settings.url": "is not written like one: see what stands beneath",
        "event_types": "line 2 is not written like one: see what stands beneath",
        "": "nowhere is odd",
    }


def test_one_secret_is_sent_as_it_is_and_several_as_json() -> None:
    alone, several = "secret.signing_key=whsec_x", "secret.signing_key=whsec_x&secret.bearer_token=y"

    assert WEBHOOK.secret_in(sent("")) == ""
    assert WEBHOOK.secret_in(sent(alone)) == "whsec_x"
    assert WEBHOOK.secret_in(sent("secret.bearer_token=y")) == '{"bearer_token": "y"}'
    assert WEBHOOK.secret_in(sent(several)) == '{"signing_key": "whsec_x", "bearer_token": "y"}'


def test_a_secret_that_is_too_long_is_refused_without_being_said_back() -> None:
    with pytest.raises(InvalidInputError) as error:
        WEBHOOK.secret_in(sent("secret.signing_key=" + "x" * 8193))

    assert faults_of(error.value) == {"/secret": "must not have more than 8192 characters"}


def test_a_switch_and_a_choice_are_read_as_words() -> None:
    switch = Setting("batch", "Batch", entry=Entry.SWITCH)
    choice = Setting("cloud", "Cloud", entry=Entry.CHOICE, options={"public": "Public"})

    assert (switch.shown("on"), switch.shown(""), choice.shown("public"), choice.shown("x")) == (
        "Yes",
        "No",
        "Public",
        "x",
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('"ok", 0, true, null', ("ok", 0, True, None)),
        ("ok", ("ok",)),
        ("ok, fine", ("ok, fine",)),
        ("NaN", ("NaN",)),
        ('"\\ud800"', ('"\\ud800"',)),
    ],
)
def test_expected_values_are_json_or_one_text(text: str, values: tuple[object, ...]) -> None:
    typed = Typed(name="SIEM", settings={**WEBHOOK.first, "url": "https://x"}, validators=(("$.status", text),))

    assert typed.choices(WEBHOOK).validators[0].expected == values


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("X-Team", "must be a name, a colon and a value"),
        ("X-Team:", "must be a name, a colon and a value"),
        (": x", "must be a name, a colon and a value"),
        ("X-Api-Key: [redacted]", "needs its value once more"),
    ],
)
def test_a_header_without_a_value_is_named_by_its_line(line: str, message: str) -> None:
    typed = Typed(name="SIEM", settings={**WEBHOOK.first, "url": "https://x"}, headers=f"X-Ok: 1\n{line}")

    with pytest.raises(InvalidInputError) as error:
        typed.choices(WEBHOOK)

    assert faults_of(error.value) == {"/headers/1": message}


def test_a_secret_header_is_never_shown_again() -> None:
    typed = Typed(headers="X-Team: security\nX-Api-Key: hunter2\nX-Token: [redacted]")

    assert typed.headers_again == "X-Team: security\nX-Api-Key:\nX-Token: [redacted]"


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        moment(text, "Europe/Vienna", "/since")
