"""The console's pages of destinations: where events go, what came of it, and what an administrator does about it."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.adapters.egress import DirectEgress
from nightlatch.domain.audit_event import Severity
from nightlatch.domain.change import Change
from nightlatch.domain.delivery import LONGEST_FAILING
from nightlatch.domain.destination import Destination, DestinationKind, Format, KeptSecret, Validator
from nightlatch.entrypoints.console.configuration.destination_kinds import DESTINATION_KINDS
from tests.builders import ADA, API, EVE, IVO, NOON, World, a_call
from tests.fakes.destinations import GONE, LATER, REFUSED, FakeSenders
from tests.functions.browser import Browser, Page
from tests.functions.conftest import Lines
from tests.functions.test_console_access import SCRIPTS, signed_in
from tests.unit.services.deliveries import create, happen, progress_of, receiver_of, sweep, work_off, work_off_rung

HERE = "/configuration/destinations"
NEW = f"{HERE}/-/new"
SIEM = f"{HERE}/siem"
ROLE = "arn:aws:iam::444455556666:role/nightlatch-destination-siem"
BUS = "arn:aws:events:eu-central-1:444455556666:event-bus/audit"
AZURE = {
    "settings.endpoint": "https://dcr.westeurope-1.ingest.monitor.azure.com",
    "settings.rule": "dcr-0",
    "settings.stream": "Custom-Nightlatch",
    "settings.tenant": "acme",
    "settings.client_id": "app",
    "secret.client_secret": "s3cret",
}
KINDS: dict[str, dict[str, str]] = {
    "webhook": {"settings.url": "https://siem.example.com/events"},
    "splunk-hec": {"settings.url": "https://splunk.example.com", "secret.token": "s3cret"},
    "azure-logs": AZURE,
    "datadog": {"settings.site": "datadoghq.eu", "secret.api_key": "s3cret"},
    "sumologic": {"secret.address": "https://collectors.sumologic.com/receiver/v1/http/s3cret"},
    "s3": {"settings.bucket": "archive", "settings.region": "eu-central-1", "settings.role_arn": ROLE},
    "slack": {"secret.address": "https://hooks.slack.com/services/T/B/s3cret"},
    "eventbridge": {"settings.bus_arn": BUS, "settings.role_arn": ROLE},
}
OAUTH = {
    "settings.authorization.type": "oauth",
    "settings.authorization.token_url": "https://id.example.com/token",
    "settings.authorization.client_id": "nightlatch",
}


class KnownKinds(FakeSenders):
    """Checks what is set as the real ones do, and sends to the fakes."""

    def __init__(self, world: World) -> None:
        super().__init__()
        egress = DirectEgress(exceptions=frozenset(), own="https://api.example.com")
        self.real = SenderRegistry(secrets=world.secrets, egress=egress, roles=None)  # type: ignore[arg-type]  # unused

    def validate(self, kind: DestinationKind, settings: dict[str, Any], secret: str) -> dict[str, Any]:
        """Check the settings and the secret of a kind."""
        return self.real.validate(kind, settings, secret)

    def check_form(self, kind: DestinationKind, form: Format, template: str, validators: Any) -> None:
        """Check the form and the validators."""
        self.real.check_form(kind, form, template, validators)

    def whole_secret(self, kind: DestinationKind, secret: str) -> str:
        """Add what is ours to make."""
        return self.real.whole_secret(kind, secret)


@pytest.fixture
def known_kinds(world: World) -> KnownKinds:
    world.senders = KnownKinds(world)
    return world.senders


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


@pytest.fixture
def ivo(world: World) -> Browser:
    return signed_in(world, IVO)


@pytest.fixture
def siem(world: World) -> None:
    create(world)
    world.events()
    work_off(world)


def add(ada: Browser, kind: str = "webhook", **other: str) -> Page:
    page = ada.get(f"{NEW}?kind={kind}")
    assert page.status == 200
    return ada.submit(page, NEW, **{**untouched(page), **KINDS[kind], "id": "siem", "name": "SIEM", **other})


class _Form(HTMLParser):
    """Reads what a page's form would send as it stands: of each name the one value that a person would leave."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read an input, the chosen option, or where a text begins."""
        given = {name: text or "" for name, text in attrs}
        is_tick = given.get("type") in {"checkbox", "radio"}
        if tag == "input" and "name" in given and ("checked" in given or not is_tick):
            self.fields[given["name"]] = given.get("value", "on" if is_tick else "")
        if tag in {"select", "textarea"}:
            self.within = given["name"]
            self.fields[self.within] = ""
        if tag == "option" and (not self.fields[self.within] or "selected" in given):
            self.fields[self.within] = given["value"]
        self.is_text = tag == "textarea"

    def handle_data(self, data: str) -> None:
        """Read a text."""
        if self.within and self.is_text:
            self.fields[self.within] += data

    def handle_endtag(self, tag: str) -> None:
        """Leave a text."""
        self.is_text = False


