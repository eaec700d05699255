"""Reading an entry with its body, which lies beside the ledger when it is large."""

from nightlatch.domain.body import reference_in, with_body
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.ports.evidence import Evidence


class WholeEntries:
    """Puts bodies back. One at a time: pages and exports do without, so that none of them waits for the evidence."""

    def __init__(self, *, evidence: Evidence) -> None:
        self._evidence = evidence

    def whole(self, entry: LedgerEntry) -> LedgerEntry:
        """Return an entry with its body; one that has none, as it is.

        Raises StoreUnavailableError when the body cannot be read, NotGenuineError when it is not what was recorded.
        """
        reference = reference_in(entry.details)
        if reference is None:
            return entry
        content = self._evidence.get(reference.key)
        if content is None:
            raise StoreUnavailableError(f"the body of {entry.id} is not in the evidence: {reference.key}")
        return with_body(entry, content)
