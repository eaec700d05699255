"""Request access: find things by typing, see what would come of asking for them, and ask."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from nightlatch.domain.errors import DuplicateRequestError, Fault, InvalidInputError
from nightlatch.domain.integration import Integration, Permission, Resource
from nightlatch.domain.people import KnownPerson
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.front.wish import Draft, Pick, again
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.asking import DryRun, Offer, Submission, WantedItem

MOST_FOUND = 12
MOST_PEOPLE = 6
DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480, 1440, 4320))
BAD_REQUEST = 400
CONFLICT = 409
ALSO_ASKED = frozenset({"/justification", "/ticket"})
"""What a form that is not filled in yet lacks: no refusal, but what is still to be said."""


@dataclass
class Found:
    """A resource that may be asked for, and which permissions on it."""

    integration: Integration
    resource: Resource
    permissions: list[tuple[Permission, Pick]] = field(default_factory=list)


class Others(NamedTuple):
    """Whether the reader may ask for others, for whom it is (None: for themselves), and who else was found."""

    is_possible: bool = False
    chosen: KnownPerson | None = None
    found: Sequence[KnownPerson] = ()


class Outcome(NamedTuple):
    """What would come of asking for one integration: a request, or what is against it."""

    run: DryRun | None
    faults: Sequence[Fault]
    instead: Sequence[tuple[str, str]] = ()

    @property
    def lacking(self) -> list[str]:
        """What is still to be said, when that is all that is against it."""
        return [fault.message for fault in self.faults] if self._is_unfinished else []

    @property
    def against(self) -> list[str]:
        """What is against it, whatever is still to be said."""
        return [] if self._is_unfinished else [fault.message for fault in self.faults]

    @property
    def _is_unfinished(self) -> bool:
        return all(fault.pointer in ALSO_ASKED for fault in self.faults)


def show(visitor: Visitor[FrontDesk]) -> Answer:
    """Show the form: empty, as an address fills it, or with what a former request asked for."""
    draft = Draft.of(visitor.visit.query)
    if former := visitor.visit.asked("again"):
        draft = _again(visitor, former)
    return _page(visitor, draft)


def check(visitor: Visitor[FrontDesk]) -> Answer:
    """Show the form as it was filled in, and what would come of it."""
    return _page(visitor, Draft.of(visitor.visit.form))


def send(visitor: Visitor[FrontDesk]) -> Answer:
    """Ask. Things of several integrations become several requests, all of them or none."""
    draft = Draft.of(visitor.visit.form)
    try:
        submissions = _wanted(visitor, draft)
        if len(submissions) > 1:
            visitor.desk.asking().submit_bundle(submissions, visitor.call)
            return redirect("/")
        request = visitor.desk.asking().submit(submissions[0], visitor.call)
    except InvalidInputError as error:
        return _page(visitor, draft, status=BAD_REQUEST, faults=[fault.message for fault in error.faults])
    except DuplicateRequestError:
        return _page(visitor, draft, status=CONFLICT)
    return redirect(f"/requests/{request.id}")


def _wanted(visitor: Visitor[FrontDesk], draft: Draft) -> list[Submission]:
    if not draft.picks:
        raise InvalidInputError(Fault("/items", "pick what you want to have"))
    return draft.submissions(visitor.desk.settings().time_zone)


def _again(visitor: Visitor[FrontDesk], request_id: str) -> Draft:
    request = visitor.desk.requests().show(request_id, visitor.call)
    items = [WantedItem(item.resource_type, item.resource_id, item.permission) for item in request.items]
    picks = again(request.integration.id, items)
    whom = request.requester.id if request.asked_by else ""
    return Draft(picks=picks, justification=request.justification, ticket=request.ticket, on_behalf_of=whom)


def _page(visitor: Visitor[FrontDesk], draft: Draft, *, status: int = 200, faults: Sequence[str] = ()) -> Answer:
    others = _others(visitor, draft)
    offers = _offers(visitor, draft, others)
    return visitor.page(
        "asking.html",
        status=status,
        draft=draft,
        found=_found(offers, draft),
        is_offered=bool(offers),
        names={_pick(offer): offer for offer in offers},
        outcomes=_outcomes(visitor, draft),
        durations=DURATIONS,
        faults=faults,
        once=visitor.visit.said("once") or secrets.token_urlsafe(16),
        zone_name=visitor.desk.settings().time_zone,
        others=others,
    )


def _others(visitor: Visitor[FrontDesk], draft: Draft) -> Others:
    """Find for whom it is, and for whom else it could be."""
    people, call = visitor.desk.others(), visitor.call
    if not people.is_possible(call):
        return Others()
    if draft.on_behalf_of:
        return Others(is_possible=True, chosen=people.person(draft.on_behalf_of, call))
    return Others(is_possible=True, found=people.find(draft.person_search, call, limit=MOST_PEOPLE))


def _offers(visitor: Visitor[FrontDesk], draft: Draft, others: Others) -> list[Offer]:
    """List what may be asked for; nothing for somebody for whom the reader may not ask."""
    asking = visitor.desk.asking()
    if not draft.on_behalf_of:
        return list(asking.offers(visitor.call))
    return list(asking.offers(visitor.call, on_behalf_of=others.chosen.as_principal())) if others.chosen else []


def _found(offers: Sequence[Offer], draft: Draft) -> list[Found]:
    """Group what fits the search by resource, no more of them than one looks through."""
    found: dict[tuple[str, str, str], Found] = {}
    for offer in offers:
        if _fits(offer, draft.search.casefold().split()):
            key = (offer.integration.id, offer.resource.type, offer.resource.id)
            one = found.setdefault(key, Found(offer.integration, offer.resource))
            one.permissions.append((offer.permission, _pick(offer)))
    return list(islice(found.values(), MOST_FOUND))


def _fits(offer: Offer, words: Sequence[str]) -> bool:
    integration, resource, permission = offer.integration, offer.resource, offer.permission
    texts = (integration.name, integration.id, resource.name, resource.id, *resource.tags, permission.name)
    together = " ".join(texts).casefold()
    return all(word in together for word in words)


def _pick(offer: Offer) -> Pick:
    return Pick(offer.integration.id, offer.resource.type, offer.resource.id, offer.permission.name)


def _outcomes(visitor: Visitor[FrontDesk], draft: Draft) -> list[Outcome]:
    try:
        submissions = draft.submissions(visitor.desk.settings().time_zone)
    except InvalidInputError as error:
        return [Outcome(None, error.faults)]
    return [_outcome(visitor, submission, draft) for submission in submissions]


def _outcome(visitor: Visitor[FrontDesk], submission: Submission, draft: Draft) -> Outcome:
    try:
        run = visitor.desk.asking().dry_run(submission, visitor.call)
    except InvalidInputError as error:
        return Outcome(None, error.faults)
    zone = visitor.desk.settings().time_zone
    return Outcome(run, tuple(_against(run)), [(advice.text, draft.taking(advice, zone)) for advice in run.advice])


def _against(run: DryRun) -> Iterator[Fault]:
    """List what is against it under the flow that it breaks least."""
    if run.request is None:
        nearest = run.decision.nearest
        yield from nearest.faults if nearest else [Fault("", "no access flow lets you ask for this")]
