"""Calls to somebody outside, over real sockets with real TLS; only the resolver is a test's own."""

import gzip
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from socket import create_server, socket
from threading import Event
from typing import Any

import pytest
import trustme

from nightlatch.adapters.egress import MOST_READ, DirectEgress
from nightlatch.domain.errors import EgressBlockedError, NoAnswerError
from nightlatch.services.ports.egress import OutgoingCall
from tests.fakes.receiver import LOOPBACK, Receiver, Talk, answering, listening, reply, saying, silent

NAME = "receiver.example"
SOON = timedelta(milliseconds=300)
LONG = timedelta(seconds=5)
OK = reply(200, b"thanks")


@dataclass
class Resolver:
    """A resolver that answers as told, in turn; the last answer again and again."""

    answers: Sequence[Sequence[str]] = ((LOOPBACK,),)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def a_call(url: str, *, pem: str = "", timeout: timedelta = LONG, **headers: str) -> OutgoingCall:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return OutgoingCall("POST", url, named, b'{"an":"event"}', timeout, pem)


def to(receiver: Receiver, **options: Any) -> OutgoingCall:
    return a_call(receiver.url(), pem=receiver.pem, **options)


def a_way_out(*addresses: str, exceptions: Sequence[str] = (NAME,)) -> DirectEgress:
    return DirectEgress(exceptions=exceptions, resolve=Resolver([addresses or (LOOPBACK,)]))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(answering(lambda _: OK)) as receiver:
        yield receiver


def test_a_call_is_sent_and_its_answer_read(receiver: Receiver) -> None:
    answer = a_way_out().call(to(receiver, X_Team="security"))

    [request] = receiver.requests
    assert (answer.status, answer.body) == (200, b"thanks")
    assert answer.headers["content-length"] == "6"
    assert timedelta(0) < answer.took < LONG
    assert (request.method, request.path, request.body) == ("POST", "/events", b'{"an":"event"}')
    assert request.headers["host"] == f"{NAME}:{receiver.port}"
    assert request.headers["x-team"] == "security"


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00:ec2::254", "::ffff:10.0.0.1"],
)
@pytest.mark.parametrize("others", [(), ("8.8.8.8",)], ids=["alone", "among others"])
def test_a_name_that_resolves_inside_is_not_called(inside: str, others: tuple[str, ...]) -> None:
    """G1: one address inside is enough, wherever in the answer."""
    with pytest.raises(EgressBlockedError, match="at an address that is not called"):
        a_way_out(*others, inside, exceptions=()).call(a_call("https://inside.example/"))


def test_an_exception_does_not_lead_to_credentials(receiver: Receiver) -> None:
    """G1: a name with an exception may resolve inside, never to metadata."""
    with pytest.raises(EgressBlockedError):
        a_way_out(LOOPBACK, "169.254.169.254").call(to(receiver))
    assert receiver.requests == []


def test_what_was_judged_is_what_is_connected_to(receiver: Receiver) -> None:
    """G1: a name that answers otherwise the second time (rebinding) is not asked a second time."""
    resolver = Resolver([(LOOPBACK,), ("169.254.169.254",)])

    DirectEgress(exceptions=[NAME], resolve=resolver).call(to(receiver))

    assert resolver.asked == [(NAME, receiver.port)]
    assert len(receiver.requests) == 1


def test_every_call_is_judged_anew(receiver: Receiver) -> None:
    """G1: what a name once resolved to says nothing of the next call."""
    way_out = DirectEgress(exceptions=[NAME], resolve=Resolver([(LOOPBACK,), ("169.254.169.254",)]))
    way_out.call(to(receiver))

    with pytest.raises(EgressBlockedError):
        way_out.call(to(receiver))


def test_an_address_that_takes_no_calls_is_passed_over(receiver: Receiver) -> None:
    answer = a_way_out("127.0.0.2", LOOPBACK).call(to(receiver))

    assert answer.status == 200


def fails(_: str, __: int) -> list[str]:
    raise OSError("SERVFAIL")


def is_no_name(host: str, _: int) -> list[str]:
    host.encode("idna")
    return []


