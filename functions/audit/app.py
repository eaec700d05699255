"""Read the audit trail: the feed for machines, the list for people."""

from typing import Annotated

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.bootstrap.audit import audit_trail, kept_seals
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.entrypoints.api.cursors import TheCursors, ThisPage
from nightlatch.entrypoints.api.frames import AskedFrame, Now, TheSettings
from nightlatch.entrypoints.api.http_api import http_api, lambda_handler
from nightlatch.entrypoints.api.parameters import (
    Cursor,
    From,
    FromNumber,
    Limit,
    LongLimit,
    PathId,
    Relative,
    Rounded,
    Severities,
    Since,
    Until,
    Words,
    Zone,
)
from nightlatch.entrypoints.api.queries import entry_filter, feed_position
from nightlatch.entrypoints.api.views.audit import EntryList, EventFeed
from nightlatch.entrypoints.api.views.seals import PublicKey, SealList
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.kept_seals import KeptSeals

Service = Annotated[AuditTrail, Depends(audit_trail)]
TheSeals = Annotated[KeptSeals, Depends(kept_seals)]

api = http_api()
handler = lambda_handler(api)


@api.get("/v1/audit")
def feed(
    service: Service, page: ThisPage, cursors: TheCursors, from_: From = None, limit: LongLimit = 100
) -> EventFeed:
    """Read events in ledger order, complete and resumable."""
    after = feed_position(from_, number_of=service.number_of, cursors=cursors)
    return EventFeed.of(service.feed(after=after, limit=limit), limit=limit, page=page, cursors=cursors)


@api.get("/v1/audit/entries")
def find(
    *,
    service: Service,
    page: ThisPage,
    settings: TheSettings,
    now: Now,
    last: Relative = None,
    rounded: Rounded = None,
    start_date: Since = None,
    end_date: Until = None,
    zone: Zone = None,
    event_type: Words = None,
    actor: Words = None,
    severity: Severities = None,
    request_id: Words = None,
    limit: LongLimit = 50,
    cursor: Cursor = None,
) -> EntryList:
    """List entries, newest first."""
    place = page.place(cursor, now=now)
    frame = AskedFrame(
        last=last,
        rounded=rounded,
        zone=zone,
        since=start_date,
        until=end_date,
        begin_name="start_date",
        end_name="end_date",
    )
    wanted = entry_filter(
        frame=frame.read(now=place.asked_at, own_zone=settings.time_zone),
        event_types=event_type,
        actors=actor,
        severities=severity,
        request_ids=request_id,
    )
    return EntryList.of(service.page(wanted, before=place.below, limit=limit), page=page, place=place)


@api.get("/v1/audit/entries/<entry_id>")
def show(entry_id: PathId, service: Service) -> LedgerEntry:
    """Read one entry by its event id."""
    return service.show(entry_id)


@api.get("/v1/audit/seals")
def seals(kept: TheSeals, page: ThisPage, from_: FromNumber = 1, limit: Limit = 50, cursor: Cursor = None) -> SealList:
    """List the signed digests, oldest first, from the one on that covers a number."""
    return SealList.of(kept.page(first=from_, after=page.position(cursor), limit=limit), page=page)


@api.get("/v1/audit/key")
def key(kept: TheSeals) -> PublicKey:
    """Read the public key that the digests are signed with."""
    return PublicKey.of(kept)
