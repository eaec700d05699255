"""A TCP line to a server that fails where a test says: before a message, after it, or by falling silent."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

HOST = "127.0.0.1"
ANSWER_SECONDS = 5
CHUNK = 65536


class Failure(Enum):
    """How the line fails at one message of the client."""

    BEFORE = auto()
    """The message never arrives."""
    AFTER = auto()
    """The message arrives and is answered, but the answer is lost."""
    SILENCE = auto()
    """The message never arrives, and nobody hangs up."""


class FailingLine:
    """Relays to a port on this host. It fails once each time a test says so, and is sound otherwise.

    While `is_cut`, whoever connects is hung up on. `happened` counts the times that a test said.
    """

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._listener = socket.create_server((HOST, 0))
        self._failure: Failure | None = None
        self._is_due: Callable[[bytes], bool] = lambda _message: False
        self._meanwhile: tuple[bytes, Callable[[], None]] | None = None
        self._over = threading.Event()
        self.is_cut = False
        self.happened = 0
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    def fail_at(self, position: int, failure: Failure) -> None:
        """Fail at the client's message number `position`, counted from now, from 0."""
        passed = iter(range(position))
        self._arm(failure, lambda _message: next(passed, None) is None)

    def fail_on(self, *words: bytes, failure: Failure) -> None:
        """Fail at the next message that contains one of the words."""
        self._arm(failure, lambda message: any(word in message for word in words))

    def meanwhile(self, word: bytes, action: Callable[[], None]) -> None:
        """Do something just before the next message with that word is passed on."""
        self._meanwhile = (word, action)

    @property
    def is_armed(self) -> bool:
        """Say whether a failure is still to come."""
        return self._failure is not None

    def mend(self) -> None:
        """Forget a failure that did not happen."""
        self._failure = None

    @contextmanager
    def running(self) -> Iterator["FailingLine"]:
        """Accept connections until the end of the block."""
        self._spawn(self._accept)
        try:
            yield self
        finally:
            self._over.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for thread in self._threads:
                thread.join()

    def _arm(self, failure: Failure, is_due: Callable[[bytes], bool]) -> None:
        self._failure, self._is_due = failure, is_due

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(lambda client=client: self._serve(client))  # type: ignore[misc]  # mypy: lambda default

    def _serve(self, client: socket.socket) -> None:
        if self.is_cut:
            client.close()
            return
        with client, socket.create_connection((HOST, self._upstream_port)) as server, suppress(OSError):
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._over.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                if not all(self._pass_on(source, client, server) for source in ready):
                    return

    def _pass_on(self, source: socket.socket, client: socket.socket, server: socket.socket) -> bool:
        """Relay what a side sent; False when the connection is over."""
        message = source.recv(CHUNK)
        if not message:
            return False
        if source is server:
            client.sendall(message)
            return True
        self._act_meanwhile(message)
        if self._failure is None or not self._is_due(message):
            server.sendall(message)
            return True
        failure, self._failure = self._failure, None
        self._fail(failure, message, server)
        return False

    def _act_meanwhile(self, message: bytes) -> None:
        if self._meanwhile is None or self._meanwhile[0] not in message:
            return
        (_, action), self._meanwhile = self._meanwhile, None
        self.happened += 1
        action()

    def _fail(self, failure: Failure, message: bytes, server: socket.socket) -> None:
        self.happened += 1
        if failure is Failure.AFTER:
            server.sendall(message)
            server.settimeout(ANSWER_SECONDS)
            server.recv(CHUNK)
        if failure is Failure.SILENCE:
            self._over.wait()
