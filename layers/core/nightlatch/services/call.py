"""One call of one principal: who, by which way, and whether it was carried out before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nightlatch.domain.audit_event import Origin
from nightlatch.domain.errors import KeyReuseError, RivalChangeError
from nightlatch.domain.identity import Principal
from nightlatch.services.ports.writing import Receipt, UnitOfWork

T = TypeVar("T")

RIVAL_ATTEMPTS = 5


@dataclass(frozen=True)
class Call:
    """Who calls, and how it came in. `fingerprint` hashes what was sent, for calls with an idempotency key."""

    principal: Principal
    origin: Origin
    idempotency_key: str | None = None
    fingerprint: str = ""

    def receipt(self, result: str) -> Receipt | None:
        """Make the receipt to be committed with what this call does."""
        if self.idempotency_key is None:
            return None
        return Receipt(
            principal_id=self.principal.id, key=self.idempotency_key, fingerprint=self.fingerprint, result=result
        )

    def earlier_result(self, unit_of_work: UnitOfWork) -> str | None:
        """Find what the same call came to when it was made before; raise KeyReuseError when it was another call."""
        if self.idempotency_key is None:
            return None
        return self.result_in(unit_of_work.receipt(self.principal.id, self.idempotency_key))

    @property
    def receipt_key(self) -> tuple[str, str] | None:
        """By what the receipt of this call is found; None when it has none."""
        return (self.principal.id, self.idempotency_key) if self.idempotency_key is not None else None

    def result_in(self, receipt: Receipt | None) -> str | None:
        """Read what an earlier call came to; raise KeyReuseError when it was another call."""
        if receipt is None:
            return None
        if receipt.fingerprint != self.fingerprint:
            raise KeyReuseError(f"Idempotency-Key {self.idempotency_key} was used for another request")
        return receipt.result


def despite_rivals(attempt: Callable[[], T]) -> T:
    """Run read-decide-commit again when somebody else committed in between, so that the decision is on the truth."""
    for _ in range(RIVAL_ATTEMPTS - 1):
        try:
            return attempt()
        except RivalChangeError:
            continue
    return attempt()