@pytest.mark.parametrize("resolve", [fails, is_no_name, lambda *_: []])
def test_a_resolver_that_fails_is_no_answer(resolve: Callable[[str, int], list[str]]) -> None:
    """G1: nothing is called when the name is not known."""
    with pytest.raises(NoAnswerError, match="cannot be resolved"):
        DirectEgress(resolve=resolve).call(a_call("https://unknown..example/".replace("..", f".{'a' * 63}.")))


def test_the_system_resolver_is_asked_when_no_other_is_given() -> None:
    with pytest.raises(EgressBlockedError, match=r"127\.0\.0\.1|::1"):
        DirectEgress().call(a_call("https://localhost/"))


def within(limit: timedelta, work: Callable[[], object]) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match="in time"):
        work()
    assert time.monotonic() - began < (limit + timedelta(seconds=1)).total_seconds()


def test_a_resolver_that_hangs_has_no_longer_than_the_call() -> None:
    """G2: the time for resolving counts."""
    over = Event()

    def hangs(_: str, __: int) -> list[str]:
        over.wait(5)
        return [LOOPBACK]

    within(SOON, lambda: DirectEgress(resolve=hangs).call(a_call("https://slow.example/", timeout=SOON)))
    over.set()


DRAGGING = {
    "silence": silent,
    "a drip of the status line": saying(b"H", b"T", pause=0.05, endless=True),
    "a drip of headers": saying(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n", pause=0.05, endless=True),
    "a drip of the body": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", pause=0.05, endless=True),
    "a drip of chunks": saying(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", pause=0.05, endless=True
    ),
    "no end of interim answers": saying(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01, endless=True),
}


@pytest.mark.parametrize("talks", DRAGGING.values(), ids=DRAGGING)
def test_nothing_that_is_sent_now_and_then_prolongs_a_call(talks: Callable[[Receiver], Talk]) -> None:
    """G2: silence, and a byte now and then."""
    with listening(talks) as receiver:
        within(SOON, lambda: a_way_out().call(to(receiver, timeout=SOON)))


def test_a_receiver_that_does_not_read_does_not_hold_a_call() -> None:
    """G2: sending is within the deadline too."""

    def unread(_: Receiver) -> Talk:
        def talk(_: socket, over: Event) -> None:
            over.wait()

        return talk

    with listening(unread) as receiver:
        call = OutgoingCall("POST", receiver.url(), {}, b"x" * 50_000_000, SOON, receiver.pem)
        within(SOON, lambda: a_way_out().call(call))


def test_a_server_that_does_not_finish_the_handshake_does_not_hold_a_call() -> None:
    """G2: TLS is within the deadline too."""
    with create_server((LOOPBACK, 0)) as mute:
        url = f"https://{NAME}:{mute.getsockname()[1]}/"
        within(SOON, lambda: a_way_out().call(a_call(url, timeout=SOON)))


@pytest.mark.parametrize(
    "talks",
    [
        saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, endless=True),
        saying(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n", endless=True
        ),
        answering(lambda _: reply(200, b"x" * 5_000_000)),
    ],
    ids=["endless", "endless chunks", "huge"],
)
def test_of_a_long_answer_only_the_beginning_is_read(talks: Callable[[Receiver], Talk]) -> None:
    """G2: an endless and a huge answer."""
    with listening(talks) as receiver:
        answer = a_way_out().call(to(receiver))

    assert answer.body == b"x" * MOST_READ


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    """G2: neither to where it could not be called, nor to where it could."""
    with listening(answering(lambda _: reply(307, location=receiver.url()))) as redirecting:
        answer = a_way_out().call(to(redirecting))

    assert (answer.status, answer.headers["location"]) == (307, receiver.url())
    assert receiver.requests == []


def test_a_compressed_answer_stays_compressed() -> None:
    """G2: a megabyte of nothing in a kilobyte."""
    bomb = gzip.compress(b"\0" * 1_000_000)
    with listening(answering(lambda _: reply(200, bomb, content_encoding="gzip"))) as receiver:
        answer = a_way_out().call(to(receiver))

    assert answer.body == bomb
    assert receiver.requests[0].headers["accept-encoding"] == "identity"


BROKEN = {
    "nothing": saying(),
    "half a status line": saying(b"HTTP/1.1 2"),
    "half of the body": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    "half of the chunks": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"),
    "no HTTP": saying(b"\x1b[31mSSH-2.0-OpenSSH\r\n\r\n"),
    "a line without end": saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
    "headers without end": saying(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1000 + b"\r\n"),
}


