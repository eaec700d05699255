"""The console's pages of settings: the trail, what the deployment chose, detectors and the trials of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.detectors.choices import DetectorChoices
from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.console.configuration.detector_words import SECTIONS
from tests.builders import ADA, EVE, IVO, MAYA, ROBOT, World, a_call
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

SETTINGS = "/configuration/settings"
AUDIT = f"{SETTINGS}/audit"
DETECTORS = f"{SETTINGS}/detectors"
INACTIVE = f"{DETECTORS}/inactive_user"
TYPED = {"enabled": "on", "severity": "high", "days": "30", "exempt": ""}
EVERY = [SETTINGS, AUDIT, f"{SETTINGS}/deployment", DETECTORS, *(f"{DETECTORS}/{one.name}" for one in SECTIONS)]


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


@pytest.fixture
def ivo(world: World) -> Browser:
    return signed_in(world, IVO)


def choices(world: World) -> AnomalyChoices:
    return world.anomaly_settings.show().choices


def saved(browser: Browser, address: str, **fields: str) -> Page:
    page = browser.get(address)
    return browser.submit(page, address, version=page.field("version"), **fields)


def worked_off(world: World) -> None:
    """Let a worker do what it was woken for."""
    for lane in world.detection_workers.woken:
        while world.detection.step(lane):
            pass


def tell_twice(world: World) -> None:
    world.submitted("role1")
    world.submitted("role3")
    world.events()


def test_the_groups_of_settings_are_listed_with_what_holds_now(ada: Browser) -> None:
    text = ada.get(SETTINGS).text

    assert "90 days, sensitive reads, 0 writers" in text
    assert "4 of 10 look" in text
    assert "1 of 2 are on" in text
    assert "UTC, 25 open requests each" in text


def test_what_the_deployment_chose_is_shown_with_the_parameter_that_changes_it(ada: Browser) -> None:
    text = ada.get(f"{SETTINGS}/deployment").text

    for told in (
        "Time zone UTC",
        "Administrators admins",
        "Auditors auditors",
        "Groups claim cognito:groups",
        "Open requests 25 each",
        "TimeZone",
        "AdminGroups",
        "AuditorGroups",
        "GroupsClaim",
        "OpenRequests",
        "layer:1",
    ):
        assert told in text


def test_a_longer_retention_and_which_reads_are_events_are_saved_at_once(world: World, ada: Browser) -> None:
    page = saved(ada, AUDIT, retention_days="180", reads="all")

    assert world.audit_settings.show().choices == AuditChoices(retention_days=180, reads=Reads.ALL, writers=())
    assert "Saved" in page.text


def test_since_when_the_trail_can_be_read_is_not_longer_ago_when_it_is_kept_longer(world: World, ada: Browser) -> None:
    """D5."""
    world.audit_settings.put(AuditChoices(retention_days=30, reads=Reads.ALL, writers=()), a_call(ADA), if_match=0)
    world.audit_settings.put(AuditChoices(retention_days=180, reads=Reads.ALL, writers=()), a_call(ADA), if_match=1)

    since = world.clock.now - timedelta(days=29)
    assert f"since {since:%d %b %Y}" in ada.get(AUDIT).text


def test_a_shorter_retention_tells_first_what_would_be_gone(world: World) -> None:
    tell_twice(world)
    number = len(world.events())
    world.clock.advance(timedelta(days=60))
    ada = signed_in(world, ADA)

    asked = saved(ada, AUDIT, retention_days="30", reads="sensitive")
    assert f"{number} events would be gone" in asked.text
    assert world.audit_settings.show().version == 0

    done = saved(ada, AUDIT, retention_days="30", reads="sensitive", agreed=asked.field("agreed"))
    assert "Saved" in done.text
    assert world.audit_settings.show().choices.retention_days == 30


def test_who_agreed_to_one_retention_is_asked_again_for_a_shorter_one(world: World, ada: Browser) -> None:
    page = saved(ada, AUDIT, retention_days="30", reads="sensitive", agreed="60")

    assert "would be gone" in page.text
    assert world.audit_settings.show().version == 0


@pytest.mark.parametrize("days", ["29", "366", "", "many", "9" * 30, "٣٠"])
def test_a_retention_out_of_bounds_is_refused_beside_its_field_with_what_was_typed(ada: Browser, days: str) -> None:
    page = saved(ada, AUDIT, retention_days=days, reads="all")

    assert page.status == 400
    assert 'id="retention_days-wrong"' in page.html
    assert f'value="{days}"' in page.html
    assert 'value="all" checked' in page.html


def test_writers_are_added_changed_and_taken_away(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(ROBOT))
    fields = {"retention_days": "90", "reads": "sensitive"}

    page = saved(ada, AUDIT, **fields, writer=ROBOT.id, writer_events="access.* file.read")
    [writer] = world.audit_settings.show().choices.writers
    assert (writer.principal_id, writer.events) == (ROBOT.id, ("access.*", "file.read"))
    assert "Robot" in page.text

    saved(ada, AUDIT, **fields, writer=" ", writer_events="access.*")
    assert world.audit_settings.show().choices.writers == ()


def test_a_writer_that_is_none_is_refused_with_its_line(ada: Browser) -> None:
    page = saved(ada, AUDIT, retention_days="90", reads="sensitive", writer="robot@example.com", writer_events="")

    assert (page.status, "Line 1 is not written like one" in page.text) == (400, True)
    assert 'value="robot@example.com"' in page.html


def test_settings_of_the_trail_that_somebody_changed_meanwhile_are_not_overwritten(world: World, ada: Browser) -> None:
    page = ada.get(AUDIT)
    world.audit_settings.put(AuditChoices(retention_days=100, reads=Reads.ALL, writers=()), a_call(ADA), if_match=0)

    fields = {"version": page.field("version"), "retention_days": "200", "reads": "sensitive"}
    refused = ada.submit(page, AUDIT, **fields)
    assert refused.status == 412
    assert "Somebody changed this since you opened it" in refused.text
    assert "Now in force: 100" in refused.text
    assert 'value="200"' in refused.html

    ada.submit(refused, AUDIT, **fields | {"version": refused.field("version")})
    assert world.audit_settings.show().choices.retention_days == 200


def test_a_form_that_does_not_say_its_version_is_no_change(world: World, ada: Browser) -> None:
    page = ada.submit(ada.get(AUDIT), AUDIT, retention_days="200", reads="sensitive", version="none")

    assert (page.status, world.audit_settings.show().version) == (428, 0)


def test_every_detector_is_listed_with_whether_it_looks(ada: Browser) -> None:
    saved(ada, INACTIVE, **TYPED)

    text = ada.get(DETECTORS).text

    assert "never. changed High Looks" in text
    assert (text.count("Looks"), text.count("Off")) == (4, 6)


def fields_of(name: str) -> list[str]:
    return list(type(getattr(AnomalyChoices(), name)).model_fields)


@pytest.mark.parametrize("name", AnomalyChoices.model_fields)
def test_every_choice_of_every_detector_has_a_field_with_its_explanation_and_what_it_was_at_first(
    ada: Browser, name: str
) -> None:
    page = ada.get(f"{DETECTORS}/{name}")
    shown = [attributes["name"] for _, attributes in page.elements if attributes.get("name") in fields_of(name)]
    first = getattr(AnomalyChoices(), name)

    assert sorted(shown) == sorted(fields_of(name))
    for field, info in type(first).model_fields.items():
        assert (info.description or "?") in page.text
        if isinstance(getattr(first, field), int | str) and field != "enabled":
            assert f"At first: {str(getattr(first, field)).capitalize()}." in page.text


def test_thresholds_severity_and_exemptions_are_saved(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(MAYA))

    page = saved(ada, INACTIVE, **TYPED | {"exempt": f"{MAYA.id}\r\n\r\n"})

    chosen = choices(world).inactive_user
    assert (chosen.enabled, chosen.severity, chosen.days, chosen.exempt) == (True, "high", 30, (MAYA.id,))
    assert "Saved" in page.text
    assert "At first: 90" in page.text
    assert "Not looked at: Maya" in page.text


def test_a_detector_is_switched_off(world: World, ada: Browser) -> None:
    saved(ada, INACTIVE, severity="medium", days="90", exempt="")

    assert choices(world).inactive_user.enabled is False


def test_words_are_saved(world: World, ada: Browser) -> None:
    saved(ada, f"{DETECTORS}/words", elevated="owner\nsuperuser", sensitive="prod")

    assert (choices(world).words.elevated, choices(world).words.sensitive) == (("owner", "superuser"), ("prod",))


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("days", "0", "Must be 1 or more"),
        ("days", "366", "Must be 365 or less"),
        ("days", "1.5", "Must be a whole number"),
        ("days", "", "Must be a whole number"),
        ("severity", "dire", "Is none of the choices"),
        ("exempt", f"{MAYA.id}\nmaya", "Line 2 is not written like one"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_is_kept(
    world: World, ada: Browser, field: str, typed: str, told: str
) -> None:
    page = saved(ada, INACTIVE, **TYPED | {field: typed})

    assert (page.status, told in page.text) == (400, True)
    assert f'id="{field}-wrong"' in page.html
    assert typed in page.html or field == "severity"
    assert world.anomaly_settings.show().version == 0


def test_a_word_without_letters_is_refused_with_its_line(ada: Browser) -> None:
    page = saved(ada, f"{DETECTORS}/words", elevated="owner\n--", sensitive="")

    assert (page.status, "Line 2 must have a letter or a digit" in page.text) == (400, True)


def test_what_is_as_it_was_at_first_again_keeps_whether_it_looks(world: World, ada: Browser) -> None:
    ladder = f"{DETECTORS}/escalation_ladder"
    page = saved(ada, ladder, enabled="on", severity="high", hours="3", read="see", write="do", exempt="")
    assert "As it was at first" in page.text

    page = ada.submit(page, f"{ladder}/reset", version=page.field("version"))

    assert choices(world).escalation_ladder == AnomalyChoices().escalation_ladder.model_copy(update={"enabled": True})
    assert "Saved" in page.text


def test_words_are_as_they_were_at_first_again(world: World, ada: Browser) -> None:
    page = saved(ada, f"{DETECTORS}/words", elevated="owner", sensitive="prod")

    ada.submit(page, f"{DETECTORS}/words/reset", version=page.field("version"))

    assert choices(world) == AnomalyChoices()


@pytest.mark.parametrize("path", ["", "/reset"])
def test_a_detector_that_somebody_changed_meanwhile_is_not_overwritten(world: World, ada: Browser, path: str) -> None:
    page = saved(ada, INACTIVE, **TYPED)
    saved(ada, INACTIVE, **TYPED | {"days": "40"})

    refused = ada.submit(page, INACTIVE + path, version=page.field("version"), **TYPED | {"days": "50"})

    assert (refused.status, choices(world).inactive_user.days) == (412, 40)
    assert "Somebody changed this since you opened it" in refused.text
    assert ("Now in force: 40" in refused.text) is (path == "")


def test_a_trial_counts_what_a_detector_would_have_found_and_leads_on_to_it(world: World, ada: Browser) -> None:
    tell_twice(world)

    begun = ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", **TYPED)
    address = ada_is_at(world)
    assert ("Looking" in begun.text, 'hx-trigger="every 2s"' in begun.html) == (True, True)

    worked_off(world)
    done = ada.get(address)
    assert "Done" in done.text
    assert "Inactive user detected 1" in done.text
    assert "first time ever" in done.text
    assert "hx-trigger" not in done.html.partition('id="replay"')[2]

    back = ada.get(f"{INACTIVE}?tried={address.rpartition('/')[2]}")
    assert "This is what you tried" in back.text
    assert 'name="days" inputmode="numeric" autocomplete="off" value="30"' in back.html
    assert f'href="{INACTIVE}?tried=' in done.html
    assert world.anomaly_settings.show().version == 0


def ada_is_at(world: World) -> str:
    return f"{SETTINGS}/replays/{world.detection_workers.woken[-1]}"


def test_a_trial_is_of_one_detector_as_if_it_were_on(world: World, ada: Browser) -> None:
    tell_twice(world)

    ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", severity="high", days="30", exempt="")

    tried = world.replays.show(world.detection_workers.woken[-1]).choices
    assert tried is not None
    assert [name for name, one in tried if isinstance(one, DetectorChoices) and one.enabled] == ["inactive_user"]


def test_words_are_tried_by_all_that_look(world: World, ada: Browser) -> None:
    tell_twice(world)

    page = ada.submit(ada.get(INACTIVE), f"{DETECTORS}/words/try", since="7", elevated="role1", sensitive="orders")
    worked_off(world)

    found = ada.get(ada_is_at(world))
    assert "Request high risk access 1" in found.text
    assert "Go on with these settings" not in page.text


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"since": "8"}, 400, "Is none of the choices"),
        ({"since": ""}, 400, "Is none of the choices"),
        ({"since": "7", "days": "none"}, 400, "Must be a whole number"),
    ],
)
def test_a_trial_that_cannot_begin_is_told_on_the_form(
    world: World, ada: Browser, fields: dict[str, str], status: int, told: str
) -> None:
    tell_twice(world)

    page = ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", **{**TYPED, **fields})

    assert (page.status, told in page.text) == (status, True)
    assert world.detection_workers.woken == []


def test_a_trial_of_a_time_of_which_nothing_is_kept_is_refused_beside_its_field(world: World) -> None:
    tell_twice(world)
    world.clock.advance(timedelta(days=8))
    ada = signed_in(world, ADA)

    page = ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", **TYPED)

    assert (page.status, "Nothing that is kept was recorded in that time" in page.text) == (400, True)


def test_too_many_trials_at_once_are_told_on_the_form(world: World, ada: Browser) -> None:
    tell_twice(world)
    for _ in range(3):
        ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", **TYPED)

    page = ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", **TYPED)

    assert (page.status, "3 replays are under way already" in page.text) == (429, True)
    assert 'value="30"' in page.html


def test_a_trial_that_found_nothing_says_so(world: World, ada: Browser) -> None:
    tell_twice(world)
    stamping = f"{DETECTORS}/rubber_stamping"
    fields = {"severity": "low", "days": "30", "requests": "10", "seconds": "30", "exempt": ""}

    ada.submit(ada.get(stamping), f"{stamping}/try", since="30", fast_percent="80", approved_percent="95", **fields)
    worked_off(world)

    assert "It would have found nothing" in ada.get(ada_is_at(world)).text


@pytest.mark.parametrize("path", ["/detectors/none", "/replays/rpl_none", "/replays/live", "/detectors/words?tried=x"])
def test_what_is_not_there_is_not_found(ada: Browser, path: str) -> None:
    assert ada.get(f"{SETTINGS}{path}").status == 404


@pytest.mark.parametrize("path", ["/detectors/none", "/detectors/none/reset", "/detectors/none/try"])
def test_what_is_not_there_is_not_changed(ada: Browser, path: str) -> None:
    assert ada.submit(ada.get(SETTINGS + "/audit"), f"{SETTINGS}{path}").status == 404


@pytest.mark.parametrize("address", EVERY)
def test_an_auditor_sees_every_setting_and_no_button(ivo: Browser, address: str) -> None:
    page = ivo.get(address)
    main = page.html.partition("<main")[2]

    assert page.status == 200
    assert "<button" not in main
    assert [text for text in main.split("<fieldset")[1:] if "<input" in text and "disabled" not in text[:80]] == []


@pytest.mark.parametrize(
    "path", ["/audit", "/detectors/inactive_user", "/detectors/words/reset", "/detectors/words/try"]
)
def test_an_auditor_changes_nothing(world: World, ivo: Browser, path: str) -> None:
    sent = ivo.submit(ivo.get(AUDIT), f"{SETTINGS}{path}", retention_days="200", reads="all", version="0", **TYPED)

    assert sent.status == 403
    assert (world.audit_settings.show().version, world.anomaly_settings.show().version) == (0, 0)


@pytest.mark.parametrize("address", EVERY)
def test_settings_are_nobody_elses_business(world: World, address: str) -> None:
    assert signed_in(world, EVE).get(address).status == 403


def test_a_form_that_another_site_sent_changes_nothing(world: World, ada: Browser) -> None:
    page = ada.get(AUDIT)
    fields = {"form_token": page.field("form_token"), "version": "0", "retention_days": "200", "reads": "all"}

    foreign = ada.post(AUDIT, fields, headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"})
    forged = ada.post(AUDIT, fields | {"form_token": "guessed"})

    assert (foreign.status, forged.status, world.audit_settings.show().version) == (403, 403, 0)


def test_a_change_is_told_as_made_in_a_browser(world: World, ada: Browser) -> None:
    saved(ada, AUDIT, retention_days="180", reads="all")

    told = world.events()[-1]

    assert (told.event_type, told.actor.id, told.source) == (EventType.SETTINGS_UPDATED, ADA.id, "web")


def named(principal: Principal, name: str) -> Principal:
    return principal.model_copy(update={"name": name})


def typed_pages(browser: Browser, script: str) -> Iterator[Page]:
    yield saved(browser, AUDIT, retention_days=script, reads=script, writer=script, writer_events=script)
    yield saved(browser, INACTIVE, **TYPED | {"days": script, "exempt": script, "severity": script})
    yield saved(browser, f"{DETECTORS}/words", elevated=script, sensitive=script)
    yield browser.get(f"{INACTIVE}?done={script.encode().hex()}")


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_typed_or_is_called_is_shown_and_never_run(world: World, script: str) -> None:
    """F2: scripts, markup and template words in what is typed into settings, and in names of who is exempt."""
    world.submitted("role1")
    world.acquaintances.note(a_call(named(MAYA, script)))
    world.events()
    ada = signed_in(world, named(ADA, script))
    exempt = saved(ada, INACTIVE, **TYPED | {"exempt": MAYA.id})
    trial = ada.submit(ada.get(INACTIVE), f"{INACTIVE}/try", since="7", **TYPED)
    worked_off(world)

    for page in (*typed_pages(ada, script), exempt, trial, ada.get(ada_is_at(world))):
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe", "object", "embed"}
            assert not any(name.startswith("on") for name in attributes)
            assert attributes.get("href", "/")[0] in "/#?"
            assert tag != "script" or attributes["src"].startswith("/static/")
