"""The kinds of destinations there are, and how the way to one is made.

A kind's module is imported when the first destination of that kind is met. It offers what `SenderModule` says.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from pydantic import JsonValue, ValidationError

from nightlatch.adapters.assumed_roles import AssumedRoles
from nightlatch.adapters.destinations.formats import writer
from nightlatch.adapters.destinations.http_sender import Tools
from nightlatch.adapters.destinations.oauth import Tokens
from nightlatch.adapters.destinations.unfit import UnfitSender
from nightlatch.domain.destination import Destination, DestinationKind, Format, KeptSecret, Validator
from nightlatch.domain.errors import EgressBlockedError, Fault, InvalidInputError, NotFoundError
from nightlatch.domain.value import Value
from nightlatch.services.ports.destinations import Sender
from nightlatch.services.ports.egress import Egress
from nightlatch.services.ports.targets import Secrets

MODULES = {
    DestinationKind.WEBHOOK: "nightlatch.adapters.destinations.webhook",
    DestinationKind.S3: "nightlatch.adapters.destinations.s3_archive",
    DestinationKind.SLACK: "nightlatch.adapters.destinations.slack",
    DestinationKind.EVENTBRIDGE: "nightlatch.adapters.destinations.event_bus",
    DestinationKind.SPLUNK_HEC: "nightlatch.adapters.destinations.splunk_hec",
    DestinationKind.AZURE_LOGS: "nightlatch.adapters.destinations.azure_logs",
    DestinationKind.DATADOG: "nightlatch.adapters.destinations.datadog",
    DestinationKind.SUMOLOGIC: "nightlatch.adapters.destinations.sumologic",
}
JUDGED_BY_OURSELVES = {DestinationKind.S3, DestinationKind.SLACK, DestinationKind.EVENTBRIDGE}
"""Their answers are not the administrator's to judge."""


class SenderModule(Protocol):
    """What each kind's module offers."""

    Settings: type[Value]

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

    def __init__(self, *, secrets: Secrets, egress: Egress, roles: AssumedRoles) -> None:
        self._secrets = secrets
        self._roles = roles
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

    def check_form(self, kind: DestinationKind, form: Format, template: str, validators: Sequence[Validator]) -> None:
        """Check how events are to be written, and what answers must hold."""
        if kind is DestinationKind.SLACK and form is not Format.NATIVE:
            raise InvalidInputError(Fault("/format", "messages for Slack have a form of their own: native"))
        if validators and kind in JUDGED_BY_OURSELVES:
            raise InvalidInputError(Fault("/validators", f"the answers of {kind} are judged by what they mean"))
        writer(form, template)
        if validators:
            from nightlatch.adapters.destinations.validators import check_validators  # noqa: PLC0415  # a long import

            check_validators(validators)

    def sender(self, destination: Destination) -> Sender:
        """Make the way to a destination. It reads the secret when it first sends."""
        try:
            write = writer(destination.format, destination.template)
        except InvalidInputError:
            return UnfitSender("the template of the destination cannot be filled in")
        try:
            module = _module(destination.kind)
            settings = module.Settings.model_validate(destination.settings)
        except ValidationError:
            return UnfitSender("the settings of the destination do not fit its kind")
        secret = cache(lambda: self._secret(destination.secret_reference))
        return module.sender(Tools(destination, self._egress, self._tokens, secret, write, self._roles), settings)

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


def _check_secret(module: SenderModule, settings: Value, secret: str) -> None:
    try:
        module.check_secret(settings, secret)
    except ValidationError as error:
        raise InvalidInputError(*(Fault("/secret", fault["msg"]) for fault in error.errors())) from None
    except ValueError as error:
        raise InvalidInputError(Fault("/secret", str(error))) from None


def _module(kind: DestinationKind) -> SenderModule:
    return cast("SenderModule", import_module(MODULES[kind]))
