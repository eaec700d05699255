"""The audit log: what is proven of it, and its entries, newest first, with every filter, one of them in a panel."""

from urllib.parse import urlencode

from nightlatch.domain.errors import Fault, InvalidInputError, NotFoundError, StoreUnavailableError
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.oversight.audit_entry import opened
from nightlatch.entrypoints.console.oversight.audit_export import FORMATS
from nightlatch.entrypoints.console.oversight.audit_filter import (
    Wanted,
    filters_of,
    more_filters_of,
    wanted_by_address,
)
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.exports import MOST_ROWS_INLINE

PAGE = 40
HERE = "/oversight/audit"


def show(visitor: Visitor[OversightDesk]) -> Answer:
    """Show entries, newest first."""
    wanted, before = wanted_by_address(visitor), _before(visitor)
    page = visitor.desk.trail().page(wanted.entries, before=before, limit=PAGE)
    visitor.desk.audit_reads().count(visitor.call, page.entries, query=_told(wanted))
    return visitor.page(
        "oversight/audit.html",
        standing=visitor.desk.trail_proof().standing(),
        wanted=wanted,
        query=wanted.query,
        filters=filters_of(visitor),
        more=more_filters_of(visitor),
        entries=page.entries,
        older=str(page.before) if page.before else None,
        is_first=before is None,
        opened=opened(visitor),
        formats=FORMATS,
        most_inline=MOST_ROWS_INLINE,
    )


def verify(visitor: Visitor[OversightDesk]) -> Answer:
    """Check the newest stretch at once, and show what exactly was checked and what came of it."""
    proof = visitor.desk.trail_proof()
    try:
        checked, failure = proof.check_newest(), ""
    except StoreUnavailableError as error:
        checked, failure = None, str(error)
    standing = proof.standing()
    return visitor.page("oversight/audit_proof.html", standing=standing, checked=checked, failure=failure)


def card(visitor: Visitor[OversightDesk], request_id: str) -> Answer:
    """Show in short what a request is about."""
    try:
        request = visitor.desk.requests().show(request_id, visitor.call)
    except NotFoundError:
        request = None
    return visitor.page("oversight/audit_card.html", request=request)


def _before(visitor: Visitor[OversightDesk]) -> int | None:
    text = visitor.visit.asked("before")
    if text and not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004  (no number is longer)
        raise InvalidInputError(Fault("?before", "is no number of an entry"))
    return int(text) if text else None


def _told(wanted: Wanted) -> str:
    """Say what was looked for, in the same words on each page of a list."""
    filters = sorted(wanted.query.filters)
    return f"{HERE}?{urlencode(filters)}" if filters else HERE
