"""One run of a command: who acts, through which API, onto which screen, and what lies outside of it all."""

import os
import sys
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.entrypoints.cli.screen import Format, Screen
from nightlatch.entrypoints.cli.session import Profiles

if TYPE_CHECKING:
    import httpx

    from nightlatch.entrypoints.cli.client import Api

Acting = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Act as this signed-in person.")]
Output = Annotated[
    Format | None, typer.Option("--output", "-o", help="A table, or JSON; JSON when not printed to a terminal.")
]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _has_screen() -> bool:
    """Say whether a browser would open in a window: without any, one for terminals would take this one over."""
    return sys.platform in {"darwin", "win32"} or not os.environ.keys().isdisjoint({"DISPLAY", "WAYLAND_DISPLAY"})


@dataclass(frozen=True)
class Outside:
    """What is not ours: the clock, the network, the browser. Tests bring their own."""

    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
    open_browser: Callable[[str], bool] = webbrowser.open
    has_screen: bool = field(default_factory=_has_screen)
    transport: "httpx.BaseTransport | None" = None
    callback_port: int | None = None


@dataclass(frozen=True)
class Choices:
    """What was said before the command's name, and holds for every command."""

    config: Path
    acting: str | None = None
    output: Format | None = None
    outside: Outside = field(default_factory=Outside)


class Invocation:
    """What a command works with."""

    def __init__(self, choices: Choices, *, acting: str | None, output: Format | None) -> None:
        self.outside = choices.outside
        self.acting = acting or choices.acting
        self.screen = Screen(output or choices.output)
        self.profiles = Profiles(choices.config)

    @property
    def now(self) -> datetime:
        """Tell the time."""
        return self.outside.now()

    @cached_property
    def api(self) -> "Api":
        """Open the API in the acting person's name."""
        # httpx takes a third of a second to import: `--help` must not wait for it.
        from nightlatch.entrypoints.cli import client, login, stacks  # noqa: PLC0415

        profile = stacks.at_its_current_address(self.profiles.load(self.acting))
        http = self.http(profile.stack.api_url)
        session = login.Session(profile, profiles=self.profiles, http=http, now=self.outside.now)
        return client.Api(http, token=session.token, sleep=self.outside.sleep)

    def forget_the_address(self) -> None:
        """Look anew for the API before the next call: a local stack may answer elsewhere after a restart."""
        self.__dict__.pop("api", None)

    def http(self, base_url: str) -> "httpx.Client":
        """Make a client for one server."""
        from nightlatch.entrypoints.cli import client  # noqa: PLC0415  # as above

        return client.http_client(base_url, version=metadata.version("nightlatch"), transport=self.outside.transport)


def invocation(context: typer.Context, acting: str | None = None, output: Format | None = None) -> Invocation:
    """Join what was said before a command's name with what was said after it."""
    return Invocation(context.obj, acting=acting, output=output)
