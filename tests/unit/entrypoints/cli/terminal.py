"""A person's terminal: runs commands against the fake API at a fixed time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from nightlatch.entrypoints.cli.invocation import Outside
from nightlatch.entrypoints.cli.main import app
from nightlatch.entrypoints.cli.session import Profile, Profiles, Stack, Tokens
from tests.unit.entrypoints.cli.fake_api import API, ISSUER, FakeApi

NOW = datetime(2026, 11, 22, 13, 35, tzinfo=UTC)
STACK = Stack(api_url=API, issuer=ISSUER, client_id="cli")
AN_HOUR = 3600
LONG = 3.0
"""From so many seconds on a sleep is long enough for something to happen meanwhile."""


def no_browser(_: str) -> bool:
    return False


@dataclass
class Terminal:
    api: FakeApi
    config: Path
    slept: list[float] = field(default_factory=list)
    open_browser: Callable[[str], bool] = no_browser
    callback_port: int | None = None
    while_asleep: Callable[[], object] = lambda: None

    def run(self, *words: str, typed: str | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run a command to its end; what it prints goes to a file, as far as it can tell."""
        outside = Outside(
            now=lambda: NOW,
            sleep=self._sleep,
            transport=httpx.MockTransport(self.api),
            open_browser=self.open_browser,
            callback_port=self.callback_port,
        )
        of_the_shell = dict.fromkeys(("NIGHTLATCH_AS", "NIGHTLATCH_HOME", "COLUMNS"))
        environment = {**of_the_shell, "NIGHTLATCH_CONFIG": str(self.config), **(env or {})}
        return CliRunner().invoke(app, list(words), input=typed, env=environment, obj=outside, prog_name="nightlatch")

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds >= LONG:
            self.while_asleep()

    def table(self, *words: str, **more: Any) -> str:
        """Run a command that must succeed, as a person sees it."""
        result = self.run(*words, "-o", "table", **more)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str, **more: Any) -> Any:
        """Run a command that must succeed, as a script sees it."""
        result = self.run(*words, **more)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def sign_in(self, name: str, *, stack: Stack = STACK, expires_in: int = AN_HOUR) -> None:
        """Remember a person's tokens, as a sign-in does."""
        profiles = Profiles(self.config)
        tokens = Tokens(f"token-of-{name}", f"refresh-{name}", int(NOW.timestamp()) + expires_in)
        profiles.save(Profile(name, stack, tokens))
        profiles.use(name)
