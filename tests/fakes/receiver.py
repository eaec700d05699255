"""Receivers on this machine: real sockets and real TLS, with answers of a test's choice."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import create_server, socket
from threading import Event, Thread

import trustme

LOOPBACK = "127.0.0.1"
Talk = Callable[[socket, Event], None]
"""Holds a conversation over a connection; the event says that the test is over."""


@dataclass(frozen=True)
class Received:
    """A request, as it came in. Names of headers are in lower case; what is said twice is joined by a comma."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A receiver that listens, and what it was sent."""

    port: int
    authority: trustme.CA
    requests: list[Received] = field(default_factory=list)

    @property
    def pem(self) -> str:
        """The certificate to trust it by."""
        return self.authority.cert_pem.bytes().decode()

    def url(self, host: str = "receiver.example", path: str = "/events") -> str:
        """Its address, by a name."""
        return f"https://{host}:{self.port}{path}"


@contextmanager
def listening(
    talk: Callable[[Receiver], Talk],
    *names: str,
    certificate: trustme.LeafCert | None = None,
    authority: trustme.CA | None = None,
    port: int = 0,
) -> Iterator[Receiver]:
    """Listen on loopback, with a certificate for the names, while the test runs."""
    authority = authority or trustme.CA()
    certificate = certificate or authority.issue_cert(*(names or ("receiver.example",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    over = Event()
    with create_server((LOOPBACK, port)) as listener:
        receiver = Receiver(listener.getsockname()[1], authority)
        serving = Thread(target=_serve, args=(listener, context, talk(receiver), over), daemon=True)
        serving.start()
        try:
            yield receiver
        finally:
            over.set()
            with socket() as knock:
                knock.connect_ex((LOOPBACK, receiver.port))
            serving.join()


def _serve(listener: socket, context: ssl.SSLContext, talk: Talk, over: Event) -> None:
    talks: list[Thread] = []
    while True:
        plain, _ = listener.accept()
        if over.is_set():
            plain.close()
            break
        talks.append(Thread(target=_talk, args=(plain, context, talk, over), daemon=True))
        talks[-1].start()
    for each in talks:
        each.join()


def _talk(plain: socket, context: ssl.SSLContext, talk: Talk, over: Event) -> None:
    with plain, suppress(OSError):
        plain.settimeout(5)
        with context.wrap_socket(plain, server_side=True) as secured:
            talk(secured, over)


def read_request(connection: socket) -> Received:
    """Read one request whole."""
    with connection.makefile("rb") as stream:
        method, path, _ = stream.readline().decode().split(" ", 2)
        headers: dict[str, str] = {}
        while (line := stream.readline().decode("latin-1").strip()) != "":
            name, _, text = line.partition(":")
            before = headers.get(name.lower())
            headers[name.lower()] = text.strip() if before is None else f"{before}, {text.strip()}"
        return Received(method, path, headers, stream.read(int(headers.get("content-length", "0"))))


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Write an answer as it goes over the wire."""
    named = {"content-length": str(len(body)), **{name.replace("_", "-"): text for name, text in headers.items()}}
    head = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body


def answering(decide: Callable[[Received], bytes]) -> Callable[[Receiver], Talk]:
    """Answer each request as a test decides, and keep what came in."""

    def talks(receiver: Receiver) -> Talk:
        def talk(connection: socket, _: Event) -> None:
            request = read_request(connection)
            receiver.requests.append(request)
            connection.sendall(decide(request))

        return talk

    return talks


def saying(*parts: bytes, pause: float = 0, endless: bool = False) -> Callable[[Receiver], Talk]:
    """Send parts of an answer, with a pause before each; endless repeats the last one."""

    def talks(receiver: Receiver) -> Talk:
        def talk(connection: socket, over: Event) -> None:
            receiver.requests.append(read_request(connection))
            for part in parts:
                over.wait(pause)
                connection.sendall(part)
            while endless and not over.wait(pause):
                connection.sendall(parts[-1])

        return talk

    return talks


def silent(receiver: Receiver) -> Talk:
    """Read the request, and say nothing until the test is over."""

    def talk(connection: socket, over: Event) -> None:
        receiver.requests.append(read_request(connection))
        over.wait()

    return talk
