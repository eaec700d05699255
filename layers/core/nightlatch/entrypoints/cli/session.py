"""Who acts from this terminal: profiles, one file each, that remember a stack and the tokens for it.

<config>/
├── current            the name of the profile that acts when none is named
└── profiles/
    └── <name>.json    the stack and its tokens; readable by their owner only
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from nightlatch.entrypoints.cli.errors import MistakenError, NotSignedInError

OWNER_ONLY = 0o600
OWNER_ONLY_DIRECTORY = 0o700
DEFAULT = "default"

_NAME = re.compile(r"[\w@+-][\w.@+-]{0,99}")


@dataclass(frozen=True)
class Stack:
    """One installation of Nightlatch, as a command line must know it.

    `login_url` takes Cognito's API calls when people are in its own user pool; `sign_in_page` is where a browser signs
    in when the issuer cannot be asked; `home` is the directory of a local stack, whose addresses change.
    """

    api_url: str
    issuer: str
    client_id: str
    login_url: str | None = None
    sign_in_page: str | None = None
    home: str | None = None


@dataclass(frozen=True)
class Tokens:
    """What an issuer gave for one person. `expires_at` is in epoch seconds."""

    access_token: str
    refresh_token: str | None
    expires_at: int

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at})"


@dataclass(frozen=True)
class Profile:
    """One person at one stack."""

    name: str
    stack: Stack
    tokens: Tokens


class Profiles:
    """The profiles in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, name: str | None) -> Profile:
        """Read a profile, or the current one; NotSignedInError when there is none."""
        chosen = name or self.current()
        if chosen is None:
            raise NotSignedInError("nobody is signed in; sign in with: nightlatch login NAME")
        try:
            known = json.loads(self._file(chosen).read_text())
        except FileNotFoundError as error:
            raise NotSignedInError(f"{chosen} is not signed in; sign in with: nightlatch login {chosen}") from error
        return Profile(chosen, Stack(**known["stack"]), Tokens(**known["tokens"]))

    def save(self, profile: Profile) -> None:
        """Write a profile for its owner's eyes only, whole or not at all."""
        text = json.dumps({"stack": asdict(profile.stack), "tokens": asdict(profile.tokens)})
        write_private(self._file(profile.name), text)

    def use(self, name: str) -> None:
        """Make a profile the current one."""
        write_private(self._directory / "current", name)

    def forget(self, name: str) -> None:
        """Remove a profile with its tokens."""
        self._file(name).unlink(missing_ok=True)
        if self.current() == name:
            (self._directory / "current").unlink(missing_ok=True)

    def current(self) -> str | None:
        """Name the profile that acts when none is named."""
        try:
            return (self._directory / "current").read_text().strip() or None
        except FileNotFoundError:
            return None

    def _file(self, name: str) -> Path:
        # A name becomes a file's name: it must not lead anywhere else.
        if not _NAME.fullmatch(name):
            raise MistakenError(f"{name!r} cannot be a profile's name")
        return self._directory / "profiles" / f"{name}.json"


def write_private(file: Path, text: str) -> None:
    """Write a file that was never readable to others, and never half written."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIRECTORY)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as output:
        output.write(text)
    new.replace(file)
