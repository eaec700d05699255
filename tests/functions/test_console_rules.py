"""The console's pages of alert rules: made, changed, switched, tried and taken away."""

from collections.abc import Iterator

import pytest

from nightlatch.domain.alert_rule import AlertRule, AlertRuleChoices, EventFilter
from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.opening_hours import OpeningHours
from tests.builders import ADA, EVE, IVO, World, a_call
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in
from tests.functions.test_console_settings import worked_off

RULES = "/configuration/settings/rules"
NEW = "/configuration/settings/new-rule"
TRIALS = "/configuration/settings/rule-trials"
TYPED = {
    "id": "mine",
    "name": "Many requests",
    "is_active": "on",
    "event_types": "access.requested\r\naccess.role.*",
    "integrations": "",
    "count": "2",
    "window_minutes": "60",
    "per": "actor",
    "severity": "high",
    "when": "",
    "zone": "UTC",
    "start": "08:00",
    "end": "18:00",
}


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


def a_rule_of_ones_own(world: World, **fields: object) -> AlertRule:
    chosen = {"name": "Mine", "events": EventFilter(event_types=("access.requested",)), **fields}
    return world.alert_rules.create("mine", AlertRuleChoices.model_validate(chosen), a_call(ADA))


def chosen(world: World) -> AlertRuleChoices:
    return world.alert_rules.show("mine").choices


def made(browser: Browser, **fields: str) -> Page:
    page = browser.get(NEW)
    return browser.submit(page, NEW, once=page.field("once"), **{**TYPED, **fields})


def saved(browser: Browser, **fields: str) -> Page:
    page = browser.get(f"{RULES}/mine")
    return browser.submit(page, f"{RULES}/mine", version=page.field("version"), **{**TYPED, **fields})


def test_rules_are_listed_with_what_they_count_and_whether_they_are_on(ada: Browser) -> None:
    text = ada.get(RULES).text

    assert (
        "Five sign-ins of one person failed within ten minutes auth.login.failed · 5 within 10 min of one actor"
        " · comes with Nightlatch Medium On Switch off"
    ) in text
    assert "outside mon, tue, wed, thu, fri 08:00-18:00 UTC" in text


def test_a_rule_is_made(world: World, ada: Browser) -> None:
    page = made(ada)

    rule = chosen(world)
    assert (rule.name, rule.count, rule.window_minutes, rule.per, rule.severity) == (
        "Many requests",
        2,
        60,
        "actor",
        "high",
    )
    assert rule.events.event_types == ("access.requested", "access.role.*")
    assert rule.hours is None
    assert "Saved" in page.text


