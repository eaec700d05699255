"""Connecting systems."""

from nightlatch.domain.errors import RetryableConnectorError
from tests.builders import ADA, IVO, World
from tests.functions.client import Client
from tests.functions.conftest import Lines

NEW = {"id": "billing-db", "name": "Billing", "kind": "fake", "settings": {"host": "db"}, "secret": "hunter2-hunter2"}


def test_a_system_is_connected_and_its_secret_is_seen_nowhere(client: Client, world: World, log: Lines) -> None:
    answer = client.post("/v1/integrations", NEW, by=ADA)

    assert (answer.status, answer.headers["Location"]) == (201, "/v1/integrations/billing-db")
    assert list(world.secrets.kept.values()) == ["hunter2-hunter2"]
    shown = [answer.text, client.get("/v1/integrations", by=IVO).text, str(log()), str(world.events())]
    assert "hunter2" not in "".join(shown)
    assert set(answer.json) == {
        "id",
        "name",
        "kind",
        "settings",
        "status",
        "status_message",
        "resource_count",
        "created_at",
        "updated_at",
        "scanned_at",
    }


def test_a_refused_secret_is_not_said_back(client: Client) -> None:
    answer = client.post("/v1/integrations", {**NEW, "secret": ["hunter2"], "id": "X"}, by=ADA)

    assert set(answer.faults) == {"/secret", "/id"}
    assert "hunter2" not in answer.text


def test_what_exists_is_not_connected_twice(client: Client) -> None:
    assert client.post("/v1/integrations", {**NEW, "id": "orders-db"}, by=ADA).status == 409


def test_what_the_connector_refuses_is_named(client: Client) -> None:
    assert client.post("/v1/integrations", {**NEW, "kind": "oracle"}, by=ADA).faults == {"/kind": "must be fake"}


def test_a_system_is_checked_and_scanned(client: Client) -> None:
    assert client.post("/v1/integrations/orders-db/check", by=ADA).json == {"ok": True, "message": "usable"}

    scanned = client.post("/v1/integrations/orders-db/scan", {}, by=ADA).json

    assert (scanned["status"], scanned["resource_count"]) == ("ready", 1)
    assert client.get("/v1/integrations/orders-db", by=IVO).json == scanned


def test_a_system_that_does_not_answer_is_a_problem_of_that_system(client: Client, world: World) -> None:
    world.connector.fail_next(RetryableConnectorError("connection refused"))

    answer = client.post("/v1/integrations/orders-db/scan", by=ADA)

    assert (answer.status, answer.json["type"]) == (502, "/problems/target-error")
    assert client.get("/v1/integrations/orders-db", by=ADA).json["status_message"] == "connection refused"


def test_an_unknown_system_is_unknown(client: Client) -> None:
    assert client.get("/v1/integrations/nothing", by=ADA).status == 404
    assert client.post("/v1/integrations/nothing/check", by=ADA).status == 404
