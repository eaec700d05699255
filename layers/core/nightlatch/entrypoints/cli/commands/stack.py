"""The local stack: bring it up, take it down, see how it is."""

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.errors import CliError, UnreachableError
from nightlatch.entrypoints.cli.invocation import Invocation, Output, Outside, invocation
from nightlatch.entrypoints.cli.screen import LINK, MUTED, Screen, table
from nightlatch.entrypoints.cli.shapes import NOTHING, Json
from nightlatch.entrypoints.cli.times import clock

if TYPE_CHECKING:
    from nightlatch.entrypoints.local.function_logs import LogLine

HOME = Path(".nightlatch")
DEFAULT_PORT = 4566
DEFAULT_DATABASE_PORT = 54329

NEXT_STEPS = (
    ("uv run nightlatch login maya", "a developer; here nobody is asked for a password"),
    ("uv run nightlatch catalog", "what she may ask for"),
    ("uv run nightlatch request orders-db/orders -p role1 -p role3 --for 1h --reason 'INC-2291 duplicate charges'", ""),
    ("uv run nightlatch login noa", "an approver; omar is another"),
    ("uv run nightlatch approve last", "what waits for her is under: nightlatch approvals"),
    ("uv run nightlatch credentials last --as maya", "how she connects"),
    ("uv run nightlatch return last --as maya", "and gives it back"),
    ("uv run nightlatch login ivo", "an auditor"),
    ("uv run nightlatch audit tail", "who did what"),
)
"""What is typed at a new stack, and why."""

Home = Annotated[Path, typer.Option(envvar="NIGHTLATCH_HOME", help="Where the local stack keeps everything.")]


class Steps:
    """Tells each step of a long action on standard error, with its seconds."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def step_started(self, name: str) -> None:
        """Say nothing: a line appears when the step is done."""

    def step_done(self, name: str, *, seconds: float) -> None:
        """Tell a step that has ended well."""
        self._screen.note(("  ✓ ", "green"), f"{name:<30}", (f"{seconds:6.1f} s", MUTED))


def up(
    context: typer.Context,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget all state first.")] = False,
    port: Annotated[int, typer.Option(help="Where everything of AWS answers.")] = DEFAULT_PORT,
    database_port: Annotated[int, typer.Option(help="Where the demo database answers.")] = DEFAULT_DATABASE_PORT,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the console in a browser.")] = True,
    home: Home = HOME,
    output: Output = None,
) -> None:
    """Bring a whole Nightlatch up on this machine: emulator, database, deployment, demo people and flows."""
    run = invocation(context, None, output)
    with _local() as stack:
        facts = stack.up(home, fresh=fresh, port=port, database_port=database_port, progress=Steps(run.screen))
    run.screen.show(facts.model_dump(mode="json"), up_view)
    if browser and not run.screen.for_machines:
        _open(run.outside, facts.browser_url)


def down(context: typer.Context, *, home: Home = HOME) -> None:
    """Stop the local stack and keep its state."""
    run = invocation(context)
    with _local() as stack:
        stack.down(home)
    run.screen.note("Down. Its state is kept; nightlatch up brings it back.")


def status(context: typer.Context, *, home: Home = HOME, output: Output = None) -> None:
    """Show which parts of the local stack run; exit code 5 unless all do."""
    run = invocation(context, None, output)
    with _local() as stack:
        parts = [part.model_dump(mode="json") for part in stack.status(home)]
        service_file = str(stack.service_file(home))
    run.screen.show({"components": parts, "service_file": service_file}, _status_view)
    if not all(part["running"] for part in parts):
        raise UnreachableError("the local stack is not up; start it with: nightlatch up")
    run.screen.note(("A service that may call the API: its id and secret are in ", MUTED), (service_file, LINK))


def logs(
    context: typer.Context,
    *,
    function: Annotated[str | None, typer.Argument(help="One function only: access-requests, provisioning, …")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    home: Home = HOME,
    output: Output = None,
) -> None:
    """Print what the functions logged."""
    run = invocation(context, None, output)
    with _local() as stack:
        for line in stack.logs(home, function=function, follow=follow):
            _print(run, line)


@contextmanager
def _local() -> Iterator[Any]:
    """Load what runs the stack, and tell what goes wrong with it as the command line does."""
    # It brings boto3 and the database's driver along, which no other command needs.
    from nightlatch.entrypoints.local import errors, stack  # noqa: PLC0415

    try:
        yield stack
    except errors.NotRunningError as error:
        raise UnreachableError(str(error)) from error
    except errors.LocalStackError as error:
        raise CliError(str(error)) from error


def _print(run: Invocation, line: "LogLine") -> None:
    if run.screen.for_machines:
        run.screen.json_line(line.model_dump(mode="json"))
    else:
        at = clock(line.at, now=run.now, seconds=True)
        run.screen.line((at, MUTED), "  ", (f"{line.function:<16}", LINK), "  ", line.text)


def _open(outside: Outside, address: str) -> None:
    """Open the console, where there is a screen to open it on. That there is none, or no browser, is no failure."""
    if not outside.has_screen:
        return
    with suppress(OSError, webbrowser.Error):
        outside.open_browser(address)


def up_view(facts: Json) -> RenderableType:
    """Say that the stack is up, and what to type next."""
    console = Text.assemble("\nUp. The console is at ", (facts["browser_url"], LINK))
    lines = [Text.assemble(console, "\nThe API answers at ", (facts["api_url"], LINK), "\n\nTry:")]
    lines += [
        Text.assemble("  ", (f"{command:<42}" if remark else command, LINK), (remark, MUTED))
        for command, remark in NEXT_STEPS
    ]
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def _status_view(known: Json) -> RenderableType:
    rows = [
        (
            part["name"],
            Text("● running", "green") if part["running"] else Text("○ stopped", MUTED),
            str(part["pid"] or NOTHING),
            part["address"] or NOTHING,
            str(part["log"]),
        )
        for part in known["components"]
    ]
    return table("PART", "STATUS", "PROCESS", "ADDRESS", "LOG", rows=rows, folding=("LOG",))
