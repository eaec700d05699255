"""Writing access flows, and looking back."""

from typing import Any

import pytest

from tests.builders import ADA, MAYA, World
from tests.functions.client import FLOW, Client


def put(client: Client, flow_id: str, *, if_match: str | None = None, **change: Any) -> Any:
    headers = {"if-match": if_match} if if_match is not None else {}
    return client.put(f"/v1/flows/{flow_id}", FLOW | change, by=ADA, headers=headers)


def test_a_new_flow_is_created_and_read_back(client: Client) -> None:
    created = put(client, "new-flow")
    read = client.get("/v1/flows/new-flow")

    assert (created.status, created.headers["ETag"]) == (201, '"1"')
    assert (read.status, read.headers["ETag"], read.json) == (200, '"1"', created.json)
    assert created.json["updated_by"]["name"] == "Ada"
    assert created.json["definition"]["grant"] == {"default": "PT1H", "maximum": "PT8H"}


def test_a_flow_is_overwritten_by_who_knows_its_version(client: Client) -> None:
    changed = put(client, "orders-roles", if_match='"1"', name="Other")

    assert (changed.status, changed.headers["ETag"], changed.json["version"]) == (200, '"2"', 2)
    versions = client.get("/v1/flows/orders-roles/versions").json["versions"]
    assert [(flow["version"], flow["definition"]["name"]) for flow in versions] == [(2, "Other"), (1, "Orders roles")]


def test_without_a_version_nothing_is_overwritten(client: Client, world: World) -> None:
    answer = put(client, "orders-roles", name="Other")

    assert (answer.status, answer.json["type"]) == (428, "/problems/version-required")
    flow = world.store.one("orders-roles")
    assert flow is not None
    assert flow.version == 1


def test_with_a_stale_version_nothing_is_overwritten(client: Client) -> None:
    """C4: stale If-Match."""
    put(client, "orders-roles", if_match='"1"', name="Other")

    answer = put(client, "orders-roles", if_match='"1"', name="Third")

    assert (answer.status, answer.json["type"]) == (412, "/problems/stale-version")


@pytest.mark.parametrize("if_match", ["1", "*", 'W/"1"', '"1", "2"', '"x"', "", '"99999999999"'])
def test_if_match_is_an_etag_as_it_was_given_out(client: Client, if_match: str) -> None:
    assert put(client, "orders-roles", if_match=if_match).faults.keys() == {"?if-match"}


def test_the_list_and_an_unknown_flow(client: Client) -> None:
    assert [flow["id"] for flow in client.get("/v1/flows", by=MAYA).json["flows"]] == ["orders-roles"]
    for path in ("/v1/flows/nothing", "/v1/flows/nothing/versions"):
        assert client.get(path).status == 404
