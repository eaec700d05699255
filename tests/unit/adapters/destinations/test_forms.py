"""In what form events go, and what answers must hold: checked when it is saved, obeyed when it is sent."""

import json
from datetime import timedelta
from typing import Any

import pytest

from nightlatch.adapters.destinations.answers import lacking, verdict_of
from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.domain.destination import Destination, DestinationKind, Format, Validator
from nightlatch.domain.errors import InvalidInputError
from nightlatch.services.ports.destinations import Parcel, Verdict
from nightlatch.services.ports.egress import Answer
from tests.builders import NOON, a_chain
from tests.fakes.aws import FakeSecrets
from tests.fakes.slack import FakeSlack
from tests.unit.adapters.destinations.roles import no_roles

OK = Validator(path="$.status", expected=("ok",))


def a_registry() -> SenderRegistry:
    return SenderRegistry(secrets=FakeSecrets(), egress=FakeSlack(), roles=no_roles())


def a_destination(**fields: Any) -> Destination:
    known = {"id": "dst_1", "name": "one", "kind": DestinationKind.WEBHOOK, "settings": {"url": "https://x.example"}}
    return Destination.model_validate({**known, "created_at": NOON, "updated_at": NOON, **fields})


def an_answer(body: str, *, status: int = 200) -> Answer:
    return Answer(status=status, body=body.encode(), took=timedelta(0))


@pytest.mark.parametrize("form", [Format.NATIVE, Format.OCSF])
def test_a_template_is_looked_at_only_where_it_is_used(form: Format) -> None:
    a_registry().check_form(DestinationKind.WEBHOOK, form, "{{", [OK])


@pytest.mark.parametrize(
    ("kind", "form", "template", "validators", "place"),
    [
        (DestinationKind.WEBHOOK, Format.TEMPLATE, "", [], "/template"),
        (DestinationKind.S3, Format.TEMPLATE, '{"a": "{{ b }}"}', [], "/template"),
        (DestinationKind.SLACK, Format.TEMPLATE, "{}", [], "/format"),
        (DestinationKind.SLACK, Format.OCSF, "", [], "/format"),
        (DestinationKind.SLACK, Format.NATIVE, "", [OK], "/validators"),
        (DestinationKind.S3, Format.NATIVE, "", [OK], "/validators"),
        (DestinationKind.EVENTBRIDGE, Format.OCSF, "", [OK], "/validators"),
        (DestinationKind.WEBHOOK, Format.NATIVE, "", [Validator(path="status", expected=(1,))], "/validators/0/path"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_where_it_is_set(
    kind: DestinationKind, form: Format, template: str, validators: list[Validator], place: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        a_registry().check_form(kind, form, template, validators)
    assert [fault.pointer for fault in raised.value.faults] == [place]


def test_an_event_weighs_what_its_template_makes_of_it() -> None:
    template = json.dumps({"number": "{{ seq }}"})
    sender = a_registry().sender(a_destination(format=Format.TEMPLATE, template=template))
    assert sender.weigh(a_chain(1)[0]) == len('{"number":1}') + 1


def test_a_template_that_was_kept_and_is_none_any_more_waits() -> None:
    sender = a_registry().sender(a_destination(format=Format.TEMPLATE, template="{{"))
    outcome = sender.send(Parcel(id="1", entries=tuple(a_chain(1)), attempt=1, at=NOON))
    assert outcome.verdict is Verdict.LATER
    assert "template" in outcome.error


@pytest.mark.parametrize(
    ("answer", "verdict", "lack"),
    [
        (an_answer('{"status": "ok"}'), Verdict.DELIVERED, ""),
        (an_answer('{"status": "no"}'), Verdict.LATER, "$.status holds none of the expected values"),
        (an_answer("<html>"), Verdict.LATER, "the answer is not JSON"),
        (an_answer('{"status": "ok"}', status=503), Verdict.LATER, ""),
        (an_answer('{"status": "no"}', status=400), Verdict.REFUSED, ""),
        (an_answer('{"status": "no"}', status=410), Verdict.GONE, ""),
    ],
)
def test_a_success_that_lacks_what_is_expected_is_tried_again(answer: Answer, verdict: Verdict, lack: str) -> None:
    destination = a_destination(validators=[OK])
    assert verdict_of(destination, answer) is verdict
    assert lacking(destination, answer) == lack
