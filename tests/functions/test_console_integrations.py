"""The console's pages of integrations: what is connected, what was found there, and connecting another."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.adapters.connectors.registry import ConnectorRegistry
from nightlatch.domain.change import Change
from nightlatch.domain.errors import RetryableConnectorError
from nightlatch.domain.integration import Permission
from nightlatch.services.integrations import Integrations
from tests.builders import ADA, API, EVE, IVO, NOON, OneConnector, World, a_resource, an_integration
from tests.functions.browser import Browser, Page
from tests.functions.conftest import Lines
from tests.functions.test_console_access import SCRIPTS, signed_in

HERE = "/configuration/integrations"
NEW = f"{HERE}/-/new"
ORDERS = f"{HERE}/orders-db"
POSTGRESQL = {
    "kind": "postgresql",
    "id": "billing-db",
    "name": "Billing, production",
    "settings.host": "db.example.com",
    "settings.port": "5432",
    "settings.database": "postgres",
    "settings.user": "nightlatch",
    "settings.tls": "verify",
    "secret.password": "hunter2-hunter2",
    "once": "1",
}


class KnownKinds(OneConnector):
    """Checks settings as the connectors do, and connects to the one target."""

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Check the settings of a kind."""
        return ConnectorRegistry(secrets=World().secrets).validate(kind, settings)


class SystemsWorld(World):
    """A Nightlatch that knows the kinds of systems that there are."""

    @property
    def integrations(self) -> Integrations:
        """What administrators do with integrations."""
        return Integrations(
            unit_of_work=self.store,
            catalogue=self.store,
            connectors=KnownKinds(self.connector),
            secrets=self.secrets,
            clock=self.clock,
            randomness=self.store.random,
        )


@pytest.fixture
def world() -> World:
    return SystemsWorld()


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


@pytest.fixture
def ivo(world: World) -> Browser:
    return signed_in(world, IVO)


def add(ada: Browser, **other: str) -> Page:
    return ada.submit(ada.get(f"{NEW}?kind=postgresql"), NEW, **{**POSTGRESQL, **other})


def press(browser: Browser, what: str) -> Page:
    return browser.submit(browser.get(ORDERS), f"{ORDERS}/{what}")


def test_what_is_connected_is_listed_with_how_it_is(world: World, ivo: Browser) -> None:
    world.connector.fail_next(RetryableConnectorError("connection refused"))
    press(signed_in(world, ADA), "check")

    text = ivo.get(HERE).text

    assert "Orders database orders-db fake Failing connection refused 0" in text
    assert "never" in text


def test_a_system_is_checked_and_what_came_of_it_is_said(world: World, ada: Browser) -> None:
    good = press(ada, "check")
    world.connector.fail_next(RetryableConnectorError("connection refused"))
    bad = press(ada, "check")

    assert "It answers, and lets Nightlatch do what it needs. " in good.text
    assert "Ready" in good.text
    assert 'role="alert"' in bad.html
    assert "Connection refused." in bad.text
    assert "Failing" in bad.text
    assert (good.status, bad.status) == (200, 200)


def test_a_scan_says_what_was_found_and_how_long_it_took(world: World, ada: Browser) -> None:
    world.connector.roles = ("role1", "role3")

    page = press(ada, "scan")

    assert "Found 1 database, with 2 permissions in all, in 0.0 s." in page.text
    assert "Ready" in page.text
    assert world.told().count("discovery.scan.completed") == 1


def test_a_scan_that_the_system_does_not_answer_is_told_kindly(world: World, ada: Browser) -> None:
    world.connector.fail_next(RetryableConnectorError("connection refused"))

    page = press(ada, "scan")

    assert page.status == 502
    assert "Connection refused." in page.text
    assert "Resources" in page.text
    assert world.told().count("discovery.scan.failed") == 1


def test_a_scan_shows_that_it_runs_and_cannot_be_begun_twice(ada: Browser) -> None:
    page = ada.get(ORDERS)

    assert "Scanning…" in page.text
    assert page.html.count('hx-disable="#one form button"') == 2


def test_what_was_found_is_shown_a_page_at_a_time_with_tags_and_permissions(world: World, ivo: Browser) -> None:
    many = [Permission(name=f"role{number}") for number in range(12)]
    world.store.replace_resources(
        "orders-db", [a_resource(f"orders{number:02}", *many, tags=["prod", "team=pay"]) for number in range(30)]
    )

    first, second = ivo.get(ORDERS), ivo.get(f"{ORDERS}?q=&begin=25")

    assert "orders00 database prod team=pay role0" in first.text
    assert "4 more" in first.text
    assert "1 to 25 of 30" in first.text
    assert "begin=25" in first.html
    assert ("26 to 30 of 30" in second.text, "orders00" in second.text) == (True, False)


@pytest.mark.parametrize("text", ["ORDERS-REPLICA", "phi", "support_read"])
def test_a_resource_is_found_by_name_tag_or_permission(world: World, ivo: Browser, text: str) -> None:
    world.store.replace_resources(
        "orders-db", [a_resource("orders"), a_resource("orders-replica", "support_read", tags=["phi"])]
    )

    page = ivo.get(f"{ORDERS}?q={text}")

    assert page.html.count("<li>\n        <span") == 1
    assert "orders-replica" in page.text


