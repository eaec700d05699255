"""What the demo starts with: people, a database, an integration and three access flows.

Every function here may be called again: it adds what is missing and leaves alone what somebody has changed since.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pg8000.native  # type: ignore[import-untyped]  # it ships no types
import yaml
from pydantic import JsonValue

from nightlatch.entrypoints.local import aws, database
from nightlatch.entrypoints.local.accounts import ACCOUNTS, PASSWORD, Account
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.errors import StepFailedError
from nightlatch.entrypoints.local.facts import StackFacts, write_private

DATABASE = "orders"
INTEGRATION = "orders-db"

_HERE = Path(__file__).parent
_CONNECTOR = "nightlatch"
_API_READY_WITHIN_SECONDS = 60.0
_STEP = "demo data"
_ADMIN = "ada"


def create_accounts(user_pool_id: str, *, port: int) -> None:
    """Add the accounts and groups to the user pool."""
    cognito = aws.client("cognito-idp", port=port)
    groups = {group["GroupName"] for group in cognito.list_groups(UserPoolId=user_pool_id)["Groups"]}
    for group in sorted({account.group for account in ACCOUNTS} - groups):
        cognito.create_group(UserPoolId=user_pool_id, GroupName=group)
    users = {user["Username"] for user in cognito.list_users(UserPoolId=user_pool_id)["Users"]}
    for account in ACCOUNTS:
        if account.username not in users:
            _create_account(cognito, user_pool_id, account)


def keep_service(user_pool_id: str, client_id: str, file: Path, *, port: int) -> None:
    """Write the service's id and secret where programs read them: a secret in a command's words is seen by others."""
    cognito = aws.client("cognito-idp", port=port)
    client = cognito.describe_user_pool_client(UserPoolId=user_pool_id, ClientId=client_id)["UserPoolClient"]
    write_private(file, f"machine 127.0.0.1 login {client_id} password {client['ClientSecret']}\n")


def create_database(passwords: Passwords, *, port: int) -> None:
    """Make the database with its schemas and roles, and set the connector's password."""
    server = database.connect(port, passwords)
    if not server.run("SELECT FROM pg_database WHERE datname = :name", name=DATABASE):
        server.run(f"CREATE DATABASE {DATABASE}")
    server.close()
    orders = database.connect(port, passwords, database=DATABASE)
    if not orders.run("SELECT FROM pg_namespace WHERE nspname = 'sales'"):
        orders.run((_HERE / "demo_database.sql").read_text())
    orders.run(f"ALTER ROLE {_CONNECTOR} PASSWORD {pg8000.native.literal(passwords.connector)}")
    orders.close()


def register(facts: StackFacts, passwords: Passwords) -> None:
    """Connect the database and write the flows, through the API, as an administrator would."""
    with httpx.Client(base_url=facts.api_url, trust_env=False, timeout=60) as api:
        _wait_for(api)
        api.headers["authorization"] = f"Bearer {sign_in(facts, _ADMIN)}"
        write(api, facts, passwords)


def write(api: httpx.Client, facts: StackFacts, passwords: Passwords) -> None:
    """Add what the API does not know yet."""
    _register_integration(api, facts, passwords)
    for flow in flows():
        _write_flow(api, flow)


def flows() -> tuple[Mapping[str, JsonValue], ...]:
    """Read the demo's flows: each an `id`, and the definition beside it."""
    return tuple(yaml.safe_load((_HERE / "demo_flows.yaml").read_text()))


def sign_in(facts: StackFacts, username: str) -> str:
    """Get an access token for one of the accounts."""
    body = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": facts.client_id,
        "AuthParameters": {"USERNAME": username, "PASSWORD": PASSWORD},
    }
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }
    answer = httpx.post(facts.login_url, json=body, headers=headers, trust_env=False, timeout=30)
    return str(_expect(answer).json()["AuthenticationResult"]["AccessToken"])


def _create_account(cognito: Any, user_pool_id: str, account: Account) -> None:
    attributes = {"name": account.name, "email": account.email, "email_verified": "true"}
    cognito.admin_create_user(
        UserPoolId=user_pool_id,
        Username=account.username,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    who = {"UserPoolId": user_pool_id, "Username": account.username}
    cognito.admin_set_user_password(**who, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**who, GroupName=account.group)


def _register_integration(api: httpx.Client, facts: StackFacts, passwords: Passwords) -> None:
    known = api.get(f"/v1/integrations/{INTEGRATION}")
    if known.status_code == httpx.codes.NOT_FOUND:
        _expect(_post(api, "/v1/integrations", _integration(facts, passwords)))
    elif _expect(known).json().get("scanned_at"):
        return
    _expect(_post(api, f"/v1/integrations/{INTEGRATION}/scan", {}))


def _integration(facts: StackFacts, passwords: Passwords) -> dict[str, JsonValue]:
    where = facts.database
    return {
        "id": INTEGRATION,
        "name": "Orders database",
        "kind": "postgresql",
        "settings": {
            "host": where.host,
            "port": where.port,
            "database": where.name,
            "user": _CONNECTOR,
            "tls": "disable",  # it never leaves the loopback interface
        },
        "secret": passwords.connector,
    }


def _write_flow(api: httpx.Client, flow: Mapping[str, JsonValue]) -> None:
    path = f"/v1/flows/{flow['id']}"
    known = api.get(path)
    if known.status_code != httpx.codes.NOT_FOUND:
        _expect(known)
        return
    definition = {name: value for name, value in flow.items() if name != "id"}
    _expect(api.put(path, json=definition))


def _wait_for(api: httpx.Client) -> None:
    deadline = time.monotonic() + _API_READY_WITHIN_SECONDS
    while not (answer := api.get("/healthz")).is_success:
        if time.monotonic() > deadline:
            raise StepFailedError(_STEP, f"GET /healthz answers {answer.status_code}: {answer.text[:500]}")
        time.sleep(0.5)


def _post(api: httpx.Client, path: str, body: Mapping[str, JsonValue]) -> httpx.Response:
    # The same key each time would be answered from the receipt of a call whose effect may be gone.
    return api.post(path, json=dict(body), headers={"idempotency-key": f"demo-{time.time_ns()}"})


def _expect(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        what = f"{answer.request.method} {answer.request.url.path}"
        raise StepFailedError(_STEP, f"{what} answered {answer.status_code}: {answer.text[:500]}")
    return answer