def untouched(page: Page) -> dict[str, str]:
    """Read the form of a page as it stands."""
    left_out = {"form_token", "validator", "expected", "q"}
    return {name: text for name, text in _Form(page.html).fields.items() if name not in left_out}


def edit(ada: Browser, **other: str) -> Page:
    page = ada.get(f"{SIEM}/edit")
    return ada.submit(page, f"{SIEM}/edit", **{**untouched(page), **other})


def press(browser: Browser, what: str, **fields: str) -> Page:
    return browser.submit(browser.get(SIEM), f"{SIEM}/{what}", **fields)


def kept(world: World) -> Destination:
    standing = world.store.standing_of("siem")
    assert standing is not None
    return standing.destination


def parameters_of(world: World, event_type: str) -> dict[str, Any]:
    told = [event for event in world.events() if event.event_type == event_type][-1]
    parameters: dict[str, Any] = told.details["call"]["parameters"]  # type: ignore[index,call-overload,assignment]
    return parameters


# Looking


def test_where_events_go_is_listed_with_state_lag_and_what_is_sent(world: World, ivo: Browser) -> None:
    create(
        world, "siem", selection={"event_types": ["access.*"], "severities": ["error"], "integrations": ["orders-db"]}
    )
    create(world, "quiet")
    world.destinations.disable("quiet", a_call(ADA), reason="moving")
    happen(world, 3)
    work_off(world, "siem")

    text = ivo.get(HERE).text

    assert "Webhook · siem access.* · error · of Orders database Active Up to date none yet" in text
    assert "Webhook · quiet Every event Disabled 8 events behind none yet" in text


def test_nothing_there_is_said(ivo: Browser) -> None:
    assert "Events go nowhere else yet" in ivo.get(HERE).text
    assert ivo.get(f"{HERE}/nothing").status == 404


@pytest.mark.usefixtures("siem")
def test_one_that_fails_says_since_when_and_when_it_is_tried_again(world: World, ivo: Browser) -> None:
    receiver_of(world).answering = lambda _: LATER
    happen(world)
    work_off(world)

    listed, page = ivo.get(HERE).text, ivo.get(SIEM)

    assert "Failing since 22 Nov 12:00 3 events behind" in listed
    assert "Failing since 22 Nov 2026 12:00:00 Tried again 22 Nov 12:00:05 , attempt 2" in page.text
    assert f'hx-get="{SIEM}?unasked=1" hx-trigger="every 5s"' in page.html


@pytest.mark.usefixtures("siem")
def test_one_that_was_given_up_says_why(world: World, ivo: Browser) -> None:
    receiver_of(world).answering = lambda _: GONE
    happen(world)
    work_off(world)

    assert "The receiver says that it is gone." in ivo.get(SIEM).text
    assert "the receiver says that it is gone" in ivo.get(HERE).text


@pytest.mark.usefixtures("siem")
def test_the_log_shows_each_attempt_with_its_answer_a_page_at_a_time(world: World, ivo: Browser) -> None:
    work_off(world)
    receiver_of(world).answering = lambda _: REFUSED
    for _ in range(25):
        [number] = happen(world)
        work_off(world)

    first = ivo.get(SIEM)
    older = next(attributes["href"] for tag, attributes in first.elements if "before=" in attributes.get("href", ""))
    second = ivo.get(SIEM + older)

    assert f"1 event, #{number} · attempt 1 · 400 · 20 ms Answered 400" in first.text
    assert "What was answered no" in first.text
    assert first.html.count("What was answered") == 20
    assert "Newest" in second.text
    assert f"#{number} " not in second.text


