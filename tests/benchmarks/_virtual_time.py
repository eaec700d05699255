"""A clock that many workers share: whoever lets time pass stands aside until the others have come as far.

Each worker is a thread, and only one of them runs at a time, always the earliest: so what they do to the fakes happens
in the order in which it would happen, however long each call is said to take. Nothing here waits for real time.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import Semaphore, Thread, local

from tests.builders import FakeClock


@dataclass
class VirtualTime(FakeClock):
    """Tells the time of whoever asks. Outside a worker nothing takes any time: what is prepared is simply there."""

    step: timedelta = field(default=timedelta())
    _waiting: list[tuple[datetime, int, Semaphore]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _here: local = field(default_factory=local)
    _stopped: Semaphore = field(default_factory=lambda: Semaphore(0))
    _errors: list[BaseException] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        """Whether it is a worker that asks."""
        return hasattr(self._here, "turn")

    def start(self, work: Callable[[], None], *, at: datetime) -> None:
        """Let a worker begin at a time."""
        turn = Semaphore(0)
        Thread(target=self._work, args=(work, turn), daemon=True).start()
        self._queue(at, turn)

    def take(self, span: timedelta) -> None:
        """Let a worker's call take so long."""
        if not self.is_running:
            return
        turn: Semaphore = self._here.turn
        self._queue(self.now + span, turn)
        self._stopped.release()
        turn.acquire()

    def run(self) -> None:
        """Let the workers work until all are done; raise what one of them raised."""
        while self._waiting and not self._errors:
            self.now, _, turn = heapq.heappop(self._waiting)
            turn.release()
            self._stopped.acquire()
        if self._errors:
            raise self._errors[0]

    def _queue(self, at: datetime, turn: Semaphore) -> None:
        heapq.heappush(self._waiting, (at, next(self._order), turn))

    def _work(self, work: Callable[[], None], turn: Semaphore) -> None:
        self._here.turn = turn
        turn.acquire()
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (it is raised where the workers were started)
            self._errors.append(error)
        finally:
            self._stopped.release()
