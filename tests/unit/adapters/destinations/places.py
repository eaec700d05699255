"""Destinations of every kind, at receivers on this machine."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from nightlatch.adapters.destinations.registry import SenderRegistry
from nightlatch.adapters.egress import DirectEgress
from nightlatch.domain.destination import Destination, DestinationKind, KeptSecret
from nightlatch.services.ports.destinations import Parcel, Sender
from nightlatch.services.ports.egress import Answer, OutgoingCall
from tests.builders import NOON, a_chain
from tests.fakes.aws import FakeSecrets
from tests.fakes.receiver import LOOPBACK, Received, Receiver

Decide = Callable[[Received], bytes]


@dataclass(frozen=True)
class Detour:
    """The real way out, which judges an address as it is, and is then led to a receiver on this machine."""

    receiver: Receiver
    names: tuple[str, ...]

    def check(self, url: str) -> None:
        DirectEgress().check(url)

    def call(self, call: OutgoingCall) -> Answer:
        self.check(call.url)
        url = urlsplit(call.url)
        here = url._replace(netloc=f"{url.hostname}:{self.receiver.port}").geturl()
        way_out = DirectEgress(exceptions=self.names, resolve=lambda _, __: [LOOPBACK])
        return way_out.call(replace(call, url=here, ca_certificate=self.receiver.pem))


@dataclass
class Place:
    """A receiver, and the senders that are led to it."""

    receiver: Receiver
    senders: SenderRegistry
    secrets: FakeSecrets = field(default_factory=FakeSecrets)

    def keep(self, secret: str | KeptSecret) -> str:
        kept = secret if isinstance(secret, KeptSecret) else KeptSecret(current=secret)
        return self.secrets.put("destinations/dst_1", kept.model_dump_json())

    def sender(
        self, kind: DestinationKind, settings: dict[str, Any], secret: str | KeptSecret, **fields: object
    ) -> Sender:
        return self.senders.sender(
            Destination.model_validate(
                {
                    "id": "dst_1",
                    "name": "SIEM",
                    "kind": kind,
                    "settings": settings,
                    "secret_reference": self.keep(secret),
                    "created_at": NOON,
                    "updated_at": NOON,
                    **fields,
                }
            )
        )

    @property
    def request(self) -> Received:
        """The only request there was."""
        [request] = self.receiver.requests
        return request


OpenPlace = Callable[..., Place]


def a_parcel(length: int = 1, *, attempt: int = 1, at: Any = NOON) -> Parcel:
    """Make a parcel of so many entries."""
    return Parcel(id="par_1", entries=tuple(a_chain(length)), attempt=attempt, at=at)
