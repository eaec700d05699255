"""The kinds of destinations there are, and how the way to one is made.

A kind's module is imported when the first destination of that kind is met. It offers what `SenderModule` says.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from pydantic import JsonValue, ValidationError

from nightlatch.adapters.destinations.formats import WRITERS
from nightlatch.adapters.destinations.http_sender import HttpSettings, Tools
from nightlatch.adapters.destinations.oauth import Tokens
from nightlatch.adapters.destinations.unfit import UnfitSender
from nightlatch.domain.destination import Destination, DestinationKind, KeptSecret
from nightlatch.domain.errors import EgressBlockedError, Fault, InvalidInputError, NotFoundError
from nightlatch.services.ports.destinations import Egress, Sender
from nightlatch.services.ports.targets import Secrets

MODULES = {
    DestinationKind.WEBHOOK: "nightlatch.adapters.destinations.webhook",
    DestinationKind.SPLUNK_HEC: "nightlatch.adapters.destinations.splunk_hec",
    DestinationKind.AZURE_LOGS: "nightlatch.adapters.destinations.azure_logs",
    DestinationKind.DATADOG: "nightlatch.adapters.destinations.datadog",
    DestinationKind.SUMOLOGIC: "nightlatch.adapters.destinations.sumologic",
}


class SenderModule(Protocol):
    """What each kind's module offers."""

    Settings: type[HttpSettings]

    def check_secret(self, settings: Any, secret: str) -> None:
        """Refuse a secret that does not fit; raise ValueError, which never repeats it."""
        ...

    def addresses(self, settings: Any, secret: str) -> Iterator[tuple[str, str]]:
        """List the addresses that would be called, each with the place where it is set."""
        ...

    def whole_secret(self, secret: str) -> str:
        """Add to a secret what is ours to make and was not given."""
        ...

    def sender(self, tools: Tools, settings: Any) -> Sender:
        """Make the way to a destination."""
        ...


class SenderRegistry:
    """Makes the ways to destinations, by their kind."""

    def __init__(self, *, secrets: Secrets, egress: Egress) -> None:
        self._secrets = secrets
        self._egress = egress
        self._tokens = Tokens(egress)

    def validate(self, kind: DestinationKind, settings: dict[str, Any], secret: str) -> dict[str, JsonValue]:
        """Check the settings and the secret of a kind, and return the settings' full form. It calls nobody."""
        module = _module(kind)
        try:
            read = module.Settings.model_validate(settings)
        except ValidationError as error:
            raise InvalidInputError(
                *(Fault("/".join(("/settings", *map(str, fault["loc"]))), fault["msg"]) for fault in error.errors())
            ) from error
        _check_secret(module, read, secret)
        self._check_addresses(module.addresses(read, secret))
        return read.model_dump(mode="json")

    def whole_secret(self, kind: DestinationKind, secret: str) -> str:
        """Add to a secret what is ours to make and was not given: a webhook's signing key."""
        return _module(kind).whole_secret(secret)

    def sender(self, destination: Destination) -> Sender:
        """Make the way to a destination. It reads the secret when it first sends."""
        write = WRITERS.get(destination.format)
        if write is None:
            return UnfitSender(f"the format {destination.format} cannot be written")
        try:
            module = _module(destination.kind)
            settings = module.Settings.model_validate(destination.settings)
        except (InvalidInputError, ValidationError):
            return UnfitSender("the settings of the destination do not fit its kind")
        secret = cache(lambda: self._secret(destination.secret_reference))
        return module.sender(Tools(destination, self._egress, self._tokens, secret, write), settings)

    def _secret(self, reference: str) -> KeptSecret:
        try:
            return KeptSecret.model_validate_json(self._secrets.get(reference))
        except ValidationError:
            raise NotFoundError("what is kept is no secret of a destination") from None  # its text holds what is kept

    def _check_addresses(self, addresses: Iterator[tuple[str, str]]) -> None:
        for place, address in addresses:
            try:
                self._egress.check(address)
            except EgressBlockedError as error:
                raise InvalidInputError(Fault(place, str(error))) from error


def _check_secret(module: SenderModule, settings: HttpSettings, secret: str) -> None:
    try:
        module.check_secret(settings, secret)
    except ValidationError as error:
        raise InvalidInputError(*(Fault("/secret", fault["msg"]) for fault in error.errors())) from None
    except ValueError as error:
        raise InvalidInputError(Fault("/secret", str(error))) from None


def _module(kind: DestinationKind) -> SenderModule:
    if kind not in MODULES:
        raise InvalidInputError(Fault("/kind", f"must be one of: {', '.join(sorted(MODULES))}"))
    return cast("SenderModule", import_module(MODULES[kind]))
