"""What all receivers that are reached by HTTP have in common."""

import gzip
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from pydantic import ValidationError, field_validator

from nightlatch.adapters.destinations.answers import kept, lacking, retry_after, verdict_of
from nightlatch.adapters.destinations.formats import Write
from nightlatch.adapters.destinations.oauth import Tokens
from nightlatch.adapters.egress import trust_in
from nightlatch.domain.destination import Destination, KeptSecret
from nightlatch.domain.errors import EgressBlockedError, NoAnswerError, NotFoundError, StoreUnavailableError
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict
from nightlatch.services.ports.egress import Answer, Egress, OutgoingCall

if TYPE_CHECKING:
    from nightlatch.adapters.assumed_roles import AssumedRoles

UNAUTHORIZED = 401


class HttpSettings(Value):
    """What may be set for every receiver that is reached by HTTP.

    `gzip` compresses what is sent. `ca_certificate` (PEM) is the authority of a private receiver, trusted instead of
    the well-known ones.
    """

    gzip: bool = False
    ca_certificate: str = ""

    @field_validator("ca_certificate")
    @classmethod
    def _is_readable(cls, pem: str) -> str:
        try:
            trust_in(pem)
        except EgressBlockedError as error:
            raise ValueError("must be a certificate in PEM form") from error
        return pem


@dataclass(frozen=True)
class Tools:
    """What the way to a destination is made with. `secret` is read from the store when it is first called."""

    destination: Destination
    egress: Egress
    tokens: Tokens
    secret: Callable[[], KeptSecret]
    write: Write
    roles: "AssumedRoles"


@dataclass(frozen=True)
class Letter:
    """A parcel as one receiver wants it. `secrets` are hidden should the answer repeat them."""

    url: str
    headers: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class HttpSender(ABC):
    """The way to a destination by HTTP: a kind says how its letters look, and what only its answers mean."""

    def __init__(self, tools: Tools, settings: HttpSettings) -> None:
        self._tools = tools
        self._settings = settings
        self._timeout = timedelta(seconds=tools.destination.timeout)

    @property
    @abstractmethod
    def bounds(self) -> Bounds:
        """Say how much may go together."""

    @abstractmethod
    def row(self, entry: LedgerEntry) -> bytes:
        """Write one entry."""

    @abstractmethod
    def body(self, rows: Sequence[bytes]) -> bytes:
        """Join what was written."""

    @abstractmethod
    def letter(self, parcel: Parcel, body: bytes, secret: KeptSecret, left: timedelta) -> Letter:
        """Say where a body goes, and with which headers."""

    def understood(self, _: Answer, outcome: Outcome) -> Outcome:
        """Add what only this kind of receiver says in its answers."""
        return outcome

    def renew(self) -> bool:
        """Forget what let us in before, after a 401; say whether there is another way in."""
        return False

    def weigh(self, entry: LedgerEntry) -> int:
        """Count the bytes that an entry adds to a parcel, with what parts it from the next."""
        return len(self.row(entry)) + 1

    def send(self, parcel: Parcel) -> Outcome:
        """Try once to deliver a parcel. What went wrong is in the outcome."""
        began = monotonic()
        try:
            return self._sent(parcel, began)
        except EgressBlockedError as error:
            return Outcome(Verdict.BLOCKED, _since(began), error=str(error))
        except NoAnswerError as error:
            return Outcome(Verdict.LATER, _since(began), error=str(error))
        except NotFoundError:
            return Outcome(Verdict.LATER, _since(began), error="the secret of the destination is gone")
        except ValidationError:
            return Outcome(Verdict.LATER, _since(began), error="the secret of the destination does not fit")
        except StoreUnavailableError:
            return Outcome(Verdict.LATER, _since(began), error="the secret of the destination cannot be read now")

    def _sent(self, parcel: Parcel, began: float) -> Outcome:
        secret = self._tools.secret()
        body = self.body([self.row(entry) for entry in parcel.entries])
        body = gzip.compress(body, mtime=0) if self._settings.gzip else body
        letter = self.letter(parcel, body, secret, self._left(began))
        answer = self._posted(letter, body, began)
        if answer.status == UNAUTHORIZED and self.renew():
            letter = self.letter(parcel, body, secret, self._left(began))
            answer = self._posted(letter, body, began)
        return self._outcome(parcel, answer, letter, began)

    def _posted(self, letter: Letter, body: bytes, began: float) -> Answer:
        encoding = {"Content-Encoding": "gzip"} if self._settings.gzip else {}
        ours = {"Content-Type": "application/json", **encoding, **letter.headers}
        names = {name.lower() for name in ours}
        added = {name: text for name, text in self._tools.destination.headers.items() if name.lower() not in names}
        headers = {**added, **ours}
        return self._tools.egress.call(
            OutgoingCall("POST", letter.url, headers, body, self._left(began), self._settings.ca_certificate)
        )

    def _left(self, began: float) -> timedelta:
        """Say what is left of the destination's timeout, which is for an attempt as a whole."""
        left = self._timeout - _since(began)
        if left <= timedelta(0):
            raise NoAnswerError("the time for an attempt is over")
        return left

    def _outcome(self, parcel: Parcel, answer: Answer, letter: Letter, began: float) -> Outcome:
        verdict = verdict_of(self._tools.destination, answer)
        outcome = self.understood(
            answer,
            Outcome(
                verdict=verdict,
                took=_since(began),
                status=answer.status,
                answer=kept(answer, secrets=letter.secrets),
                error=_why_not(self._tools.destination, answer, verdict),
                retry_after=retry_after(answer, at=parcel.at) if verdict is Verdict.LATER else None,
            ),
        )
        is_hopeless = outcome.verdict is Verdict.TOO_LARGE and len(parcel.entries) == 1
        return outcome._replace(verdict=Verdict.REFUSED) if is_hopeless else outcome


def _why_not(destination: Destination, answer: Answer, verdict: Verdict) -> str:
    if verdict is Verdict.DELIVERED:
        return ""
    return lacking(destination, answer) or f"answered {answer.status}"


def _since(began: float) -> timedelta:
    return timedelta(seconds=monotonic() - began)
