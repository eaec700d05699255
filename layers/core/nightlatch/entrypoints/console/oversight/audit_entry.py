"""One entry of the trail: everything that was recorded, and what proves it."""

from typing import NamedTuple

from nightlatch.domain.errors import NotFoundError, StoreUnavailableError
from nightlatch.domain.ledger import CALL, INGESTED, LedgerEntry, entry_hash
from nightlatch.domain.seal import Digest
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.entry_tree import Difference, Tree, differences, tree_of
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor

TOLD_APART = frozenset({CALL, "before", "after"})


class Shown(NamedTuple):
    """An entry as a page shows it. `is_unsealed` is none when the seals could not be read."""

    entry: LedgerEntry
    is_genuine: bool
    seal: Digest | None
    is_unsealed: bool | None
    call: Tree
    changes: list[Difference]
    details: Tree


def show(visitor: Visitor[OversightDesk], entry_id: str) -> Answer:
    """Show one entry, with all that was sent of it."""
    return visitor.page("oversight/audit_entry.html", shown=shown(visitor, entry_id))


def opened(visitor: Visitor[OversightDesk]) -> Shown | None:
    """Read what the panel shows: nothing, when no entry is opened, or one that is not kept any more."""
    entry_id = visitor.visit.asked("open")
    try:
        return shown(visitor, entry_id) if entry_id else None
    except NotFoundError:
        return None


def shown(visitor: Visitor[OversightDesk], entry_id: str) -> Shown:
    """Read one entry, and tell that it was read."""
    recorded = visitor.desk.trail().show(entry_id)
    entry = visitor.desk.whole_entries().whole(recorded)
    visitor.desk.audit_reads().count(visitor.call, [entry], query="/oversight/audit/{entry_id}")
    seal, is_unsealed = _seal_over(visitor, entry.seq)
    call, details = entry.details.get(CALL), entry.details
    is_change = "before" in details and "after" in details and INGESTED not in details
    told_apart = TOLD_APART if is_change else {CALL}
    return Shown(
        entry=entry,
        is_genuine=entry_hash(recorded.prev_hash, recorded.model_dump(mode="json")) == recorded.hash,
        seal=seal,
        is_unsealed=is_unsealed,
        call=tree_of(call if isinstance(call, dict) else {}),
        changes=differences(details["before"], details["after"]) if is_change else [],
        details=tree_of({name: value for name, value in details.items() if name not in told_apart}),
    )


def _seal_over(visitor: Visitor[OversightDesk], number: int) -> tuple[Digest | None, bool | None]:
    """Find the seal over a number: an entry is shown also while the seals cannot be read."""
    try:
        digests = visitor.desk.kept_seals().page(first=number, after=None, limit=1).digests
    except StoreUnavailableError:
        return None, None
    covering = [digest for digest in digests if digest.first_seq <= number]
    return (covering[0], False) if covering else (None, True)
