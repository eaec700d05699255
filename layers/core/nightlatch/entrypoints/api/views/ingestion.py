"""What came of writing entries."""

from typing_extensions import TypedDict

from nightlatch.entrypoints.api.views.base import view
from nightlatch.services.ingestion import Written


@view
class WrittenEntries(TypedDict):
    """How many entries will be numbered, in a second or so, and how many were there before."""

    accepted: int
    known: int


def written_entries(written: Written) -> WrittenEntries:
    """Show what was written."""
    return WrittenEntries(accepted=written.accepted, known=written.known)
