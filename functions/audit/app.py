"""Read the audit trail: the feed for machines, the list for people."""

from typing import Annotated

from nightlatch.bootstrap.audit import audit_reads, audit_trail, kept_seals, whole_entries

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.api.asked_entries import AskedEntries, asking_for_entries
from nightlatch.entrypoints.api.cursors import TheCursors, ThisPage
from nightlatch.entrypoints.api.entry_parameters import FeedTypes, From, FromNumber, LongLimit
from nightlatch.entrypoints.api.entry_queries import entry_filter, feed_position
from nightlatch.entrypoints.api.frames import Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.idempotency import ThisCall
from nightlatch.entrypoints.api.parameters import Cursor, Ids, Limit, Offset, PathId, Since
from nightlatch.entrypoints.api.queries import ThisQuery
from nightlatch.entrypoints.api.views.audit import EntryList, EventFeed, entry_list, event_feed
from nightlatch.entrypoints.api.views.seals import PublicKey, SealList, public_key, seal_list
from nightlatch.entrypoints.asked_frame import AskedFrame
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.kept_seals import KeptSeals
from nightlatch.services.whole_entries import WholeEntries

Service = Annotated[AuditTrail, Depends(audit_trail)]
Reads = Annotated[AuditReads, Depends(audit_reads)]
Bodies = Annotated[WholeEntries, Depends(whole_entries)]
TheSeals = Annotated[KeptSeals, Depends(kept_seals)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/audit")
def feed(
    *,
    service: Service,
    reads: Reads,
    call: ThisCall,
    query: ThisQuery,
    page: ThisPage,
    cursors: TheCursors,
    settings: TheSettings,
    now: Now,
    from_: From = None,
    since: Since = None,
    type_: FeedTypes = None,
    actor: Ids = None,
    limit: LongLimit = 100,
) -> EventFeed:
    """Read events in ledger order, complete and resumable."""
    after = feed_position(from_, number_of=service.number_of, cursors=cursors)
    frame = AskedFrame(since=since).read(now=now, own_zone=settings.time_zone)
    wanted = entry_filter(frame=frame, event_types=type_, actors=actor)
    read = service.feed(after=after, limit=limit, wanted=wanted)
    reads.count(call, read.entries, query=query)
    return event_feed(read, page=page, cursors=cursors)


@api.get("/v1/audit/entries")
@asking_for_entries
def find(
    *,
    service: Service,
    reads: Reads,
    call: ThisCall,
    query: ThisQuery,
    page: ThisPage,
    settings: TheSettings,
    now: Now,
    asked: AskedEntries,
    limit: LongLimit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> EntryList:
    """List entries, newest first."""
    place = page.place(cursor, now=now, offset=offset)
    wanted = asked.read(now=place.asked_at, own_zone=settings.time_zone)
    found = service.page(wanted, before=place.below, limit=limit, skip=place.skip)
    reads.count(call, found.entries, query=query)
    return entry_list(found, page=page, place=place)


@api.get("/v1/audit/entries/<entry_id>")
def show(
    entry_id: PathId, *, service: Service, bodies: Bodies, reads: Reads, call: ThisCall, query: ThisQuery
) -> LedgerEntry:
    """Read one entry by its event id, with all that was sent of it."""
    entry = bodies.whole(service.show(entry_id))
    reads.count(call, [entry], query=query)
    return entry


@api.get("/v1/audit/seals")
def seals(kept: TheSeals, page: ThisPage, from_: FromNumber = 1, limit: Limit = 50, cursor: Cursor = None) -> SealList:
    """List the signed digests, oldest first, from the one on that covers a number."""
    return seal_list(kept.page(first=from_, after=page.position(cursor), limit=limit), page=page)


@api.get("/v1/audit/key")
def key(kept: TheSeals) -> PublicKey:
    """Read the public key that the digests are signed with."""
    return public_key(kept)
