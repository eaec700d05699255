"""What the command line needs to know of the local stack, and what it shows of it."""

import os
from pathlib import Path
from typing import Self

from nightlatch.domain.value import Value
from nightlatch.entrypoints.local.errors import NotRunningError

REGION = "us-east-1"


class DatabaseFacts(Value):
    """Where the demo database listens. Log-ins are what Nightlatch is there to give; there is none here."""

    host: str
    port: int
    name: str


class StackFacts(Value):
    """Where the stack answers. `login_url` takes Cognito's API calls, `sign_in_page` a browser."""

    api_url: str
    browser_url: str
    issuer: str
    client_id: str
    user_pool_id: str
    login_url: str
    sign_in_page: str
    emulator_url: str
    region: str = REGION
    stack: str
    state_table: str
    ledger_table: str
    database: DatabaseFacts

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what the last `up` wrote."""
        try:
            return cls.model_validate_json(file.read_text())
        except FileNotFoundError as error:
            raise NotRunningError("the local stack is not up; start it with: nightlatch up") from error

    def write(self, file: Path) -> None:
        """Write it for the owner's eyes only."""
        write_private(file, self.model_dump_json(indent=2) + "\n")


class ComponentStatus(Value):
    """One part of the stack: `address` is where it listens when it runs."""

    name: str
    running: bool
    pid: int | None = None
    address: str | None = None
    log: Path


def write_private(file: Path, text: str) -> None:
    """Write a file that was never readable to others, not even for a moment."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    new.replace(file)