@pytest.mark.usefixtures("known_kinds")
def test_what_is_chosen_is_said_in_words_and_no_secret(ada: Browser, ivo: Browser) -> None:
    add(
        ada,
        **OAUTH,
        **{"secret.client_secret": "s3cret-too"},
        format="template",
        template='{"who": "{{ actor.name }}"}',
        private_headers="X-Team: security\nX-Api-Key: s3cret",
        validator="$.status",
        expected='"ok", 0',
        timeout="7",
    )

    page = ivo.get(SIEM)

    for told in (
        "Address https://siem.example.com/events Authorization OAuth 2.0 client credentials Token address",
        'A template of one\'s own Show {"who": "{{ actor.name }}"}',
        "Headers X-Team: security X-Api-Key: [redacted]",
        'Answer holds $.status : "ok", 0',
        "Timeout 7 s Secret kept in Secrets Manager",
    ):
        assert told in page.text
    assert "s3cret" not in page.html


# Making


def test_the_kind_is_chosen_first(ada: Browser) -> None:
    page = ada.get(NEW)

    assert all(f'href="{NEW}?kind={kind}"' in page.html for kind in DestinationKind)
    assert ada.get(f"{NEW}?kind=fax").text == page.text


@pytest.mark.usefixtures("known_kinds")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_made_with_its_own_form(world: World, ada: Browser, kind: str) -> None:
    page = add(ada, kind)

    assert page.status == 200
    assert kept(world).kind == kind
    assert ada.get(SIEM).status == 200
    assert "s3cret" not in page.html + ada.get(SIEM).html + ada.get(f"{SIEM}/edit").html


@pytest.mark.usefixtures("known_kinds")
@pytest.mark.parametrize("kind", KINDS)
def test_a_form_that_is_saved_as_it_stands_changes_nothing(world: World, ada: Browser, kind: str) -> None:
    add(ada, kind)
    before = kept(world)

    answer = edit(ada)

    assert "Saved." in answer.text
    assert kept(world) == before


@pytest.mark.usefixtures("known_kinds")
def test_all_that_can_be_chosen_is_kept_as_it_was_typed(world: World, ada: Browser) -> None:
    page = ada.get(f"{NEW}?kind=webhook")
    fields = {**untouched(page), "id": "siem", "name": "SIEM", **KINDS["webhook"], "settings.batch": "on"}
    fields |= {"event_types": "access.*\nanomaly.*", "format": "ocsf"}
    several = [("severities", "error"), ("severities", "warning"), ("integrations", "orders-db")]
    several += [("validator", "$.a"), ("expected", "1"), ("validator", ""), ("expected", "gone")]

    answer = ada.post(NEW, [*{**fields, "form_token": page.field("form_token")}.items(), *several])

    made = kept(world)
    assert answer.status == 200
    assert made.settings["batch"] is True
    assert made.selection.event_types == ("access.*", "anomaly.*")
    assert made.selection.severities == {Severity.ERROR, Severity.WARNING}
    assert made.selection.integrations == {"orders-db"}
    assert (made.format, made.validators) == (Format.OCSF, (Validator(path="$.a", expected=(1,)),))


@pytest.mark.usefixtures("known_kinds")
def test_a_key_that_is_made_here_is_shown_once_and_kept_by_no_cache(world: World, ada: Browser) -> None:
    page = ada.get(f"{NEW}?kind=webhook")
    fields = {**untouched(page), **KINDS["webhook"], "id": "siem", "name": "SIEM"}
    fields |= {"form_token": page.field("form_token")}

    first, again = ada.post(NEW, fields), ada.post(NEW, fields)

    key = KeptSecret.model_validate_json(next(iter(world.secrets.kept.values()))).current
    assert f"Signing key {key}" in first.text
    assert f'data-copy="{key}"' in first.html
    assert first.headers["Cache-Control"] == "no-store"
    assert (again.status, again.headers["Location"]) == (303, f"{SIEM}?done=saved")
    assert key not in ada.get(SIEM).html + str(world.events())


