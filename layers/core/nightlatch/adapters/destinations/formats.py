"""The forms that an event is sent in: each makes the JSON object of an entry."""

from collections.abc import Callable

from nightlatch.adapters.exports.ocsf import JsonObject, ocsf_event
from nightlatch.domain.destination import Format
from nightlatch.domain.ledger import LedgerEntry

Write = Callable[[LedgerEntry], JsonObject]


def native(entry: LedgerEntry) -> JsonObject:
    """Write an entry as the API shows it, which is also what its hash is of."""
    return entry.model_dump(mode="json")


WRITERS: dict[Format, Write] = {Format.NATIVE: native, Format.OCSF: ocsf_event}
