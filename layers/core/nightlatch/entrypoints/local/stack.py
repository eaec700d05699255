"""Bring the local stack up, take it down, and tell how it is: what the command line calls."""

from collections.abc import Iterator
from pathlib import Path

from nightlatch.entrypoints.local import aws, database, demo, deployment, emulator, function_logs, processes, tools
from nightlatch.entrypoints.local.database import Passwords
from nightlatch.entrypoints.local.deployment import Deployed
from nightlatch.entrypoints.local.errors import LocalStackError, NotRunningError
from nightlatch.entrypoints.local.facts import ComponentStatus, DatabaseFacts, StackFacts
from nightlatch.entrypoints.local.function_logs import LogLine
from nightlatch.entrypoints.local.layout import Layout, layout
from nightlatch.entrypoints.local.ports import require_free
from nightlatch.entrypoints.local.progress import Progress, Silent, step

PORT = 4566
DATABASE_PORT = 54329


def up(
    home: Path,
    *,
    fresh: bool = False,
    port: int = PORT,
    database_port: int = DATABASE_PORT,
    progress: Progress | None = None,
) -> StackFacts:
    """Start, deploy and fill the stack, doing only what is not done yet; `fresh` forgets all state first."""
    place, watcher = layout(home), progress or Silent()
    tools.require()
    if not place.template.exists():
        raise LocalStackError(f"there is no {place.template}: the local stack is deployed from a checkout")
    place.make()
    with place.locked():
        if fresh:
            _wipe(place, watcher)
        _require_ports(place, port=port, database_port=database_port)
        passwords = _start(place, watcher, port=port, database_port=database_port)
        deployed = _deploy(place, watcher, port=port)
        facts = _facts(deployed, port=port, database_port=database_port)
        facts.write(place.facts)
        _fill(facts, passwords, watcher, port=port)
        demo.keep_service(facts.user_pool_id, deployed.outputs["ServiceClientId"], place.service, port=port)
    return facts


def down(home: Path) -> None:
    """Stop everything and keep all state. Functions hold database connections: the database goes last."""
    place = layout(home)
    if not place.home.exists():
        return
    with place.locked():
        _stop(place)


def status(home: Path) -> list[ComponentStatus]:
    """Tell which parts run, and where they listen."""
    place = layout(home)
    addresses = _addresses(place)
    return [_component(place, name, addresses.get(name)) for name in (emulator.NAME, database.NAME)]


def service_file(home: Path) -> Path:
    """Name the file with the demo service's id and secret."""
    return layout(home).service


def facts(home: Path) -> StackFacts:
    """Read where the stack answers; NotRunningError if it is not up."""
    place = layout(home)
    if not processes.running(place.record(emulator.NAME)):
        raise NotRunningError("the local stack is not up; start it with: nightlatch up")
    return StackFacts.read(place.facts)


def logs(home: Path, *, function: str | None = None, follow: bool = False) -> Iterator[LogLine]:
    """Give what one function, or all of them, logged, oldest first."""
    known = facts(home)
    port = int(known.emulator_url.rpartition(":")[2])
    return function_logs.read(known.stack, port=port, function=function, follow=follow)


def _wipe(place: Layout, progress: Progress) -> None:
    with step(progress, "wipe all state"):
        _stop(place)
        database.wipe(place)
        place.wipe()
        place.make()


def _require_ports(place: Layout, *, port: int, database_port: int) -> None:
    """Refuse before anything is started; a part of this stack that runs has its port by right."""
    for name, wanted, option in ((emulator.NAME, port, "--port"), (database.NAME, database_port, "--database-port")):
        if not processes.running(place.record(name)):
            require_free(wanted, option=option)


def _start(place: Layout, progress: Progress, *, port: int, database_port: int) -> Passwords:
    with step(progress, "install the emulator"):
        emulator.install(place)
    with step(progress, "install SAM"):
        deployment.install(place)
    with step(progress, "start PostgreSQL"):
        passwords = database.ensure_running(place, port=database_port)
        demo.create_database(passwords, port=database_port)
    with step(progress, "start the emulator"):
        if emulator.ensure_running(place, port=port):
            deployment.renew_mappings(aws.client("lambda", port=port))
    return passwords


def _deploy(place: Layout, progress: Progress, *, port: int) -> Deployed:
    with step(progress, "build"):
        digest = deployment.build(place)
    with step(progress, "deploy"):
        deployment.deploy(place, digest, port=port)
        deployed = deployment.describe(port)
        deployment.fix(deployed, port=port)  # always: an `up` that was interrupted may have left it undone
    return deployed


def _fill(facts: StackFacts, passwords: Passwords, progress: Progress, *, port: int) -> None:
    with step(progress, "create people"):
        demo.create_accounts(facts.user_pool_id, port=port)
    with step(progress, "connect the demo database"):
        demo.register(facts, passwords)


def _stop(place: Layout) -> None:
    emulator.stop(place)
    database.stop(place)


def _facts(deployed: Deployed, *, port: int, database_port: int) -> StackFacts:
    api, _ = next(deployed.of_type("AWS::ApiGatewayV2::Api"))
    outputs = deployed.outputs
    address = f"http://127.0.0.1:{port}"
    return StackFacts(
        # By path: Python does not resolve *.localhost, which browsers do.
        api_url=f"{address}/_aws/execute-api/{api}",
        browser_url=f"http://{api}.execute-api.localhost:{port}",
        issuer=outputs["Issuer"],
        client_id=outputs["ClientId"],
        user_pool_id=outputs["UserPoolId"],
        login_url=address,
        sign_in_page=f"{address}/oauth2/authorize",
        emulator_url=address,
        stack=deployment.STACK,
        state_table=outputs["StateTable"],
        ledger_table=outputs["LedgerTable"],
        database=DatabaseFacts(host=database.HOST, port=database_port, name=demo.DATABASE),
    )


def _component(place: Layout, name: str, address: str | None) -> ComponentStatus:
    known = processes.running(place.record(name))
    return ComponentStatus(
        name=name,
        running=known is not None,
        pid=known.pid if known else None,
        address=address if known else None,
        log=place.log(name),
    )


def _addresses(place: Layout) -> dict[str, str]:
    if not place.facts.exists():
        return {}
    known = StackFacts.read(place.facts)
    return {emulator.NAME: known.emulator_url, database.NAME: f"{known.database.host}:{known.database.port}"}