@pytest.mark.usefixtures("known_kinds")
def test_of_several_secrets_only_what_was_made_is_shown(ada: Browser) -> None:
    page = add(ada, **{"settings.authorization.type": "bearer", "secret.bearer_token": "s3cret"})

    assert "Signing key whsec_" in page.text
    assert "s3cret" not in page.html


@pytest.mark.usefixtures("known_kinds")
def test_secrets_are_told_neither_in_the_trail_nor_in_the_log(world: World, ada: Browser, log: Lines) -> None:
    secret = {"secret.signing_key": "whsec_czNjcmV0LXMzY3JldC1zM2NyZXQtczNjcmV0", "secret.client_secret": "s3cret"}
    add(ada, **OAUTH, **secret, private_headers="X-Api-Key: s3cret")

    parameters = parameters_of(world, "destination.created")

    assert {parameters[f"/{name}"] for name in (*secret, "private_headers")} == {"[redacted]"}
    assert parameters["/settings.url"] == "https://siem.example.com/events"
    assert not any(text in str(world.events()) + str(log()) for text in ("s3cret", "czNjcmV0"))


@pytest.mark.usefixtures("known_kinds")
def test_a_new_secret_is_told_neither_in_the_trail_nor_in_the_log(world: World, ada: Browser, log: Lines) -> None:
    add(ada, "datadog")

    page = press(ada, "secret", **{"secret.api_key": "an0ther"})

    assert parameters_of(world, "destination.updated")["/secret.api_key"] == "[redacted]"
    assert "an0ther" not in page.html + str(world.events()) + str(log())


def test_every_secret_of_every_kind_has_a_name_by_which_it_is_told_nowhere(world: World, ada: Browser) -> None:
    """What is refused is told as well, so the names alone must do."""
    names = {part.field for form in DESTINATION_KINDS.values() for part in form.secrets}
    create(world)
    token = ada.get(SIEM).field("form_token")

    ada.post(f"{SIEM}/disable", {"form_token": token, **dict.fromkeys(names, "s3cret")})

    parameters = parameters_of(world, "destination.disabled")
    assert {parameters[f"/{name}"] for name in names} == {"[redacted]"}


