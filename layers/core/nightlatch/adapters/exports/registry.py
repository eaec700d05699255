"""Every format of exports, by its name."""

from nightlatch.adapters.exports.csv_table import CsvTable
from nightlatch.adapters.exports.json_text import JsonDocument, JsonLines, PrintedDocument
from nightlatch.adapters.exports.ocsf import OcsfLines
from nightlatch.domain.export import ExportFormat
from nightlatch.services.ports.exporting import ExportWriters

WRITERS: ExportWriters = {
    ExportFormat.JSON: JsonDocument,
    ExportFormat.JSONL: JsonLines,
    ExportFormat.CSV: CsvTable,
    ExportFormat.OCSF: OcsfLines,
    ExportFormat.PDF: PrintedDocument,
}
