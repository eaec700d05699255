"""Exporting the audit trail: what is small is answered at once, what is large is left to a worker and fetched later."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.errors import Fault, InvalidInputError, LimitReachedError, RivalChangeError
from nightlatch.domain.export import Export, ExportOrder, ExportState
from nightlatch.domain.identifier import RANDOM_BYTES, prefixed, uuid7
from nightlatch.domain.local_time import LocalTime
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.call import Call
from nightlatch.services.export_text import Piece, pieces_of
from nightlatch.services.ports import exporting
from nightlatch.services.ports.ambient import Clock, Randomness
from nightlatch.services.ports.exporting import ExportWorkers, ExportWriters, Files
from nightlatch.services.ports.trail import Ledger
from nightlatch.services.ports.writing import UnitOfWork

MOST_ROWS_INLINE = 5_000
LARGEST_ANSWER = 5_500_000
"""Bytes of the JSON that Lambda passes an answer in, of which 6 MB (6,291,456) is the most."""

LONGEST_LOOK = 20_000
"""So many entries are looked at while somebody waits."""

MOST_SECONDS = timedelta(seconds=6)

MOST_UNDER_WAY = 5
LATEST = 25
"""Exports under way are counted among so many of somebody's latest."""

STALLED = timedelta(minutes=6)
"""A worker's five minutes, and one more: whoever has not been heard of for so long is not at work any longer."""


class Answered(NamedTuple):
    """An export that is an answer."""

    export: Export
    content: str
    sha256: bytes


class Shown(NamedTuple):
    """An export as it stands. The addresses are there when there are files to fetch."""

    export: Export
    file: str | None = None
    manifest: str | None = None


class Exports:
    """The use cases of those who take the trail, or some of it, with them."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        ledger: Ledger,
        exports: exporting.Exports,
        writers: ExportWriters,
        files: Files,
        workers: ExportWorkers,
        clock: Clock,
        randomness: Randomness,
        zone: str,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = ledger
        self._exports = exports
        self._writers = writers
        self._files = files
        self._workers = workers
        self._clock = clock
        self._randomness = randomness
        self._zone = zone

    def export(self, order: ExportOrder, call: Call) -> Answered | Export:
        """Write an export that fits into an answer, or leave it to a worker. The event is there before the answer.

        Raises InvalidInputError when it is more than is ever exported, LimitReachedError when too many are under way.
        """
        export = self._begun(order, call)
        most = order.format.most_rows
        if not order.include_filters and export.last - export.first >= most:
            rows = export.last - export.first + 1
            raise InvalidInputError(Fault("?start_date", f"{rows:,} entries are more than {most:,} at once"))
        return self._answered(export, call) or self._queued(export, call)

    def show(self, export_id: str, call: Call) -> Shown:
        """Say how an export stands, and where its files are. Somebody new goes on with one that nobody works on."""
        export = self._exports.export(call.principal.id, export_id)
        if export.is_under_way and export.updated_at + STALLED <= self._clock():
            export = self._restarted(export, call)
        if export.state is not ExportState.DONE or not export.is_stored:
            return Shown(export)
        manifest_name = f"{export.file_name}.manifest.json"
        return Shown(
            export,
            file=self._files.link(file_of(export), file_name=export.file_name),
            manifest=self._files.link(manifest_of(export), file_name=manifest_name),
        )

    def _begun(self, order: ExportOrder, call: Call) -> Export:
        now = self._clock()
        first, last = AuditTrail(ledger=self._ledger).stretch(order.wanted)
        times = self._times(first, last, otherwise=now)
        writer = self._writers[order.format](times)
        export_id = prefixed("exp", uuid7(now, random=self._randomness(RANDOM_BYTES)))
        return Export(
            version=0,
            id=export_id,
            person_id=call.principal.id,
            requested_by=call.principal.as_actor(),
            origin=call.origin,
            requested_at=now,
            updated_at=now,
            order=order,
            times=times,
            file_name=f"nightlatch-audit-{now:%Y%m%d}-{export_id}.{writer.extension}",
            content_type=writer.content_type,
            first=first,
            last=last,
        )

    def _times(self, first: int, last: int, *, otherwise: datetime) -> LocalTime:
        ends = self._ledger.kept().by_numbers([first, last])
        moments = [entry.recorded_at for entry in ends] or [otherwise]
        return LocalTime.between(moments[0], moments[-1], zone=self._zone)

    def _answered(self, export: Export, call: Call) -> Answered | None:
        """Write it at once; None when it is too much for an answer, or has to be printed."""
        if export.order.format.is_printed:
            return None
        if export.last - export.first >= (LONGEST_LOOK if export.order.include_filters else MOST_ROWS_INLINE):
            return None
        pieces = list(self._small(export))
        if not pieces[-1].is_last:
            return None
        content = b"".join(piece.content for piece in pieces)
        digest = hashlib.sha256(content)
        done = export.done(pieces[-1].progress, sha256=digest.hexdigest(), at=self._clock())
        self._unit_of_work.commit(done, origin=call.origin)
        return Answered(done.state, content.decode(), digest.digest())

    def _small(self, export: Export) -> Iterator[Piece]:
        """Write until it is done, or too much."""
        writer = self._writers[export.order.format](export.times)
        latest, size = self._clock() + MOST_SECONDS, 0
        for piece in pieces_of(export, ledger=self._ledger, writer=writer):
            size += len(json.dumps(piece.content.decode()))
            if piece.progress.rows > MOST_ROWS_INLINE or size > LARGEST_ANSWER or self._clock() > latest:
                return
            yield piece

    def _queued(self, export: Export, call: Call) -> Export:
        latest = self._exports.latest_exports(call.principal.id, limit=LATEST)
        if sum(one.is_under_way for one in latest) >= MOST_UNDER_WAY:
            raise LimitReachedError(f"{MOST_UNDER_WAY} exports of yours are under way: wait for one of them")
        queued = export.queued()
        self._unit_of_work.commit(queued, origin=call.origin)
        self._workers.work_on(export.person_id, export.id)
        return queued.state

    def _restarted(self, export: Export, call: Call) -> Export:
        restarted = export.went_on(at=self._clock())
        try:
            self._unit_of_work.commit(restarted, origin=call.origin)
        except RivalChangeError:  # a worker is at it after all, or another look at it was first
            return self._exports.export(export.person_id, export.id)
        self._workers.work_on(export.person_id, export.id)
        return restarted.state


def file_of(export: Export) -> str:
    """Name the file of an export in the store."""
    return f"{export.person_id}/{export.id}/{export.file_name}"


def text_of(export: Export) -> str:
    """Name the file that the entries are written into: of what is printed, the records beside it."""
    return f"{file_of(export)}.records.json" if export.order.format.is_printed else file_of(export)


def manifest_of(export: Export) -> str:
    """Name the manifest beside it."""
    return f"{file_of(export)}.manifest.json"
