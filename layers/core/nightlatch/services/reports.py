"""Making the PDF of an export: read its records, typeset them, keep the file."""

from collections.abc import Callable

from nightlatch.domain.errors import NotPrintableError
from nightlatch.domain.export import LARGEST_PRINTED_FILE
from nightlatch.services.ports.exporting import Files

Typeset = Callable[[bytes, str], bytes]
"""Makes the PDF of a JSON document, said to be from some source; raises NotPrintableError."""


class Reports:
    """What is done where the typesetter is."""

    def __init__(self, *, files: Files, typeset: Typeset, table: str) -> None:
        self._files = files
        self._typeset = typeset
        self._table = table

    def make(self, *, records: str, target: str, place: str) -> None:
        """Make a PDF of the JSON document in one file, as another file, and say in it where the ledger is.

        Raises NotPrintableError when none can be made.
        """
        report = self._typeset(self._read(records), f"DynamoDB table {self._table}, {place}")
        self._files.put(target, report, content_type="application/pdf")

    def _read(self, name: str) -> bytes:
        document = bytearray()
        for piece in self._files.read(name):
            document += piece
            if len(document) > LARGEST_PRINTED_FILE:
                raise NotPrintableError(f"the records are more than {LARGEST_PRINTED_FILE // 1024**2} MiB")
        return bytes(document)
