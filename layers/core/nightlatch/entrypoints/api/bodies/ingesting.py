"""What other systems write into the audit trail."""

from pydantic import Field

from nightlatch.domain.ingestion import MOST_ENTRIES, EntryToWrite
from nightlatch.entrypoints.api.bodies.base import Body


class EntriesToWrite(Body):
    """Events of another system: all of them are written, or none."""

    entries: list[EntryToWrite] = Field(min_length=1, max_length=MOST_ENTRIES)
