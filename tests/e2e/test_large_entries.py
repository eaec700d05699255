"""I4: an event of 1 MB of another system on the running stack, from the API to the feed."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from nightlatch.domain.ingestion import LARGEST_ENTRY
from nightlatch.domain.ledger import RESERVED, canonical_json
from nightlatch.entrypoints.local import deployment
from nightlatch.entrypoints.local.facts import StackFacts
from tests.builders import a_large_entry
from tests.e2e.person import JsonObject, Person, until

ENTRIES = "/v1/audit/entries"
SETTINGS = "/v1/settings/audit"
TRAIL = f"trail-{uuid.uuid4()}"
SCOPE = f"{TRAIL}/write"


@pytest.fixture(scope="module")
def app_client(facts: StackFacts, client: Callable[[str], Any]) -> Iterator[JsonObject]:
    """Make a client with a secret, whose tokens the API takes while these tests run."""
    cognito, gateway = client("cognito-idp"), client("apigatewayv2")
    pool = {"UserPoolId": facts.user_pool_id}
    cognito.create_resource_server(
        **pool, Identifier=TRAIL, Name=TRAIL, Scopes=[{"ScopeName": "write", "ScopeDescription": "writes"}]
    )
    made = cognito.create_user_pool_client(
        **pool,
        ClientName="billing",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=[SCOPE],
    )["UserPoolClient"]
    api_id = facts.api_url.rpartition("/")[2]
    (authorizer,) = gateway.get_authorizers(ApiId=api_id)["Items"]
    ours, takes = {"ApiId": api_id, "AuthorizerId": authorizer["AuthorizerId"]}, authorizer["JwtConfiguration"]
    with_it = {**takes, "Audience": [*takes["Audience"], made["ClientId"]]}
    gateway.update_authorizer(**ours, JwtConfiguration=with_it)
    yield made
    gateway.update_authorizer(**ours, JwtConfiguration=takes)
    cognito.delete_user_pool_client(**pool, ClientId=made["ClientId"])
    cognito.delete_resource_server(**pool, Identifier=TRAIL)


@pytest.fixture(scope="module")
def robot(facts: StackFacts, app_client: JsonObject, person: Callable[[str], Person]) -> Iterator[Person]:
    """Sign a service in, and name it a writer."""
    secret = {"client_id": app_client["ClientId"], "client_secret": app_client["ClientSecret"], "scope": SCOPE}
    form = {"grant_type": "client_credentials", **secret}
    token = httpx.post(f"{facts.login_url}/oauth2/token", data=form, trust_env=False).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    ada = person("ada").api
    before = ada.get(SETTINGS)
    choices = {name: value for name, value in before.json().items() if name != "version"}
    with httpx.Client(base_url=facts.api_url, headers=headers, trust_env=False, timeout=30) as api:
        writers = [*choices["writers"], {"principal_id": api.get("/v1/whoami").json()["id"], "events": []}]
        named = ada.put(SETTINGS, json=choices | {"writers": writers}, headers={"If-Match": before.headers["ETag"]})
        named.raise_for_status()
        yield Person(api)
    ada.put(SETTINGS, json=choices, headers={"If-Match": named.headers["ETag"]}).raise_for_status()


def test_an_event_of_1_mb_is_written_and_read_by_list_feed_and_alone(
    robot: Person, person: Callable[[str], Person]
) -> None:
    """I4: and what comes behind it does not wait."""
    ivo = person("ivo")
    ours = str(uuid.uuid4())
    sent = a_large_entry(LARGEST_ENTRY, id=ours, timestamp=datetime.now(UTC), request_id=ours).model_dump(mode="json")
    behind = sent | {"id": f"{ours}-behind", "details": {}}

    written = robot.post(ENTRIES, {"entries": [sent, behind]})
    again = robot.post(ENTRIES, {"entries": [sent, behind]})

    assert (written.status_code, written.json()) == (202, {"accepted": 2, "known": 0})
    assert again.status_code == written.status_code
    found = until(lambda: ivo.get(ENTRIES, request_id=ours), lambda page: len(page["entries"]) == 2, within=60)[
        "entries"
    ]
    large = found[1]
    fed = ivo.get("/v1/audit", **{"from": large["id"], "limit": 2})["events"]
    whole = ivo.get(f"{ENTRIES}/{large['id']}")
    body = {name: value for name, value in whole["details"].items() if name not in RESERVED}
    assert fed == found[::-1]
    assert body == sent["details"]
    assert hashlib.sha256(canonical_json(body)).hexdigest() == large["details"]["ingested"]["body"]["sha256"]
    assert whole == large | {"details": whole["details"]}


@pytest.mark.parametrize(
    ("function", "key"),
    [("ingestion", "archive/a-test"), ("ingestion", "seals/a-test"), ("audit", "bodies/a-test")],
)
def test_nobody_but_ingestion_writes_bodies_and_it_writes_nothing_else(
    function: str, key: str, facts: StackFacts, as_role: Callable[[str, str], Any]
) -> None:
    """I1."""
    bucket = deployment.describe(int(facts.emulator_url.rpartition(":")[2])).ids["EvidenceBucket"]

    with pytest.raises(ClientError) as refusal:
        as_role(function, "s3").put_object(Bucket=bucket, Key=key, Body=b"forged", IfNoneMatch="*")

    assert refusal.value.response["Error"]["Code"] == "AccessDenied"