@pytest.mark.usefixtures("known_kinds")
@pytest.mark.parametrize(
    ("field", "typed", "place", "told"),
    [
        ("id", "Not A Slug", "id", "Must be lower case letters"),
        ("name", "", "name", "Must not be empty"),
        ("settings.url", "", "settings.url", "Must be given"),
        ("settings.url", "http://siem.example.com", "settings.url", ""),
        ("settings.url", "https://169.254.169.254/", "settings.url", ""),
        ("settings.ca_certificate", "no PEM", "settings.ca_certificate", "Must be a certificate in PEM form"),
        ("settings.authorization.type", "magic", "settings.authorization.type", ""),
        ("settings.authorization.type", "bearer", "secret.signing_key", "Bearer_token is missing"),
        ("secret.signing_key", "weak-s3cret", "secret.signing_key", "A signing key is whsec_"),
        ("event_types", "access.*\nNOT ONE", "event_types", "Line 2 is not written like one"),
        ("severities", "deadly", "severities", "Line 1 is none of the choices"),
        ("format", "xml", "format", "Is none of the choices"),
        ("private_headers", "Authorization: x", "private_headers", "The header 'Authorization' cannot be set"),
        ("private_headers", "nothing", "private_headers", "Line 1 must be a name, a colon and a value"),
        ("timeout", "90", "timeout", "Must be 30 or less"),
        ("timeout", "soon", "timeout", "Must be a whole number"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    ada: Browser, field: str, typed: str, place: str, told: str
) -> None:
    page = add(ada, **{field: typed, "template": "{}"})

    assert page.status == 400
    assert f'id="{place}-wrong"' in page.html
    assert told in page.text
    assert ">{}</textarea>" in page.html
    assert "s3cret" not in page.html
    assert ada.get(SIEM).status == 404


@pytest.mark.usefixtures("known_kinds")
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": "template", "template": "{{"}, "Must be JSON"),
        ({"validator": "$..[", "expected": "1"}, "Line 1"),
        ({"begin": "since", "since": "soon"}, "Must be a date and a time"),
        ({"begin": "entry"}, "Must be given"),
        ({"begin": "entry", "from_entry": "nothing"}, "No audit entry nothing."),
    ],
)
def test_what_is_wrong_together_is_said(ada: Browser, fields: dict[str, str], told: str) -> None:
    page = add(ada, **fields)

    assert page.status in {400, 404}
    assert told in page.text


@pytest.mark.usefixtures("known_kinds")
def test_all_that_is_wrong_is_said_at_once(ada: Browser) -> None:
    fields = {"id": "A B", "settings.url": "", "private_headers": "x", "begin": "since", "since": "soon"}

    assert add(ada, **fields).html.count('class="wrong"') == 4


@pytest.mark.usefixtures("known_kinds")
def test_a_secret_header_has_to_be_typed_again_after_a_refusal(ada: Browser) -> None:
    page = add(ada, name="", private_headers="X-Team: security\nX-Api-Key: s3cret")

    assert ">X-Team: security\nX-Api-Key:</textarea>" in page.html


def test_it_begins_where_it_is_told_to(world: World, ada: Browser) -> None:
    happen(world, 3)
    third = world.events()[2]

    add(ada, begin="entry", from_entry=third.id)

    assert progress_of(world).live.next_seq == 3


def test_it_begins_at_a_time_in_the_zone_of_the_deployment(world: World, ada: Browser) -> None:
    happen(world, 3)
    world.clock.advance(timedelta(minutes=2))
    [number] = happen(world)

    add(ada, begin="since", since="2026-11-22T12:01")

    assert progress_of(world).live.next_seq == number


def test_what_exists_is_not_made_twice(world: World, ada: Browser) -> None:
    create(world)

    page = add(ada)

    assert page.status == 409
    assert "Destination siem exists." in page.text


def test_a_kind_that_does_not_exist_is_refused(ada: Browser) -> None:
    page = ada.get(f"{NEW}?kind=webhook")

    assert ada.submit(page, NEW, **{**untouched(page), "kind": "fax"}).status == 400


# Changing


@pytest.mark.usefixtures("known_kinds")
def test_what_is_chosen_is_changed_and_secret_headers_stay_as_they_were(world: World, ada: Browser) -> None:
    add(ada, private_headers="X-Team: security\nX-Api-Key: s3cret")

    page = edit(ada, name="Other", private_headers="X-Api-Key: [redacted]", timeout="3")

    assert "Saved. What waits is tried again at once." in page.text
    assert kept(world).headers == {"X-Api-Key": "s3cret"}
    assert (kept(world).name, kept(world).timeout) == ("Other", 3)


@pytest.mark.usefixtures("siem")
def test_who_was_overtaken_is_told_and_keeps_what_they_typed(world: World, ada: Browser) -> None:
    page = ada.get(f"{SIEM}/edit")
    edit(ada, name="Theirs", event_types="access.*")
    answer = ada.submit(page, f"{SIEM}/edit", **{**untouched(page), "name": "Mine"})

    assert answer.status == 412
    assert "Somebody changed this since you opened it" in answer.text
    assert "Now in force: Theirs." in answer.text
    assert "Now in force: access.*." in answer.text
    assert 'value="Mine"' in answer.html
    assert kept(world).name == "Theirs"
    again = ada.submit(answer, f"{SIEM}/edit", **untouched(answer))
    assert "Saved." in again.text
    assert kept(world).name == "Mine"


@pytest.mark.usefixtures("known_kinds")
def test_settings_that_the_secret_does_not_fit_are_refused(ada: Browser) -> None:
    add(ada)

    page = edit(ada, **OAUTH)

    assert page.status == 400
    assert "Its secret client_secret is missing." in page.text


@pytest.mark.usefixtures("siem")
def test_it_is_disabled_with_a_reason_and_enabled_again(world: World, ada: Browser) -> None:
    stopped = press(ada, "disable", reason="the receiver moves")
    assert "It is disabled. What comes meanwhile waits for it" in stopped.text
    assert not kept(world).is_active
    [told] = [event for event in world.events() if event.event_type == "destination.disabled"]
    assert told.details["reason"] == "the receiver moves"

    begun = press(ada, "enable")

    assert "It goes on from where it stopped." in begun.text
    assert kept(world).is_active


@pytest.mark.usefixtures("siem")
def test_a_test_says_what_came_of_it(world: World, ada: Browser) -> None:
    good = press(ada, "test", once="1")
    receiver_of(world).answering = lambda _: LATER
    bad = press(ada, "test", once="2")

    assert "The test was taken (200), after 20 ms." in good.text
    assert "The test was not taken: answered 503 (503), after 20 ms." in bad.text
    assert "Failed 22 Nov" in bad.text
    assert "a test · attempt 1" in bad.text


@pytest.mark.usefixtures("siem")
def test_a_test_that_is_sent_twice_is_made_once(world: World, ada: Browser) -> None:
    press(ada, "test", once="1")
    press(ada, "test", once="1")

    assert len(receiver_of(world).came) == 2  # one is what was delivered before


@pytest.mark.usefixtures("known_kinds")
def test_a_new_key_is_made_and_shown_once(world: World, ada: Browser) -> None:
    add(ada)

    page = press(ada, "secret", once="1")
    again = press(ada, "secret", once="1")

    secret = KeptSecret.model_validate_json(next(iter(world.secrets.kept.values())))
    assert secret.current in page.html
    assert secret.previous
    assert "The new secret is in use." in again.text


@pytest.mark.usefixtures("known_kinds")
def test_a_secret_that_does_not_fit_is_refused_and_not_said_back(ada: Browser) -> None:
    add(ada)

    page = press(ada, "secret", **{"secret.signing_key": "weak-s3cret"})

    assert page.status == 400
    assert "A signing key is whsec_" in page.text
    assert "s3cret" not in page.html


@pytest.mark.usefixtures("siem")
def test_one_delivery_all_that_failed_or_a_range_is_delivered_again(world: World, ada: Browser) -> None:
    receiver_of(world).answering = lambda _: REFUSED
    [number] = happen(world)
    work_off(world)
    receiver_of(world).answering = lambda parcel: FakeSenders().sender(kept(world)).send(parcel)
    delivery = next(line for line in world.destinations.deliveries("siem", below=None, limit=9) if line.attempt.first)

    pages = [
        press(ada, "replay", delivery=delivery.id, once="1"),
        press(ada, "replay", since="2026-11-22T11:00", until="2026-11-22T13:00", once="3"),
        press(ada, "replay", from_entry=world.events()[0].id, to_entry=world.events()[0].id, once="4"),
    ]

    assert all("It is being delivered again, beside what is new." in page.text for page in pages)
    lanes = progress_of(world).replays
    assert [(lane.next_seq, lane.last) for lane in lanes] == [(number, number), (1, number), (1, 1)]
    assert f"Replay 1 from #{number} to #{number}" in pages[0].text


@pytest.mark.usefixtures("siem")
def test_all_that_failed_is_offered_when_there_is_any(world: World, ada: Browser) -> None:
    assert "Deliver all again that failed" not in ada.get(SIEM).text
    receiver_of(world).answering = lambda _: REFUSED
    happen(world)
    work_off(world)

    page = press(ada, "replay", failed="all", once="1")

    assert "It is being delivered again" in page.text
    assert progress_of(world).lost == ()


@pytest.mark.usefixtures("siem")
@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({}, 400, "say where it begins, or where it ends"),
        ({"failed": "all"}, 409, "Nothing has failed."),
        ({"since": "soon"}, 400, "Must be a date and a time."),
        ({"until": "2020-01-01T00:00"}, 400, "here is nothing between the two ends"),
        ({"from_entry": "nothing"}, 404, "No audit entry nothing."),
        ({"delivery": "dlv_nothing"}, 404, "Destination siem has no delivery dlv_nothing."),
    ],
)
def test_what_cannot_be_delivered_again_is_told_on_the_page(
    world: World, ada: Browser, fields: dict[str, str], status: int, told: str
) -> None:
    page = press(ada, "replay", **fields)

    assert page.status == status
    assert told in page.text
    assert "How far it has come" in page.text
    assert progress_of(world).replays == ()