def test_a_rule_is_made_once_however_often_the_form_is_sent(world: World, ada: Browser) -> None:
    page = ada.get(NEW)

    answers = [ada.submit(page, NEW, once=page.field("once"), **TYPED) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert len([rule for rule in world.alert_rules.all() if rule.id == "mine"]) == 1


def test_a_rule_that_exists_is_not_made_again_and_what_was_typed_is_kept(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)

    page = made(ada)

    assert (page.status, "Alert rule mine exists" in page.text) == (409, True)
    assert 'value="Many requests"' in page.html


def test_ticks_and_hours_are_saved(world: World, ada: Browser) -> None:
    page = ada.get(NEW)
    ticks = [("severities", "error"), ("severities", "warning"), ("sources", "cli"), ("days", "sat"), ("days", "sun")]
    fields = {**TYPED, "when": "within", "zone": "Europe/Berlin", "start": "22:00", "end": "06:00"}

    ada.post(NEW, [("form_token", page.field("form_token")), *fields.items(), *ticks])

    rule = chosen(world)
    assert rule.events.severities == {"error", "warning"}
    assert rule.events.sources == {"cli"}
    assert rule.hours is not None
    assert rule.hours.outside is False
    assert rule.hours.hours == OpeningHours(zone="Europe/Berlin", days=("sat", "sun"), start="22:00", end="06:00")
    shown = ada.get(f"{RULES}/mine").html
    assert 'value="sat" checked' in shown
    assert 'value="mon" >' in shown


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("id", "Not An Id", "Must be lower case letters, digits and inner hyphens, at most 63"),
        ("name", "", "Must not be empty"),
        ("count", "0", "Must be 1 or more"),
        ("count", "51", "Must be 50 or less"),
        ("count", "few", "Must be a whole number"),
        ("window_minutes", "1441", "Must be 1440 or less"),
        ("severity", "dire", "Is none of the choices"),
        ("per", "moon", "Is none of the choices"),
        ("event_types", "access.requested\nNot a name", "Line 2 is not written like one"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(world: World, ada: Browser, field: str, typed: str, told: str) -> None:
    page = made(ada, **{field: typed})

    assert (page.status, told in page.text) == (400, True)
    assert f'id="{field}-wrong"' in page.html
    with pytest.raises(NotFoundError):
        chosen(world)


@pytest.mark.parametrize(
    ("field", "typed"), [("zone", "Mars/Olympus"), ("start", "8 o'clock"), ("end", "25:00"), ("days", "someday")]
)
def test_hours_that_are_none_are_told_beside_their_field(ada: Browser, field: str, typed: str) -> None:
    page = made(ada, **{"when": "outside", "days": "mon", field: typed})

    assert (page.status, f'id="{field}-wrong"' in page.html) == (400, True)


def test_hours_that_never_open_are_told_beside_them(ada: Browser) -> None:
    page = made(ada, when="outside", days="mon", start="08:00", end="08:00")

    assert (page.status, "Start must be another time than end" in page.text) == (400, True)


def test_hours_that_do_not_matter_are_not_looked_at(world: World, ada: Browser) -> None:
    made(ada, when="", zone="Mars/Olympus")

    assert chosen(world).hours is None


def test_a_rule_is_changed(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)

    page = saved(ada, count="5")

    assert (chosen(world).count, "Saved" in page.text) == (5, True)


def test_a_rule_that_somebody_changed_meanwhile_is_not_overwritten(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)
    page = ada.get(f"{RULES}/mine")
    saved(ada, count="7")

    fields = {**TYPED, "count": "9"}
    refused = ada.submit(page, f"{RULES}/mine", version=page.field("version"), **fields)
    assert (refused.status, chosen(world).count) == (412, 7)
    assert "Somebody changed this since you opened it" in refused.text
    assert "Now in force: 7" in refused.text
    assert 'value="9"' in refused.html

    ada.submit(refused, f"{RULES}/mine", version=refused.field("version"), **fields)
    assert chosen(world).count == 9


def test_a_rule_is_switched_off_and_on(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)
    version = "1"

    ada.submit(ada.get(f"{RULES}/mine"), f"{RULES}/mine/switch", version=version, to="off")
    assert chosen(world).is_active is False

    ada.submit(ada.get(f"{RULES}/mine"), f"{RULES}/mine/switch", version="2", to="on")
    assert chosen(world).is_active is True


def test_a_switch_of_a_rule_that_was_changed_meanwhile_is_refused(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)
    saved(ada, count="7")

    page = ada.submit(ada.get(RULES), f"{RULES}/mine/switch", version="1", to="off")

    assert (page.status, chosen(world).is_active) == (412, True)


def test_a_rule_is_taken_away_after_a_question(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)
    asked = ada.get(f"{RULES}/mine/remove")
    assert "Remove “Mine”?" in asked.text

    page = ada.submit(asked, f"{RULES}/mine/remove", version=asked.field("version"))

    assert "Mine" not in page.text.partition("Alert rules Five")[2]
    with pytest.raises(NotFoundError):
        chosen(world)


def test_a_rule_that_comes_with_nightlatch_is_not_taken_away(ada: Browser) -> None:
    page = ada.get(f"{RULES}/failed-sign-ins")

    sent = ada.submit(page, f"{RULES}/failed-sign-ins/remove", version="0")

    assert "Remove" not in page.text
    assert (sent.status, "switch it off instead" in sent.text) == (409, True)


def test_a_rule_is_tried_before_it_is_made_and_the_trial_leads_on_to_making_it(world: World, ada: Browser) -> None:
    world.submitted("role1")
    world.submitted("role3")
    world.events()

    ada.submit(ada.get(NEW), TRIALS, since="7", **TYPED)
    worked_off(world)

    replay = world.detection_workers.woken[-1]
    done = ada.get(f"/configuration/settings/replays/{replay}")
    assert "Many requests" in done.text
    assert "Alert rule 1" in done.text
    assert f'href="{NEW}?tried={replay}"' in done.html
    again = ada.get(f"{NEW}?tried={replay}")
    assert ("This is what you tried" in again.text, 'value="Many requests"' in again.html) == (True, True)


def test_a_rule_that_exists_is_tried_as_it_is_typed_and_the_trial_leads_back_to_it(world: World, ada: Browser) -> None:
    a_rule_of_ones_own(world)
    world.events()
    page = ada.get(f"{RULES}/mine")

    ada.submit(page, TRIALS, version=page.field("version"), since="7", **{**TYPED, "count": "33"})

    replay = world.detection_workers.woken[-1]
    assert f'href="{RULES}/mine?tried={replay}"' in ada.get(f"/configuration/settings/replays/{replay}").html
    assert 'value="33"' in ada.get(f"{RULES}/mine?tried={replay}").html
    assert chosen(world).count == 1


@pytest.mark.parametrize(
    ("fields", "told"), [({"count": "0"}, "Must be 1 or more"), ({"since": "0"}, "Is none of the choices")]
)
def test_a_trial_that_cannot_begin_is_told_on_the_form(
    world: World, ada: Browser, fields: dict[str, str], told: str
) -> None:
    a_rule_of_ones_own(world)
    page = ada.get(f"{RULES}/mine")

    refused = ada.submit(page, TRIALS, **{**TYPED, "since": "7", "version": page.field("version"), **fields})

    assert (refused.status, told in refused.text) == (400, True)
    assert f'action="{RULES}/mine"' in refused.html
    assert world.detection_workers.woken == []


def test_an_auditor_sees_rules_and_changes_none(world: World) -> None:
    a_rule_of_ones_own(world)
    ivo = signed_in(world, IVO)

    pages = [ivo.get(RULES), ivo.get(f"{RULES}/mine")]
    sent = [
        ivo.submit(pages[1], address, version="1", to="off", since="7", **TYPED)
        for address in (f"{RULES}/mine", f"{RULES}/mine/switch", f"{RULES}/mine/remove", TRIALS, NEW)
    ]

    assert all("<button" not in page.html.partition("<main")[2] for page in pages)
    assert {page.status for page in sent} == {403}
    assert {ivo.get(path).status for path in (NEW, f"{RULES}/mine/remove")} == {403}
    assert chosen(world).is_active


@pytest.mark.parametrize("path", [RULES, f"{RULES}/failed-sign-ins", NEW])
def test_rules_are_nobody_elses_business(world: World, path: str) -> None:
    assert signed_in(world, EVE).get(path).status == 403


@pytest.mark.parametrize("path", ["", "/remove"])
def test_a_rule_that_is_not_there_is_not_found(ada: Browser, path: str) -> None:
    assert ada.get(f"{RULES}/none{path}").status == 404


def pages_with(world: World, browser: Browser, script: str) -> Iterator[Page]:
    yield made(browser, **dict.fromkeys(TYPED, script))
    a_rule_of_ones_own(world, name=script)
    yield browser.get(RULES)
    yield browser.get(f"{RULES}/mine")
    yield browser.get(f"{RULES}/mine/remove")
    world.submitted("role1")
    world.events()
    yield browser.submit(browser.get(NEW), TRIALS, since="7", **{**TYPED, "name": script})


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_rule_is_called_is_shown_and_never_run(world: World, ada: Browser, script: str) -> None:
    """F2: scripts, markup and template words in the name of a rule and in each of its fields."""
    for page in pages_with(world, ada, script):
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe", "object", "embed"}
            assert not any(name.startswith("on") for name in attributes)
            assert attributes.get("href", "/")[0] in "/#?"
            assert tag != "script" or attributes["src"].startswith("/static/")
