"""The only way to write."""

from collections.abc import Sequence
from typing import Any, Protocol

from nightlatch.domain.audit_event import AuditEvent, ForeignEvent, Origin
from nightlatch.domain.change import Change
from nightlatch.domain.value import Entity, Value


class Receipt(Value):
    """The proof that a command was carried out: kept in the same transaction, so that it cannot happen twice.

    `fingerprint` is a hash of what was sent, `result` the id of what came of it.
    """

    principal_id: str
    key: str
    fingerprint: str
    result: str


class UnitOfWork(Protocol):
    """The only way to write."""

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        """Write the change's entities and events in one transaction, or nothing at all.

        Each entity must follow the stored version by exactly one (version 1: must not exist yet), and each that the
        change takes as given must still be stored at its version (version 0: must not exist). Raises RivalChangeError
        when either is not so, or when a receipt of the same key exists already.

        An open request has a place among those of its requester, and gives it up when it closes. Raises
        DuplicateRequestError when another has the same place, LimitReachedError when there are too many.
        """
        ...

    def record(self, *events: AuditEvent | ForeignEvent, origin: Origin, ending: Sequence[Entity] = ()) -> None:
        """Write events that go with no change of state (a refusal, a look at credentials).

        What they put an end to is removed in the same transaction; raises RivalChangeError when any of `ending` is no
        longer stored at its version.
        """
        ...

    def receipt(self, principal_id: str, key: str) -> Receipt | None:
        """Find the receipt of an earlier command."""
        ...
