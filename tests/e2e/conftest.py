"""The running local stack that these tests use: this checkout's template, deployed, with IAM enforced."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from playwright.sync_api import Browser, sync_playwright

from nightlatch.entrypoints.local import aws, database, stack
from nightlatch.entrypoints.local.accounts import PASSWORD
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import layout
from tests.e2e.audit_settings import KEPT, Times, all_follow, choose, times_of
from tests.e2e.browsing import CHROMIUM, Reading, somebody_reading
from tests.e2e.lines import Resisted, connect
from tests.e2e.person import JsonObject, Person, until
from tests.integration.failing_line import FailingLine

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """Find a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home for a stack, or name the one at NIGHTLATCH_TEST_HOME."""
    running = os.environ.get("NIGHTLATCH_TEST_HOME")
    return Path(running) if running else tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def facts(home: Path) -> Iterator[StackFacts]:
    """Bring a stack of its own up, and take it down in the end; or use the one that runs at NIGHTLATCH_TEST_HOME."""
    if "NIGHTLATCH_TEST_HOME" in os.environ:
        yield stack.facts(home)
        return
    try:
        yield stack.up(home, port=free_port(), database_port=free_port())
    finally:
        stack.down(home)
        database.wipe(layout(home))


@pytest.fixture
def restart(facts: StackFacts, home: Path) -> Callable[[], None]:
    """Take the stack down and bring it up again, as it was."""

    def down_and_up() -> None:
        stack.down(home)
        up = stack.up(home, port=int(facts.emulator_url.rpartition(":")[2]), database_port=facts.database.port)
        assert up.api_url == facts.api_url

    return down_and_up


@pytest.fixture(scope="session")
def open_for_all() -> Iterator[ExitStack]:
    """Hold the connections of all tests, and close them in the end."""
    with ExitStack() as connections:
        yield connections


@pytest.fixture(scope="session")
def person(facts: StackFacts, open_for_all: ExitStack) -> Callable[[str], Person]:
    """Sign one of the demo's people in, once."""

    @cache
    def sign_in(username: str) -> Person:
        someone = Person.signed_in(facts, username)
        open_for_all.enter_context(someone.api)
        return someone

    return sign_in


@pytest.fixture
def newcomer(facts: StackFacts, client: Callable[[str], Any], open_for_all: ExitStack) -> Person:
    """Sign somebody in, a developer, whom Nightlatch has never seen."""
    who = {"UserPoolId": facts.user_pool_id, "Username": f"newcomer-{uuid4().hex[:8]}"}
    named = [{"Name": "name", "Value": "Nina Ruiz"}, {"Name": "email", "Value": f"{who['Username']}@example.com"}]
    client("cognito-idp").admin_create_user(**who, MessageAction="SUPPRESS", UserAttributes=named)
    client("cognito-idp").admin_set_user_password(**who, Password=PASSWORD, Permanent=True)
    client("cognito-idp").admin_add_user_to_group(**who, GroupName="developers")
    someone = Person.signed_in(facts, who["Username"])
    open_for_all.enter_context(someone.api)
    return someone


COMMAND = str(Path(sys.executable).with_name("nightlatch"))


@pytest.fixture
def terminal(facts: StackFacts, home: Path, tmp_path: Path) -> dict[str, str]:
    """Make the environment of a command line that nobody has signed in at."""
    assert facts.api_url
    return {**os.environ, "NIGHTLATCH_HOME": str(home), "NIGHTLATCH_CONFIG": str(tmp_path)}


