"""Exports as JSON: one document, or one line for each entry. The entries are exactly what is served and hashed."""

from nightlatch.domain.export import Manifest
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.domain.local_time import LocalTime


def entry_json(entry: LedgerEntry) -> str:
    """Write an entry in the form that its hash is of."""
    return canonical_json(entry.model_dump(mode="json")).decode()


class JsonLines:
    """One entry a line."""

    content_type = "application/x-ndjson"
    extension = "jsonl"
    separator = ""

    def __init__(self, _: LocalTime) -> None:
        """Entries say their times in UTC, as they are hashed."""

    def header(self) -> str:
        """Write nothing."""
        return ""

    def row(self, entry: LedgerEntry) -> str:
        """Write a line."""
        return entry_json(entry) + "\n"

    def footer(self, _: Manifest) -> str:
        """Write nothing."""
        return ""


class JsonDocument(JsonLines):
    """One document: the entries, and in the end what is known of them."""

    content_type = "application/json"
    extension = "json"
    separator = ",\n"

    def header(self) -> str:
        """Open the list."""
        return '{"entries":[\n'

    def row(self, entry: LedgerEntry) -> str:
        """Write an entry."""
        return entry_json(entry)

    def footer(self, manifest: Manifest) -> str:
        """Close the list, and add the manifest as far as it is known inside of the file."""
        known = manifest.model_dump(mode="json", exclude={"size", "sha256"})
        return f'\n],"manifest":{canonical_json(known).decode()}}}\n'


class PrintedDocument(JsonDocument):
    """The document that a PDF is made of, and that is attached to it."""

    content_type = "application/pdf"
    extension = "pdf"
