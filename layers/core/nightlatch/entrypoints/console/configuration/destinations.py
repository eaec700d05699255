"""Destinations: where events are sent on to, what came of it, and what an administrator does with one."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from nightlatch.domain.audit_event import Severity
from nightlatch.domain.delivery import Delivery
from nightlatch.domain.destination import Destination, DestinationKind
from nightlatch.domain.errors import Fault, InvalidInputError, NotFoundError
from nightlatch.entrypoints.console.answers import OK, Answer, redirect
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.destination_form import (
    PLACES,
    Typed,
    differing,
    moment,
    together,
)
from nightlatch.entrypoints.console.configuration.destination_kinds import DESTINATION_KINDS, DestinationForm
from nightlatch.entrypoints.console.configuration.destination_words import (
    FORMATS,
    RESULTS,
    behind,
    lag,
    lost_in_words,
    selection_in_words,
    settings_in_words,
    state_of,
)
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt, version_in
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.problem_kinds import problem_of
from nightlatch.services.destinations import Again, Made, Shown, Wanted

HERE = "/configuration/destinations"
PAGE = 20
ENDS = ("since", "until", "from_entry", "to_entry")
DONE = {
    "tested": "",
    "enabled": "It goes on from where it stopped.",
    "disabled": "It is disabled. What comes meanwhile waits for it, as long as it is kept.",
    "replayed": "It is being delivered again, beside what is new.",
    "rotated": "The new secret is in use. The old one is kept beside it for a day.",
    "saved": "Saved. What waits is tried again at once.",
}

T = TypeVar("T")
Site = Visitor[ConfigurationDesk]


def show_all(visitor: Site) -> Answer:
    """List the destinations, and how far each has come."""
    known = visitor.desk.destinations().all()
    names = _names(visitor) if any(one.standing.destination.selection.integrations for one in known) else {}
    return visitor.page(
        "configuration/destinations.html",
        destinations=known,
        kinds=DESTINATION_KINDS,
        state_of=state_of,
        lag=lag,
        filter_of=lambda destination: selection_in_words(destination.selection, names),
    )


def show(visitor: Site, destination_id: str) -> Answer:
    """Show one, with a page of its log."""
    return _page(visitor, destination_id)


def ask_for_new(visitor: Site) -> Answer:
    """Let the kind be chosen, then show its form."""
    kind = visitor.visit.asked("kind")
    if kind not in list(DestinationKind):
        return visitor.page("configuration/destination_kinds.html", kinds=list(DESTINATION_KINDS.values()))
    form = DESTINATION_KINDS[DestinationKind(kind)]
    return _form(visitor, form, Typed(settings=form.first))


def create(visitor: Site) -> Answer:
    """Make a destination; what of its secret was made here is shown once."""
    form = _kind_in(visitor.visit)
    typed = Typed.sent(visitor.visit, form)
    zone = visitor.desk.settings().time_zone

    def made() -> Made:
        kind = DestinationKind(form.kind)
        parts = (typed.checked_id, lambda: typed.choices(form), lambda: typed.start(zone))
        together(*parts, lambda: form.secret_in(visitor.visit))
        wanted = Wanted(typed.checked_id(), kind, typed.choices(form), form.secret_in(visitor.visit), typed.start(zone))
        return visitor.desk.destinations().create(wanted, visitor.call)

    told = _attempted(made)
    return _form(visitor, form, typed, told=told) if isinstance(told, Told) else _made(visitor, told, done="saved")


def ask_to_edit(visitor: Site, destination_id: str) -> Answer:
    """Show what is chosen, to be changed."""
    destination = _read(visitor, destination_id).standing.destination
    form = DESTINATION_KINDS[destination.kind]
    return _form(visitor, form, Typed.of(destination, form), destination)


def edit(visitor: Site, destination_id: str) -> Answer:
    """Put what was typed in force."""
    desk, version = visitor.desk.destinations(), version_in(visitor.visit)
    destination = desk.show(destination_id).standing.destination
    form = DESTINATION_KINDS[destination.kind]
    typed = Typed.sent(visitor.visit, form)

    def edited() -> Shown:
        choices = typed.choices(form, destination.headers)
        return desk.edit(destination_id, choices, visitor.call, if_match=version)

    told = attempt(edited)
    return _form(visitor, form, typed, destination, told) if isinstance(told, Told) else _done(destination_id, "saved")


def try_out(visitor: Site, destination_id: str) -> Answer:
    """Send a test, and say what came of it."""
    delivery = visitor.desk.destinations().test(destination_id, visitor.call)
    return redirect(f"{HERE}/{destination_id}?tested={delivery.id}")


def enable(visitor: Site, destination_id: str) -> Answer:
    """Let it go on."""
    visitor.desk.destinations().enable(destination_id, visitor.call)
    return _done(destination_id, "enabled")


def disable(visitor: Site, destination_id: str) -> Answer:
    """Let it stop."""
    visitor.desk.destinations().disable(destination_id, visitor.call, reason=visitor.visit.reason)
    return _done(destination_id, "disabled")


def rotate(visitor: Site, destination_id: str) -> Answer:
    """Replace the secret; what of it was made here is shown once."""
    desk = visitor.desk.destinations()
    form = DESTINATION_KINDS[desk.show(destination_id).standing.destination.kind]
    told = attempt(lambda: desk.rotate_secret(destination_id, form.secret_in(visitor.visit), visitor.call))
    return _page(visitor, destination_id, told) if isinstance(told, Told) else _made(visitor, told, done="rotated")


def replay(visitor: Site, destination_id: str) -> Answer:
    """Let something be delivered again."""
    zone = visitor.desk.settings().time_zone
    told = _attempted(
        lambda: visitor.desk.destinations().replay(destination_id, _again(visitor.visit, zone), visitor.call)
    )
    return _page(visitor, destination_id, told) if isinstance(told, Told) else _done(destination_id, "replayed")


def ask_to_remove(visitor: Site, destination_id: str) -> Answer:
    """Ask whether it is to be taken away."""
    shown = _read(visitor, destination_id)
    return visitor.page("configuration/destination_removal.html", one=shown.standing.destination, behind=behind(shown))


def remove(visitor: Site, destination_id: str) -> Answer:
    """Take it away."""
    visitor.desk.destinations().remove(destination_id, visitor.call, if_match=version_in(visitor.visit))
    return redirect(HERE)


def _read(visitor: Site, destination_id: str) -> Shown:
    return visitor.desk.destinations().show(destination_id)


def _done(destination_id: str, what: str) -> Answer:
    return redirect(f"{HERE}/{destination_id}?done={what}")


def _attempted(work: Callable[[], T]) -> T | Told:
    """Do what a form asks for; an entry that is not known is told on the form, too."""
    try:
        return attempt(work)
    except NotFoundError as error:
        return Told(problem_of(error).status, text=str(error))


def _kind_in(visit: Visit) -> DestinationForm:
    if visit.said("kind") not in list(DestinationKind):
        raise InvalidInputError(Fault("/kind", "there is no such kind of destination"))
    return DESTINATION_KINDS[DestinationKind(visit.said("kind"))]


def _again(visit: Visit, zone: str) -> Again:
    """Read what is to be delivered again; raise InvalidInputError when nothing is said: that would be everything."""
    if delivery := visit.said("delivery"):
        return Again(delivery_id=delivery)
    if visit.said("failed"):
        return Again(failed=True)
    if not any(visit.said(end) for end in ENDS):
        raise InvalidInputError(Fault("/again", "say where it begins, or where it ends"))
    since, until = (moment(visit.said(end), zone, f"/{end}") if visit.said(end) else None for end in ("since", "until"))
    first, last = visit.said("from_entry") or None, visit.said("to_entry") or None
    return Again(first_entry=first, last_entry=last, since=since, until=until)


def _made(visitor: Site, made: Made, *, done: str) -> Answer:
    destination = made.shown.standing.destination
    if made.secret is None:
        return _done(destination.id, done)
    labels = {one.name: one.label for one in DESTINATION_KINDS[destination.kind].secrets}
    parts = json.loads(made.secret) if made.secret.startswith("{") else {next(iter(labels)): made.secret}
    return visitor.page(
        "configuration/destination_secret.html", one=destination, made={labels[name]: parts[name] for name in parts}
    )


def _names(visitor: Site) -> Mapping[str, str]:
    return {one.id: one.name for one in visitor.desk.integrations().all()}


def _form(
    visitor: Site, form: DestinationForm, typed: Typed, destination: Destination | None = None, told: Told = NOTHING
) -> Answer:
    names = _names(visitor)
    in_force = Typed.of(destination, form) if destination else typed
    return visitor.page(
        "configuration/destination_form.html",
        told.status,
        form=form,
        typed=typed,
        destination=destination,
        in_force=differing(typed, in_force) if told.is_stale else {},
        told=told,
        faults=form.told(told.faults, PLACES),
        integrations={**{one: one for one in typed.integrations}, **names},
        severities=list(Severity),
        formats=FORMATS,
        headers=typed.headers_again if told is not NOTHING else typed.headers,
        zone_name=visitor.desk.settings().time_zone,
        once=visitor.visit.said("once") or secrets.token_urlsafe(16),
    )


def _page(visitor: Site, destination_id: str, told: Told = NOTHING) -> Answer:
    shown = _read(visitor, destination_id)
    destination, before = shown.standing.destination, visitor.visit.asked("before") or None
    lines = list(visitor.desk.destinations().deliveries(destination_id, below=before, limit=PAGE + 1))
    form = DESTINATION_KINDS[destination.kind]
    return visitor.page(
        "configuration/destination.html",
        told.status if told is not NOTHING else OK,
        one=destination,
        progress=shown.standing.progress,
        state=state_of(shown),
        lag=lag(shown),
        is_moving=destination.is_active and bool(behind(shown) or shown.standing.progress.replays),
        lost=lost_in_words(shown.standing.progress),
        form=form,
        settings=settings_in_words(destination),
        secret_parts=[one for one in form.secrets if one.counts(form.texts_of(destination.settings))],
        chosen=selection_in_words(destination.selection, _names(visitor)),
        headers=Typed.of(destination, form).headers.splitlines(),
        validators=Typed.of(destination, form).validators,
        formats=FORMATS,
        deliveries=lines[:PAGE],
        older=lines[PAGE - 1].id if len(lines) > PAGE else None,
        is_newest=before is None,
        tested=_tested(visitor.visit, lines),
        results=RESULTS,
        told=told,
        faults=form.told(told.faults, ("secret", "since", "until")),
        done=DONE.get(visitor.visit.asked("done"), ""),
        zone_name=visitor.desk.settings().time_zone,
        once=secrets.token_urlsafe(16),
    )


def _tested(visit: Visit, lines: Sequence[Delivery]) -> Delivery | None:
    return next((line for line in lines if line.id == visit.asked("tested")), None)
