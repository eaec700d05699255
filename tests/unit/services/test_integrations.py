"""Connected systems: added, checked, scanned; their secrets are seen by nobody."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from pydantic import ValidationError

from nightlatch.domain.connector import DiscoveryPage
from nightlatch.domain.errors import ConflictError, InvalidInputError, KeyReuseError, NotFoundError
from nightlatch.domain.errors import RetryableConnectorError as DownError
from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.services.call import Call
from tests.builders import ADA, World, a_call
from tests.fakes.aws import FakeSecrets
from tests.fakes.connector import FakeConnector
from tests.unit.services.targets import UncheckableConnector, UnusableConnector

SECRET = "correct horse battery staple"
BY_ADA = a_call(ADA)


def add(
    world: World,
    integration_id: str = "billing-db",
    *,
    kind: str = "fake",
    secret: str = SECRET,
    call: Call = BY_ADA,
) -> Integration:
    return world.integrations.add(
        integration_id, call, name="Billing", kind=kind, settings={"host": "db"}, secret=secret
    )


@dataclass
class BusyConnector(FakeConnector):
    """A target during whose scan something else happens."""

    meanwhile: Callable[[], object] = lambda: None

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """Let it happen, and answer."""
        self.meanwhile()
        return super().discover(cursor)


@dataclass
class BusySecrets(FakeSecrets):
    """A secret store before which something else happens."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def put(self, name: str, secret: str) -> str:
        """Let it happen, and keep the secret."""
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().put(name, secret)


# Adding


def test_an_added_integration_is_new_and_told() -> None:
    world = World()

    integration = add(world)

    (event,) = world.events()
    assert (integration.status, world.integrations.show("billing-db")) == (IntegrationStatus.NEW, integration)
    assert (event.event_type, event.actor) == ("integration.added", ADA.as_actor())
    assert event.details == {"kind": "fake", "settings": {"host": "db"}}


def test_a_secret_is_in_the_secret_store_and_nowhere_else() -> None:
    world = World()

    integration = add(world)
    world.integrations.check("billing-db", BY_ADA)
    world.integrations.scan("billing-db", BY_ADA)

    assert world.secrets.get(integration.secret_reference) == SECRET
    assert SECRET not in world.integrations.show("billing-db").model_dump_json()
    assert SECRET not in " ".join(event.model_dump_json() for event in world.events())


def test_an_id_is_taken_once_and_its_secret_stays_as_it_was() -> None:
    world = World()
    add(world)
    kept = dict(world.secrets.kept)

    with pytest.raises(ConflictError, match="billing-db exists"):
        add(world)

    assert (world.secrets.kept, world.told()) == (kept, ["integration.added"])


def test_an_unknown_kind_is_told_and_keeps_no_secret() -> None:
    world = World()

    with pytest.raises(InvalidInputError, match="/kind"):
        add(world, kind="abacus")

    assert (world.secrets.kept, world.told()) == ({}, [])


@pytest.mark.parametrize("integration_id", ["", "Billing", "billing db", "-billing", "a/b"])
def test_an_id_that_cannot_be_one_keeps_no_secret(integration_id: str) -> None:
    """D1."""
    world = World()

    with pytest.raises(ValidationError):
        add(world, integration_id)

    assert (world.secrets.kept, world.told()) == ({}, [])


def test_the_same_call_twice_at_once_is_one_integration() -> None:
    """E1."""
    world = World()
    call = a_call(ADA, key="k1", body="b1")
    world.store.interruptions = [lambda: add(world, call=call)]

    integration = add(world, call=call)

    assert world.integrations.show("billing-db") == integration
    assert world.secrets.get(integration.secret_reference) == SECRET
    assert world.told() == ["integration.added"]


def test_of_two_that_add_the_same_integration_at_once_one_wins_and_keeps_its_own_secret() -> None:
    secrets = BusySecrets()
    world = World(secrets=secrets)
    secrets.meanwhile = [lambda: add(world)]

    with pytest.raises(ConflictError, match="billing-db exists"):
        add(world, secret="another secret")

    assert world.secrets.get(world.integrations.show("billing-db").secret_reference) == SECRET


def test_the_same_call_again_adds_nothing() -> None:
    """E1."""
    world = World()
    call = a_call(ADA, key="k1", body="b1")

    first, second = (add(world, call=call) for _ in range(2))

    assert (second, len(world.secrets.kept), world.told()) == (first, 1, ["integration.added"])


def test_the_same_key_for_another_integration_is_refused() -> None:
    """E1."""
    world = World()
    add(world, call=a_call(ADA, key="k1", body="b1"))

    with pytest.raises(KeyReuseError):
        add(world, "other-db", call=a_call(ADA, key="k1", body="b2"))


@pytest.mark.parametrize("use", ["show", "check", "scan"])
def test_an_unknown_integration_is_not_found(use: str) -> None:
    arguments = () if use == "show" else (BY_ADA,)

    with pytest.raises(NotFoundError, match="no integration nowhere"):
        getattr(World().integrations, use)("nowhere", *arguments)


# Checking


def test_an_integration_that_works_becomes_ready_and_that_is_told_once() -> None:
    world = World()

    for _ in range(2):
        assert world.integrations.check("orders-db", BY_ADA).ok

    assert world.integrations.show("orders-db").status is IntegrationStatus.READY
    assert world.told() == ["integration.updated"]


