"""Writing exports that are too large for an answer: in steps that are saved, by whichever worker comes next.

Each step is safe to repeat, so a worker may die at any line: entries never change, a part that is written again is the
same part, and the file is made of its parts once. Two workers at one export write the same parts; whoever saves second
is told so by the version, and stops.
"""

import hashlib
from collections.abc import Callable

from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotFoundError, NotPrintableError, RivalChangeError
from nightlatch.domain.export import Export, ExportFormat, Progress, Upload
from nightlatch.domain.ledger import canonical_json
from nightlatch.services.export_text import pieces_of
from nightlatch.services.exports import file_of, manifest_of, text_of
from nightlatch.services.ports import exporting
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.exporting import ExportWorkers, ExportWriters, Files, ReportPrinter
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

PART = 8 * 1024**2
"""S3 takes 5 MiB at least and 10,000 parts at most."""

HasTime = Callable[[], bool]


class ExportJobs:
    """What workers do."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        ledger: Ledger,
        exports: exporting.Exports,
        writers: ExportWriters,
        files: Files,
        workers: ExportWorkers,
        printer: ReportPrinter,
        clock: Clock,
        part: int = PART,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = ledger
        self._exports = exports
        self._writers = writers
        self._files = files
        self._workers = workers
        self._printer = printer
        self._clock = clock
        self._part = part

    def work_on(self, person_id: str, export_id: str, *, has_time: HasTime) -> Export:
        """Go on with an export until it is over, or hand it on when time runs short."""
        export = self._exports.export(person_id, export_id)
        try:
            while export.is_under_way and has_time():
                export = self._step(export, has_time)
        except RivalChangeError:
            return self._exports.export(person_id, export_id)
        except NotFoundError:
            return self._lost(export)
        if export.is_under_way:
            self._workers.work_on(person_id, export_id)
        return export

    def _step(self, export: Export, has_time: HasTime) -> Export:
        if export.upload is None:
            upload_id = self._files.begin(text_of(export), content_type=export.content_type)
            return self._saved(export.went_on(at=self._clock(), upload=Upload(id=upload_id)))
        if not export.upload.is_written:
            return self._written(export, export.upload, has_time)
        return self._concluded(export, export.upload)

    def _written(self, export: Export, upload: Upload, has_time: HasTime) -> Export:
        """Write part after part, and save after each. What is too little for a part when time is over is put aside."""
        writer = self._writers[export.order.format](export.times)
        waiting = bytearray(b"".join(self._files.read(upload.rest)) if upload.rest else b"")
        for piece in pieces_of(export, ledger=self._ledger, writer=writer):
            waiting += piece.content
            if too_much := _too_much(export.order.format, piece.progress):
                return self._saved(export.failed(too_much, at=self._clock()))
            if piece.is_last or len(waiting) >= self._part:
                upload = self._with_part(export, upload, bytes(waiting), is_written=piece.is_last)
                export = self._saved(export.went_on(at=self._clock(), progress=piece.progress, upload=upload))
                waiting.clear()
            elif not has_time():
                return self._put_aside(export, upload, bytes(waiting), piece.progress)
        return export

    def _with_part(self, export: Export, upload: Upload, content: bytes, *, is_written: bool) -> Upload:
        mark = self._files.put_part(text_of(export), upload.id, len(upload.parts) + 1, content)
        return Upload(id=upload.id, parts=(*upload.parts, mark), is_written=is_written)

    def _put_aside(self, export: Export, upload: Upload, content: bytes, progress: Progress) -> Export:
        name = f"{file_of(export)}.rest-{progress.last_seq}"
        self._files.put(name, content, content_type=export.content_type)
        upload = upload.model_copy(update={"rest": name})
        return self._saved(export.went_on(at=self._clock(), progress=progress, upload=upload))

    def _concluded(self, export: Export, upload: Upload) -> Export:
        """Make the parts one file, and hash what is really in the store: no invocation has seen all of it."""
        text = text_of(export)
        self._files.complete(text, upload.id, upload.parts)
        sha256, size = self._hashed(text)
        if size != export.progress.size:
            why = f"the file has {size} bytes, and {export.progress.size} were written"
            return self._saved(export.failed(why, at=self._clock()))
        if not export.order.format.is_printed:
            return self._done(export, sha256, size)
        try:
            self._printer.print_records(text, to=file_of(export))
        except NotPrintableError as error:
            return self._saved(export.failed(str(error), at=self._clock()))
        return self._done(export, *self._hashed(file_of(export)))

    def _hashed(self, name: str) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        for content in self._files.read(name):
            digest.update(content)
            size += len(content)
        return digest.hexdigest(), size

    def _done(self, export: Export, sha256: str, size: int) -> Export:
        """Keep the manifest beside the file, and say what was handed out."""
        progress = export.progress.model_copy(update={"size": size})
        done = export.done(progress, sha256=sha256, at=self._clock())
        manifest = canonical_json(done.state.model_dump(mode="json")["manifest"])
        self._files.put(manifest_of(export), manifest, content_type="application/json")
        return self._saved(done)

    def _lost(self, export: Export) -> Export:
        """Find out who took the upload away: a rival who is done, or the store, where it was for too long."""
        now = self._exports.export(export.person_id, export.id)
        if now.version != export.version or not now.is_under_way:
            return now
        return self._saved(now.failed("what was written of it is no longer kept", at=self._clock()))

    def _saved(self, change: Change[Export]) -> Export:
        self._unit_of_work.commit(change, origin=change.state.origin)
        return change.state


def _too_much(format_: ExportFormat, progress: Progress) -> str:
    if progress.rows > format_.most_rows:
        return f"there are more than {format_.most_rows:,} entries: choose a shorter time, or a narrower filter"
    if progress.size > format_.largest_file:
        return f"it would be larger than {format_.largest_file // 1024**2:,} MiB: choose a shorter time"
    return ""