@pytest.mark.parametrize("talks", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_not_whole_is_none(talks: Callable[[Receiver], Talk]) -> None:
    with listening(talks) as receiver, pytest.raises(NoAnswerError, match="no whole answer") as told:
        a_way_out().call(to(receiver))

    assert "\x1b" not in str(told.value)


def test_nobody_there_is_no_answer() -> None:
    with listening(silent) as receiver:
        url = receiver.url()

    with pytest.raises(NoAnswerError, match="ConnectionRefusedError"):
        a_way_out().call(a_call(url))


def test_a_certificate_of_an_unknown_authority_is_not_trusted(receiver: Receiver) -> None:
    with pytest.raises(NoAnswerError, match="not trusted"):
        a_way_out().call(a_call(receiver.url()))
    with pytest.raises(NoAnswerError, match="not trusted"):
        a_way_out().call(a_call(receiver.url(), pem=trustme.CA().cert_pem.bytes().decode()))
    assert receiver.requests == []


def test_a_certificate_of_another_name_is_not_trusted() -> None:
    """G1: who answers at an address has to be who the name says."""
    with (
        listening(answering(lambda _: OK), "other.example", LOOPBACK) as receiver,
        pytest.raises(NoAnswerError, match="not trusted"),
    ):
        a_way_out().call(to(receiver))

    assert receiver.requests == []


def test_a_certificate_that_has_ended_is_not_trusted() -> None:
    authority = trustme.CA()
    ended = authority.issue_cert(
        NAME, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2020, 2, 1, tzinfo=UTC)
    )
    with (
        listening(answering(lambda _: OK), certificate=ended) as receiver,
        pytest.raises(NoAnswerError, match="expired"),
    ):
        a_way_out().call(a_call(receiver.url(), pem=authority.cert_pem.bytes().decode()))


def test_an_address_is_certified_as_an_address() -> None:
    with listening(answering(lambda _: OK), LOOPBACK) as receiver:
        answer = DirectEgress(exceptions=[LOOPBACK]).call(a_call(receiver.url(LOOPBACK), pem=receiver.pem))

    assert answer.status == 200


def test_the_environment_names_no_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert a_way_out().call(to(receiver)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "1\r\nX-B: 2"},
        {"X-A": "1\nX-B: 2"},
        {"X-A": "1\r\n continued"},
        {"X-A": "\x00"},
        {"X-A": "ü"},
        {"X-A: 1\r\nX-B": "2"},
        {"X A": "1"},
        {"": "1"},
    ],
)
def test_a_header_that_would_be_several_is_not_sent(receiver: Receiver, headers: dict[str, str]) -> None:
    """F3: nobody adds a header by a line break."""
    call = OutgoingCall("POST", receiver.url(), headers, b"", LONG, receiver.pem)
    with pytest.raises(EgressBlockedError, match="header"):
        a_way_out().call(call)
    assert receiver.requests == []


def test_nobody_says_where_the_call_goes_but_its_address(receiver: Receiver) -> None:
    a_way_out().call(to(receiver, hOST="other.example", Accept_encoding="gzip", connection="keep-alive"))

    headers = receiver.requests[0].headers
    assert (headers["host"], headers["accept-encoding"]) == (f"{NAME}:{receiver.port}", "identity")
    assert headers["connection"] == "close"


def test_an_authority_that_cannot_be_read_lets_nothing_out(receiver: Receiver) -> None:
    with pytest.raises(EgressBlockedError, match="authority"):
        a_way_out().call(a_call(receiver.url(), pem="not a certificate"))


@pytest.mark.parametrize(
    "url", ["https://api1.example/v1/audit/entries", "https://API1.EXAMPLE./", "https://api1.example:443"]
)
def test_our_own_api_is_never_called(url: str) -> None:
    """G3: what is sent there would be an event, and be sent again."""
    resolver = Resolver()
    egress = DirectEgress(exceptions={"api1.example"}, own="https://api1.example", resolve=resolver)

    with pytest.raises(EgressBlockedError, match="itself"):
        egress.check(url)
    with pytest.raises(EgressBlockedError, match="itself"):
        egress.call(a_call(url))
    assert resolver.asked == []
