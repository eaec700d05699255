"""Everything that can go wrong and has a name.

NightlatchError
├── InvalidInputError        what was sent is wrong; carries a JSON pointer per fault
├── AuthenticationError      the caller's identity cannot be relied on
├── NotAllowedError          the caller may not do this
├── FreshSignInRequiredError    the caller may, but must have signed in more recently
├── NotFoundError            no such thing, or none that the caller may see
│   └── RequestNotFoundError     no such request, or none that is kept any longer
├── CursorExpiredError       a cursor points below what is still kept
├── ConflictError            the thing is not in a state that permits this
│   ├── RivalChangeError     somebody else changed it between our read and our write
│   └── DuplicateRequestError    the same is asked for by an open request of the same person
├── LimitReachedError        a person has as many open requests as one may have
├── StaleVersionError        If-Match names another version than the current one
├── VersionRequiredError     If-Match is missing where something would be overwritten
├── KeyReuseError            an Idempotency-Key came back with another body
├── NotPrintableError        no PDF can be made of an export
├── EgressError              nothing came of a call to somebody outside
│   ├── EgressBlockedError       policy forbids it
│   └── NoAnswerError            nobody answered, or not whole and in time
├── NotGenuineError          what is kept is not what was recorded
├── StoreUnavailableError    our own tables cannot be written or read just now
└── ConnectorError           a target system did not do what was asked
    ├── RetryableConnectorError   it may work later
    ├── TargetGoneError           what was to be changed does not exist there
    └── PermanentConnectorError   it will never work like this
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple


class NightlatchError(Exception):
    """Base of every error that Nightlatch raises on purpose."""


class Fault(NamedTuple):
    """One thing wrong with the input: `pointer` is a JSON pointer into the body, or `?name` for a query parameter."""

    pointer: str
    message: str


class InvalidInputError(NightlatchError):
    """What was sent is wrong."""

    def __init__(self, *faults: Fault) -> None:
        self.faults: Sequence[Fault] = faults
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))


class AuthenticationError(NightlatchError):
    """The caller's identity cannot be relied on."""


class NotAllowedError(NightlatchError):
    """The caller may not do this."""


class FreshSignInRequiredError(NightlatchError):
    """The caller may do this, but must have signed in more recently. `within` is how long ago at most."""

    def __init__(self, message: str, *, within: timedelta) -> None:
        self.within = within
        super().__init__(message)


class NotFoundError(NightlatchError):
    """No such thing, or none that the caller may see: the two are told in the same words."""


class RequestNotFoundError(NotFoundError):
    """No such request, or none that is kept any longer."""


class CursorExpiredError(NightlatchError):
    """A cursor points below what is still kept. `oldest` is the first event that is; None when none is known to be."""

    def __init__(self, oldest: str | None) -> None:
        self.oldest = oldest
        super().__init__("the cursor is older than the retention period")


class ConflictError(NightlatchError):
    """The thing is not in a state that permits this."""


class RivalChangeError(ConflictError):
    """Somebody else changed it between our read and our write."""


class DuplicateRequestError(ConflictError):
    """The same is asked for already. `request_id` is the open request that does."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(f"request {request_id} asks for the same and is still open")


class LimitReachedError(NightlatchError):
    """A person has as many open requests as one may have."""


class StaleVersionError(NightlatchError):
    """If-Match names another version than the current one."""


class VersionRequiredError(NightlatchError):
    """If-Match is missing where something would be overwritten."""


class StoreUnavailableError(NightlatchError):
    """Our own tables cannot be written or read just now."""


class EgressError(NightlatchError):
    """Nothing came of a call to somebody outside."""


class EgressBlockedError(EgressError):
    """Policy forbids the call: its scheme, its port, or the address that it would connect to."""


class NoAnswerError(EgressError):
    """Nobody answered, or not whole and in time."""


class NotGenuineError(NightlatchError):
    """What is kept is not what was recorded: it must not be shown as if it were."""


class NotPrintableError(NightlatchError):
    """No PDF can be made of an export: it is too long, or the typesetter fails. The message is for whoever wants it."""


class KeyReuseError(NightlatchError):
    """An Idempotency-Key came back with another body."""


class ConnectorError(NightlatchError):
    """A target system did not do what was asked."""


class RetryableConnectorError(ConnectorError):
    """It may work later: unreachable, throttled, locked, or the reply was lost."""


class TargetGoneError(ConnectorError):
    """What was to be changed does not exist at the target."""


class PermanentConnectorError(ConnectorError):
    """It will never work like this: refused, misconfigured, or impossible there."""
