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
    assert created.json["definition"]["grant"] == {"default": "PT1H", "maximum": "PT8H", "extensions": None}


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


def test_a_flow_says_how_recently_its_approvers_must_have_signed_in(client: Client) -> None:
    put(client, "new-flow", require={"fresh_sign_in": "PT15M"})

    assert client.get("/v1/flows/new-flow").json["definition"]["require"]["fresh_sign_in"] == "PT15M"
    faults = put(client, "other-flow", require={"fresh_sign_in": "PT48H"}).faults
    assert faults == {"/require/fresh_sign_in": "must be from 1 minute to 24 hours"}


def test_the_list_and_an_unknown_flow(client: Client) -> None:
    assert [flow["id"] for flow in client.get("/v1/flows", by=MAYA).json["flows"]] == ["orders-roles"]
    for path in ("/v1/flows/nothing", "/v1/flows/nothing/versions"):
        assert client.get(path).status == 404


def test_a_version_says_what_it_changed(client: Client) -> None:
    put(client, "orders-roles", if_match='"1"', name="Other")

    second, first = client.get("/v1/flows/orders-roles/versions").json["versions"]

    assert {change["pointer"]: (change["before"], change["after"]) for change in second["changes"]}["/name"] == (
        "Orders roles",
        "Other",
    )
    assert {change["before"] for change in first["changes"]} == {None}


def test_a_flow_is_deleted_by_who_knows_its_version_and_its_history_stays(client: Client, world: World) -> None:
    deleted = client.call("DELETE", "/v1/flows/orders-roles", by=ADA, headers={"if-match": '"1"'})

    assert deleted.status == 204
    assert client.get("/v1/flows").json == {"flows": []}
    assert client.get("/v1/flows/orders-roles").status == 404
    versions = client.get("/v1/flows/orders-roles/versions").json["versions"]
    assert [(version["version"], version["is_deleted"]) for version in versions] == [(2, True), (1, False)]
    assert world.told()[-1] == "flow.deleted"


@pytest.mark.parametrize(("if_match", "status"), [(None, 428), ('"7"', 412)])
def test_a_flow_is_not_deleted_blindly(client: Client, if_match: str | None, status: int) -> None:
    """C4: stale If-Match."""
    headers = {"if-match": if_match} if if_match else {}

    assert client.call("DELETE", "/v1/flows/orders-roles", by=ADA, headers=headers).status == status
    assert client.call("DELETE", "/v1/flows/nothing", by=ADA, headers=headers).status == 404


def test_a_deleted_flow_can_be_written_anew_and_counts_on(client: Client) -> None:
    client.call("DELETE", "/v1/flows/orders-roles", by=ADA, headers={"if-match": '"1"'})

    again = put(client, "orders-roles")

    assert (again.status, again.headers["ETag"]) == (200, '"3"')


def test_nobody_changes_the_flow_under_which_their_own_request_waits(client: Client, world: World) -> None:
    """A9: a person cannot loosen a flow that their own pending request uses."""
    ada = ADA.model_copy(update={"groups": frozenset({"developers", "admins"})})
    request = world.submitted(by=ada)

    changed = client.put("/v1/flows/orders-roles", FLOW, by=ada, headers={"if-match": '"1"'})
    deleted = client.call("DELETE", "/v1/flows/orders-roles", by=ada, headers={"if-match": '"1"'})

    assert (changed.status, deleted.status) == (409, 409)
    assert request.id in changed.json["detail"]
    client.post(f"/v1/requests/{request.id}/cancel", by=ada)
    assert client.put("/v1/flows/orders-roles", FLOW, by=ada, headers={"if-match": '"1"'}).status == 200
