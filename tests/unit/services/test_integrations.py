"""Connected systems: added, checked, scanned; their secrets are seen by nobody."""

from dataclasses import dataclass

import pytest

from nightlatch.domain.connector import CheckResult
from nightlatch.domain.errors import ConflictError, InvalidInputError, KeyReuseError, NotFoundError
from nightlatch.domain.errors import RetryableConnectorError as DownError
from nightlatch.domain.integration import Integration, IntegrationStatus
from nightlatch.services.call import Call
from tests.builders import ADA, World, a_call
from tests.fakes.connector import FakeConnector

SECRET = "correct horse battery staple"
BY_ADA = a_call(ADA)


def add(world: World, integration_id: str = "billing-db", *, kind: str = "fake", call: Call = BY_ADA) -> Integration:
    return world.integrations.add(
        integration_id, call, name="Billing", kind=kind, settings={"host": "db"}, secret=SECRET
    )


@dataclass
class UnusableConnector(FakeConnector):
    """A target that can be reached and is not usable."""

    def check(self) -> CheckResult:
        """Say why not."""
        return CheckResult(ok=False, message="CREATEROLE is missing")


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


# Scanning


def test_a_scan_puts_what_is_there_into_the_catalogue_and_takes_out_what_is_gone() -> None:
    world = World(connector=FakeConnector(databases=("billing", "reporting")))

    integration = world.integrations.scan("orders-db", BY_ADA)

    started, completed = world.events()
    assert [resource.id for resource in world.store.resources("orders-db")] == ["billing", "reporting"]
    assert (integration.status, integration.resource_count) == (IntegrationStatus.READY, 2)
    assert integration.scanned_at is not None
    assert (started.event_type, completed.event_type) == ("discovery.scan.started", "discovery.scan.completed")
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
    assert world.events()[-1].details["error"] == "cannot connect"


def test_what_a_scan_did_not_find_can_no_longer_be_asked_for() -> None:
    world = World(connector=FakeConnector(databases=("billing",)))
    world.integrations.scan("orders-db", BY_ADA)

    with pytest.raises(InvalidInputError, match="/items/0/resource"):
        world.submitted("role1")