@pytest.mark.parametrize("begin", ["x", "-1", "9" * 30, "٣"])
def test_a_page_that_is_none_is_the_first(ivo: Browser, begin: str) -> None:
    assert ivo.get(f"{ORDERS}?begin={begin}").status == 200


def test_what_is_not_found_is_told_so(ivo: Browser) -> None:
    assert "Nothing here is called so" in ivo.get(f"{ORDERS}?q=zebra").text
    assert ivo.get(f"{HERE}/nothing").status == 404


def test_the_kind_is_chosen_first(ada: Browser) -> None:
    page = ada.get(NEW)

    assert f'href="{NEW}?kind=postgresql-membership"' in page.html
    assert ada.get(f"{NEW}?kind=oracle").text == page.text


def test_a_system_is_added_with_the_settings_of_its_kind(world: World, ada: Browser) -> None:
    page = add(ada)

    added = world.store.integration("billing-db")
    assert added is not None
    assert (added.kind, added.settings["port"], added.settings["reassign_to"]) == ("postgresql", 5432, None)
    assert list(world.secrets.kept.values()) == ["hunter2-hunter2"]
    assert "It is added." in page.text
    assert "Host db.example.com Port 5432" in page.text
    assert "Encrypted, and the server's certificate is checked" in page.text


def test_its_secret_is_told_nowhere(world: World, ada: Browser, log: Lines) -> None:
    refused = add(ada, id="Wrong")
    page = add(ada)

    [told] = [event for event in world.events() if event.event_type == "integration.added"]
    parameters: Any = told.details["call"]["parameters"]  # type: ignore[index,call-overload]  # JSON
    assert parameters["/secret.password"] == "[redacted]"
    assert parameters["/settings.host"] == "db.example.com"
    everything = [page.html, refused.html, str(world.events()), str(log()), ada.get(HERE).html]
    assert "hunter2" not in "".join(everything)


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("id", "Not A Slug", "Is not written like one"),
        ("name", "", "Must not be empty"),
        ("settings.host", "", "Must be given"),
        ("settings.host", "http://db", "Is not written like one"),
        ("settings.port", "many", "Must be a whole number"),
        ("settings.port", "70000", "Is too large"),
        ("settings.tls", "sometimes", "Is none of the choices"),
        ("secret.password", "", "Must not be empty"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    world: World, ada: Browser, field: str, typed: str, told: str
) -> None:
    page = add(ada, **{field: typed})

    place = "secret.password" if field.startswith("secret") else field
    assert page.status == 400
    assert f'id="{place}-wrong"' in page.html
    assert told in page.text
    assert 'value="nightlatch"' in page.html
    assert world.store.integration("billing-db") is None


def test_all_that_is_wrong_is_said_at_once(ada: Browser) -> None:
    page = add(ada, **{"id": "A B", "settings.host": "", "secret.password": ""})

    assert page.html.count('class="wrong"') == 3


def test_a_kind_that_does_not_exist_is_refused(ada: Browser) -> None:
    assert add(ada, kind="oracle").status == 400


def test_what_exists_is_not_added_twice(ada: Browser) -> None:
    page = add(ada, id="orders-db")

    assert page.status == 409
    assert "Integration orders-db exists." in page.text
    assert 'value="Billing, production"' in page.html


def test_a_form_that_is_sent_twice_adds_once(world: World, ada: Browser) -> None:
    first, second = add(ada), add(ada)

    assert (first.status, second.status) == (200, 200)
    assert world.told().count("integration.added") == 1


def test_an_auditor_looks_and_is_offered_nothing(ivo: Browser) -> None:
    page = ivo.get(ORDERS)

    assert (page.status, ivo.get(HERE).status) == (200, 200)
    assert "Scan" not in page.text.replace("A scan", "")
    assert "Add an integration" not in ivo.get(HERE).text
    assert ivo.get(NEW).status == 403
    token = ivo.get(HERE).field("form_token")
    assert {ivo.post(f"{ORDERS}/{what}", {"form_token": token}).status for what in ("check", "scan")} == {403}


def test_nobody_else_sees_any_of_it(world: World) -> None:
    eve = signed_in(world, EVE)

    assert {eve.get(address).status for address in (HERE, ORDERS, NEW)} == {403}


def test_a_form_of_another_site_is_refused(world: World, ada: Browser) -> None:
    token = ada.get(ORDERS).field("form_token")
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}

    assert ada.post(f"{ORDERS}/scan", {"form_token": token}, headers=foreign).status == 403
    assert ada.post(f"{ORDERS}/scan", {"form_token": "guessed"}).status == 403
    assert world.connector.calls == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_is_written_in_a_system_is_text(world: World, ada: Browser, script: str) -> None:
    written = an_integration().changed(
        name=script, status_message=script, settings={"host": script, script: script}, updated_at=NOON
    )
    world.store.commit(Change(written), origin=API)
    permission = Permission(name=script, description=script)
    resource = a_resource("orders", permission, tags=[script]).model_copy(update={"description": script, "id": script})
    world.store.replace_resources("orders-db", [resource])
    world.clock.advance(timedelta(minutes=1))

    refused = add(ada, id=script, name=script, **{"settings.host": script, "settings.certificate_authority": script})

    for page in (ada.get(HERE), ada.get(ORDERS), refused):
        tags = {tag for tag, _ in page.elements}
        assert "img" not in tags
        assert script not in page.html or script.startswith(("javascript:", "{{"))
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert not any(attributes.get("href", "").startswith("javascript:") for _, attributes in page.elements)