def test_an_integration_that_does_not_work_says_why_and_that_is_an_error() -> None:
    world = World(connector=UnusableConnector())

    result = world.integrations.check("orders-db", BY_ADA)

    integration = world.integrations.show("orders-db")
    (event,) = world.events()
    assert not result.ok
    assert (integration.status, integration.status_message) == (IntegrationStatus.FAILING, "CREATEROLE is missing")
    assert (event.event_type, event.severity.value) == ("integration.check.failed", "error")


def test_an_integration_that_works_again_is_ready_again() -> None:
    world = World()
    world.connector.fail_next()
    world.integrations.check("orders-db", BY_ADA)

    world.integrations.check("orders-db", BY_ADA)

    assert world.integrations.show("orders-db").status is IntegrationStatus.READY
    assert world.told() == ["integration.check.failed", "integration.updated"]


def test_a_check_that_the_target_does_not_answer_is_remembered_and_told() -> None:
    world = World(connector=UncheckableConnector())

    result = world.integrations.check("orders-db", BY_ADA)

    integration = world.integrations.show("orders-db")
    assert (result.ok, result.message) == (False, "down")
    assert (integration.status, integration.status_message) == (IntegrationStatus.FAILING, "down")
    assert world.told() == ["integration.check.failed"]


def test_each_failed_check_is_told() -> None:
    world = World(connector=UnusableConnector())

    for _ in range(3):
        world.integrations.check("orders-db", BY_ADA)

    assert world.told() == ["integration.check.failed"] * 3


def test_a_check_that_meets_another_is_noted_upon_it() -> None:
    world = World(connector=UnusableConnector())
    world.store.interruptions = [lambda: world.integrations.check("orders-db", BY_ADA)]

    world.integrations.check("orders-db", BY_ADA)

    assert world.told() == ["integration.check.failed"] * 2


# Scanning


def test_a_scan_puts_what_is_there_into_the_catalogue_and_takes_out_what_is_gone() -> None:
    world = World(connector=FakeConnector(databases=("billing", "reporting")))

    integration = world.integrations.scan("orders-db", BY_ADA)

    started, completed = world.events()
    assert [resource.id for resource in world.store.resources("orders-db")] == ["billing", "reporting"]
    assert (integration.status, integration.resource_count) == (IntegrationStatus.READY, 2)
    assert integration.scanned_at is not None
    assert (started.event_type, completed.event_type) == ("discovery.scan.started", "discovery.scan.completed")
    assert completed.details.items() >= {("mode", "on demand"), ("duration_seconds", 0)}
    assert completed.details["counts"] == {"database": 2}


def test_a_scan_reads_every_page() -> None:
    databases = tuple(f"db-{number:02}" for number in range(25))
    world = World(connector=FakeConnector(databases=databases, page_size=10))

    world.integrations.scan("orders-db", BY_ADA)

    assert tuple(resource.id for resource in world.store.resources("orders-db")) == databases


def test_a_scan_that_fails_leaves_the_catalogue_as_it_was_and_says_why() -> None:
    world = World()
    before = world.store.resources("orders-db")
    world.connector.fail_next(DownError("cannot connect"))

    with pytest.raises(DownError):
        world.integrations.scan("orders-db", BY_ADA)

    integration = world.integrations.show("orders-db")
    assert world.store.resources("orders-db") == before
    assert (integration.status, integration.status_message) == (IntegrationStatus.FAILING, "cannot connect")
    assert world.told() == ["discovery.scan.started", "discovery.scan.failed"]
    assert world.events()[-1].details == {
        "mode": "on demand",
        "error": "cannot connect",
        "error_class": "RetryableConnectorError",
        "duration_seconds": 0,
    }


def test_a_scan_that_meets_a_check_is_completed() -> None:
    connector = BusyConnector()
    world = World(connector=connector)
    connector.meanwhile = lambda: world.integrations.check("orders-db", BY_ADA)

    integration = world.integrations.scan("orders-db", BY_ADA)

    assert world.integrations.show("orders-db") == integration
    assert world.told() == ["discovery.scan.started", "integration.updated", "discovery.scan.completed"]


def test_a_scan_that_fails_while_it_meets_a_check_tells_why_it_failed() -> None:
    connector = BusyConnector()
    world = World(connector=connector)

    def check_and_break() -> None:
        world.integrations.check("orders-db", BY_ADA)
        connector.fail_next(DownError("cannot connect"))

    connector.meanwhile = check_and_break

    with pytest.raises(DownError):
        world.integrations.scan("orders-db", BY_ADA)

    assert world.told() == ["discovery.scan.started", "integration.updated", "discovery.scan.failed"]
    assert world.integrations.show("orders-db").status is IntegrationStatus.FAILING


@pytest.mark.parametrize("ends", [None, DownError("cannot connect")], ids=["well", "badly"])
def test_a_scan_whose_end_meets_a_rival_is_noted_upon_it(ends: DownError | None) -> None:
    world = World()
    world.store.interruptions = [lambda: world.integrations.check("orders-db", BY_ADA)]
    if ends:
        world.connector.fail_next(ends)

    with suppress(DownError):
        world.integrations.scan("orders-db", BY_ADA)

    assert world.told()[-1] == ("discovery.scan.failed" if ends else "discovery.scan.completed")
    assert world.integrations.show("orders-db").version == 3


def test_what_a_scan_did_not_find_can_no_longer_be_asked_for() -> None:
    world = World(connector=FakeConnector(databases=("billing",)))
    world.integrations.scan("orders-db", BY_ADA)

    with pytest.raises(InvalidInputError, match="/items/0/resource"):
        world.submitted("role1")
