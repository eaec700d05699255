"""How a long action tells what it is doing, without knowing who watches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Someone who watches steps begin and end. A step that raises is never done."""

    def step_started(self, name: str) -> None:
        """Learn that a step has begun."""
        ...

    def step_done(self, name: str, *, seconds: float) -> None:
        """Learn that a step has ended well, and how long it took."""
        ...


class Silent:
    """A watcher that does not care."""

    def step_started(self, name: str) -> None:
        """Ignore it."""

    def step_done(self, name: str, *, seconds: float) -> None:
        """Ignore it."""


@contextmanager
def step(progress: Progress, name: str) -> Iterator[None]:
    """Report what is done inside as one step."""
    progress.step_started(name)
    began = time.monotonic()
    yield
    progress.step_done(name, seconds=time.monotonic() - began)
