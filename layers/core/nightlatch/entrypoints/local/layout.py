"""Where everything lies under the local stack's home directory.

<home>/
├── stack.json     what the command line needs to talk to the stack
├── secrets.json   generated passwords of the database
├── service.netrc  id and secret of the demo's service, as curl reads them
├── run/           one record per running process
├── logs/          one file per process and per build step
├── data/          what `--fresh` wipes: the emulator's tables and buckets, the database's files
├── build/         what `sam build` made, kept as long as its sources are the same
├── ministack/     the emulator's own virtual environment
└── sam/           SAM's own virtual environment
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nightlatch.entrypoints.local.errors import LocalStackError

_THIS_CHECKOUT = Path(__file__).resolve().parents[5]


@dataclass(frozen=True)
class Layout:
    """The paths under one home directory. `project` is the checkout whose template is deployed."""

    home: Path
    project: Path = _THIS_CHECKOUT

    @property
    def template(self) -> Path:
        """Name the SAM template."""
        return self.project / "template.yaml"

    @property
    def facts(self) -> Path:
        """Name the file that says where the stack answers."""
        return self.home / "stack.json"

    @property
    def secrets(self) -> Path:
        """Name the file with the database's generated passwords."""
        return self.home / "secrets.json"

    @property
    def service(self) -> Path:
        """Name the file with the demo service's id and secret."""
        return self.home / "service.netrc"

    @property
    def data(self) -> Path:
        """Name the directory of all state."""
        return self.home / "data"

    @property
    def build(self) -> Path:
        """Name the directory of what `sam build` made."""
        return self.home / "build"

    @property
    def emulator_environment(self) -> Path:
        """Name the emulator's virtual environment."""
        return self.home / "ministack"

    @property
    def sam_environment(self) -> Path:
        """Name SAM's virtual environment."""
        return self.home / "sam"

    def record(self, process: str) -> Path:
        """Name the file that remembers a running process."""
        return self.home / "run" / f"{process}.json"

    def log(self, name: str) -> Path:
        """Name a log file."""
        return self.home / "logs" / f"{name}.log"

    def make(self) -> None:
        """Create the directories. Others may pass through: run by root, the database is somebody else's process."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o711)
        self.data.mkdir(exist_ok=True, mode=0o711)
        for directory in (self.home / "run", self.home / "logs"):
            directory.mkdir(exist_ok=True, mode=0o700)

    def wipe(self) -> None:
        """Forget all state, and keep what was only downloaded or built."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.home / "logs", ignore_errors=True)
        for file in (self.facts, self.secrets, self.service):
            file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second `up` or `down` on the same home out while this one works."""
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalStackError(f"another nightlatch command is at work on {self.home}; wait for it") from error
            yield


def layout(home: Path) -> Layout:
    """Lay out a home directory, wherever the caller stands."""
    return Layout(home=home.expanduser().resolve())