@pytest.mark.usefixtures("siem")
def test_it_is_removed_after_a_question(world: World, ada: Browser) -> None:
    happen(world, 2)
    question = ada.get(f"{SIEM}/remove")

    page = ada.submit(question, f"{SIEM}/remove", version=question.field("version"))

    assert "4 events that it has not come to yet will not be sent there." in question.text
    assert "Events go nowhere else yet" in page.text
    assert world.store.standing_of("siem") is None


@pytest.mark.usefixtures("siem")
def test_what_was_changed_meanwhile_is_not_removed(world: World, ada: Browser) -> None:
    question = ada.get(f"{SIEM}/remove")
    edit(ada, name="Other")

    assert ada.submit(question, f"{SIEM}/remove", version=question.field("version")).status == 412
    assert kept(world).name == "Other"


# Who


@pytest.mark.usefixtures("siem")
def test_an_auditor_looks_and_is_offered_nothing(world: World, ivo: Browser) -> None:
    happen(world)
    work_off(world)
    page = ivo.get(SIEM)

    assert (page.status, ivo.get(HERE).status) == (200, 200)
    assert not {"What you can do", "Edit", "Again"} & {text.strip() for text in page.text.split("  ")}
    assert 'method="post"' not in page.html.replace('action="/auth/logout"', "").partition("<main")[2]
    assert {ivo.get(address).status for address in (NEW, f"{SIEM}/edit", f"{SIEM}/remove")} == {403}
    token = page.field("form_token")
    acts = ("edit", "test", "enable", "disable", "secret", "replay", "remove")
    assert {ivo.post(f"{SIEM}/{act}", {"form_token": token}).status for act in acts} == {403}
    assert ivo.post(NEW, {"form_token": token}).status == 403


