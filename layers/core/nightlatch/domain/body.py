"""Bodies: details that are too large for the ledger lie beside it, in the evidence, and the ledger says which.

    details, as they are recorded    {"ingested": {…, "body": {"key": "bodies/…", "sha256": "…", "size": 700000}}}
    the object under that key        the canonical JSON of the details that were sent
    details, with their body         {…what was sent…, "ingested": {…, "body": {…}}}

Hashes, seals, pages and exports hold the first form. Only Nightlatch writes `ingested`, so nobody's own details can be
taken for a reference. A key names the day, although the hash alone would do: the same content sent again much later is
another object, whose lock begins anew.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from nightlatch.domain.errors import NotGenuineError
from nightlatch.domain.ledger import INGESTED, RESERVED, LedgerEntry, canonical_json
from nightlatch.domain.value import Value

BODY = "body"
"""Where `ingested` refers to a body."""


class BodyReference(Value):
    """Where a body is, and what proves that it is the one."""

    key: str
    sha256: str
    size: int

    @classmethod
    def to(cls, content: bytes, *, at: datetime) -> "BodyReference":
        """Refer to a body that is kept from now on."""
        sha256 = hashlib.sha256(content).hexdigest()
        return cls(key=f"bodies/{at:%Y-%m-%d}/{sha256}.json", sha256=sha256, size=len(content))

    def is_to(self, content: bytes) -> bool:
        """Whether this is the body."""
        return hashlib.sha256(content).hexdigest() == self.sha256


def body_of(details: Mapping[str, JsonValue]) -> bytes:
    """Write details as the body that is kept of them."""
    return canonical_json(dict(details))


def reference_in(details: Mapping[str, Any]) -> BodyReference | None:
    """Find the reference to a body, if details have one."""
    told = details.get(INGESTED)
    return BodyReference.model_validate(told[BODY]) if isinstance(told, dict) and BODY in told else None


def with_body(entry: LedgerEntry, content: bytes) -> LedgerEntry:
    """Put a body back into its entry; raise NotGenuineError when it is not the one that was recorded."""
    reference = reference_in(entry.details)
    if reference is None or not reference.is_to(content):
        raise NotGenuineError(f"the body of {entry.id} is not the one that was recorded")
    return entry.model_copy(update={"details": {**json.loads(content), **entry.details}})


def as_recorded(row: dict[str, Any]) -> dict[str, Any]:
    """Take a body out of an entry's JSON form again, if it is the one that was recorded: without it the hash is right.

    Everything else is returned as it is.
    """
    details = row.get("details")
    if not isinstance(details, dict):
        return row
    sent = {name: value for name, value in details.items() if name not in RESERVED}
    try:
        reference = reference_in(details)
        is_body = reference is not None and reference.is_to(body_of(sent))
    except ValueError:  # neither a reference nor JSON that can have been recorded
        return row
    return {**row, "details": {name: details[name] for name in details if name in RESERVED}} if is_body else row