@pytest.fixture
def cli(terminal: dict[str, str]) -> Cli:
    """Run the command line at a terminal of its own; what it prints is JSON, or nothing."""

    def run(*words: str, typed: str = "") -> Any:
        done = subprocess.run((COMMAND, *words), env=terminal, input=typed.encode(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    return run


@pytest.fixture(scope="session")
def client(facts: StackFacts, open_for_all: ExitStack) -> Callable[[str], Any]:
    """Make an AWS client of the emulator's root."""
    port = int(facts.emulator_url.rpartition(":")[2])

    @cache
    def make(service: str) -> Any:
        return open_for_all.enter_context(closing(aws.client(service, port=port)))

    return make


@pytest.fixture(scope="session")
def as_role(facts: StackFacts, client: Callable[[str], Any], open_for_all: ExitStack) -> Callable[[str, str], Any]:
    """Make an AWS client that has the rights of one function and no more."""

    @cache
    def make(function: str, service: str) -> Any:
        name = f"{facts.stack}-{function.replace('_', '-')}"
        role = client("lambda").get_function_configuration(FunctionName=name)["Role"]
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName=function)["Credentials"]
        limited = boto3.client(  # type: ignore[call-overload]  # the name is a variable
            service,
            endpoint_url=facts.emulator_url,
            region_name=facts.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        return open_for_all.enter_context(closing(limited))

    return make


# What takes minutes to come about


MEANWHILE = ("resisted", "told_reads", "moved_times")
"""Begun before all tests, and asked about after all others: the minutes pass in threads meanwhile."""

EVERY = 5
"""Seconds between two looks."""

ENOUGH = 900
RETENTION_SWEEP = (ROOT / "events" / "retention_sweep.json").read_bytes()
EXPIRY_SWEEP = (ROOT / "events" / "expiry_sweep.json").read_bytes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that wait longest come last, and after them those that take the stack down."""
    items.sort(key=lambda item: ("restart" in wanted_by([item]), not wanted_by([item]).isdisjoint(MEANWHILE)))


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """Begin what some test will wait for."""
    for name in wanted_by(request.session.items).intersection(MEANWHILE):
        request.getfixturevalue(name)


def wanted_by(items: Sequence[pytest.Item]) -> set[str]:
    """Name the fixtures that tests use."""
    return {name for item in items if isinstance(item, pytest.Function) for name in item.fixturenames}


@pytest.fixture(scope="session")
def meanwhile() -> Iterator[ThreadPoolExecutor]:
    """Make threads that wait."""
    with ThreadPoolExecutor() as threads:
        yield threads


@pytest.fixture(scope="session")
def resisted(
    facts: StackFacts,
    home: Path,
    person: Callable[[str], Person],
    client: Callable[[str], Any],
    meanwhile: ThreadPoolExecutor,
) -> Iterator[Future[Resisted]]:
    """Give access back when its database is not there, and close it by hand when it is quarantined."""
    maya, functions = person("maya"), client("lambda")
    with FailingLine(facts.database.port).running() as line:
        integration = connect(person("ada"), line, facts, home)
        items = [{"resource_type": "database", "resource": "orders", "permission": "role1"}]
        body = {"integration": integration, "items": items, "justification": "INC-2291 duplicate charges"}
        request_id = str(maya.post("/v1/requests", body).raise_for_status().json()["id"])
        maya.wait_for(request_id, "GRANTED")
        line.is_cut = True
        maya.command(request_id, "return")

        def swept() -> JsonObject:
            # At once, not by the minute. When an attempt is due does not change.
            functions.invoke(FunctionName=f"{facts.stack}-expiry", Payload=EXPIRY_SWEEP)
            return maya.get(f"/v1/requests/{request_id}")

        def resist() -> Resisted:
            resisting = until(swept, lambda request: request["quarantined"], within=ENOUGH, every=EVERY)
            listed = maya.get("/v1/requests", quarantined="true", integration=integration)["requests"]
            # It would end by itself, as the proofs show, but the sixth attempt may be eight minutes away.
            ended = person("ada").command(request_id, "close", {"reason": "the database was seen to"})
            told = [event["event_type"] for event in maya.timeline(request_id, count=12)]
            return Resisted(resisting, [request["id"] for request in listed], ended, told)

        yield meanwhile.submit(resist)


@pytest.fixture(scope="session")
def chosen(person: Callable[[str], Person]) -> Iterator[datetime]:
    """Let all reads be told of and events be kept for so many days, and then again as before."""
    ada, since = person("ada"), datetime.now(UTC)
    before = choose(ada, reads="all", retention_days=KEPT.days)
    yield since
    choose(ada, **before)


@pytest.fixture(scope="session")
def told_reads(
    chosen: datetime, person: Callable[[str], Person], meanwhile: ThreadPoolExecutor
) -> Future[list[JsonObject]]:
    """Read something again and again, until the trail tells of it."""
    ivo, noa = person("ivo"), person("noa")
    who = noa.get("/v1/whoami")["id"]

    def told() -> JsonObject:
        for _ in range(2):  # a function that runs may not know of the choice for a minute
            noa.get("/v1/requests", limit=1)
        page = ivo.get("/v1/audit/entries", actor=who, event_type="audit.read", start_date=chosen.isoformat())
        listed = [event for event in page["entries"] if event["resource"]["id"] == "/v1/requests"]
        return {"events": [event for event in listed if datetime.fromisoformat(event["details"]["since"]) > chosen]}

    return meanwhile.submit(
        lambda: until(told, lambda found: bool(found["events"]), within=ENOUGH, every=EVERY)["events"]
    )


@pytest.fixture(scope="session")
def moved_times(
    chosen: datetime, facts: StackFacts, client: Callable[[str], Any], meanwhile: ThreadPoolExecutor
) -> Future[list[Times]]:
    """Let the stored times follow the retention that was chosen."""
    assert chosen

    def stored() -> JsonObject:
        ran = client("lambda").invoke(FunctionName=f"{facts.stack}-retention", Payload=RETENTION_SWEEP)
        assert "FunctionError" not in ran, ran["Payload"].read()
        pages = client("dynamodb").get_paginator("scan").paginate(TableName=facts.ledger_table)
        return {"times": [times_of(item) for page in pages for item in page["Items"]]}

    def follow() -> list[Times]:
        followed: list[Times] = until(stored, all_follow, within=ENOUGH, every=EVERY)["times"]
        return followed

    return meanwhile.submit(follow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def reading(chromium: Browser, facts: StackFacts) -> Iterator[Reading]:
    """Give browsers to people; none of them may complain of anything."""
    with ExitStack() as readers:
        yield lambda name="", **look: readers.enter_context(somebody_reading(chromium, facts, name, **look))