@pytest.mark.usefixtures("siem")
def test_nobody_else_sees_any_of_it(world: World) -> None:
    eve = signed_in(world, EVE)

    assert {eve.get(address).status for address in (HERE, SIEM, NEW)} == {403}


@pytest.mark.usefixtures("siem")
def test_a_form_of_another_site_is_refused(world: World, ada: Browser) -> None:
    token = ada.get(SIEM).field("form_token")
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}

    assert ada.post(f"{SIEM}/disable", {"form_token": token}, headers=foreign).status == 403
    assert ada.post(f"{SIEM}/disable", {"form_token": "guessed"}).status == 403
    assert kept(world).is_active


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_wrote_or_a_receiver_answered_is_text(world: World, ada: Browser, script: str) -> None:
    create(world, name=script, settings={"url": script}, template=script, format="template")
    standing = world.store.standing_of("siem")
    assert standing is not None
    world.store.commit(
        Change(standing.destination.changed(disabled_because=script, is_active=False, updated_at=NOON)), origin=API
    )
    world.senders.receivers["siem"] = receiver = receiver_of(world)
    receiver.answering = lambda _: type(LATER)(LATER.verdict, LATER.took, 503, answer=script, error=script)
    world.destinations.test("siem", a_call(ADA))

    refused = add(ada, id=script, name=script, **{"settings.url": script}, event_types=script, private_headers=script)

    pages = [ada.get(address) for address in (HERE, SIEM, f"{SIEM}/edit", f"{SIEM}/remove")]
    for page in (*pages, refused):
        assert not {"img", "onload"} & {tag for tag, _ in page.elements}
        assert script not in page.html or script.startswith(("javascript:", "{{"))
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert not any(attributes.get("href", "").startswith("javascript:") for _, attributes in page.elements)


def test_one_that_failed_for_days_is_marked_as_stopped(world: World) -> None:
    create(world)
    receiver_of(world).answering = lambda _: LATER
    happen(world)
    work_off(world)
    world.clock.advance(LONGEST_FAILING)
    sweep(world)
    work_off_rung(world)

    assert "Disabled nothing could be delivered for 5 days" in signed_in(world, IVO).get(HERE).text
