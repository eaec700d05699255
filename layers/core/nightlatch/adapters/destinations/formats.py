"""The forms that an event is sent in: each makes a JSON object of an entry."""

from collections.abc import Callable

from nightlatch.adapters.destinations.template import Template
from nightlatch.adapters.exports.ocsf import JsonObject, ocsf_event
from nightlatch.domain.destination import Format
from nightlatch.domain.ledger import LedgerEntry

Write = Callable[[LedgerEntry], JsonObject]


def native(entry: LedgerEntry) -> JsonObject:
    """Write an entry as the API shows it, which is also what its hash is of."""
    return entry.model_dump(mode="json")


def writer(form: Format, template: str) -> Write:
    """Choose what writes events; raise InvalidInputError when the template, where it is needed, is none."""
    match form:
        case Format.TEMPLATE:
            return Template(template).write
        case Format.OCSF:
            return ocsf_event
        case Format.NATIVE:
            return native
