"""Which ledger entries are wanted: by lists, feeds, exports and destinations alike.

What a filter compares is what entries are hashed by, part by part, so that a filtered export can prove that it is
complete. Only `text` looks at what has no part of its own.
"""

from typing import Annotated

from pydantic import PlainSerializer

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Instant, Value

Words = Annotated[frozenset[str], PlainSerializer(sorted, when_used="json")]


class EntryFilter(Value):
    """Empty means any; of several values one is enough. The times are those of recording, `until` is exclusive.

    `actors` and `resources` are ids. `text` is found anywhere, in any case.
    """

    since: Instant | None = None
    until: Instant | None = None
    event_types: Words = frozenset()
    severities: Words = frozenset()
    actors: Words = frozenset()
    resources: Words = frozenset()
    request_ids: Words = frozenset()
    integrations: Words = frozenset()
    sources: Words = frozenset()
    text: str | None = None

    def admits(self, entry: LedgerEntry) -> bool:
        """Whether an entry of the right time is wanted."""
        return self.refusing_part(entry) is None and (self.text is None or _holds(entry, self.text.casefold()))

    def refusing_part(self, entry: LedgerEntry) -> str | None:
        """Name the first part of an entry whose value is not wanted; None when all parts are."""
        values = {
            "event_type": entry.event_type,
            "severity": entry.severity,
            "actor": entry.actor.id,
            "resource": entry.resource.id,
            "request_id": entry.request_id,
            "integration": entry.integration,
            "source": entry.source,
        }
        return next((part for part, value in values.items() if self.refuses(part, value)), None)

    def refuses(self, part: str, value: str | None) -> bool:
        """Whether a part of this value keeps an entry out, whatever its other parts are."""
        wanted = {
            "event_type": self.event_types,
            "severity": self.severities,
            "actor": self.actors,
            "resource": self.resources,
            "request_id": self.request_ids,
            "integration": self.integrations,
            "source": self.sources,
        }.get(part)
        return value not in wanted if wanted else False


def _holds(entry: LedgerEntry, text: str) -> bool:
    actor, resource = entry.actor, entry.resource
    places = (entry.event_type, entry.description, actor.name, actor.email, resource.name, resource.id)
    return any(text in place.casefold() for place in places)
