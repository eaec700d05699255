"""Integrations: the connected systems, what was found in them, and connecting another."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from nightlatch.domain.errors import ConnectorError, Fault, InvalidInputError
from nightlatch.domain.integration import Integration, IntegrationStatus, Resource
from nightlatch.entrypoints.api.bodies.integrations import IntegrationToAdd
from nightlatch.entrypoints.console.answers import OK, Answer, redirect
from nightlatch.entrypoints.console.configuration.chosen import checked
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt
from nightlatch.entrypoints.console.configuration.integration_kinds import INTEGRATION_KINDS
from nightlatch.entrypoints.console.configuration.kind_forms import KindForm, Texts
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import Mark, plural
from nightlatch.entrypoints.problem_kinds import problem_of

HERE = "/configuration/integrations"
PAGE = 25
PLACES = ("id", "name", "secret")

STATUSES = {
    IntegrationStatus.NEW: Mark("Not checked yet", "dot", "gray"),
    IntegrationStatus.READY: Mark("Ready", "check", "green"),
    IntegrationStatus.FAILING: Mark("Failing", "alert", "red"),
}

Site = Visitor[ConfigurationDesk]


class Trial(NamedTuple):
    """What came of a check or a scan, said on the page that asked for it."""

    is_good: bool
    text: str
    status: int = OK


@dataclass(frozen=True)
class Typed:
    """What stands in the form of a system that is to be connected; its secret never does."""

    id: str = ""
    name: str = ""
    settings: Texts = field(default_factory=dict)

    @classmethod
    def sent(cls, visit: Visit, form: KindForm) -> "Typed":
        """Read what was typed."""
        return cls(visit.said("id"), visit.said("name"), form.sent(visit))

    def wanted(self, form: KindForm, secret: str) -> IntegrationToAdd:
        """Make what is to be connected; raise InvalidInputError with a fault for each field that is wrong."""
        body = {"id": self.id, "name": self.name, "kind": form.kind, "settings": {}, "secret": secret}
        wrong = attempt(lambda: form.values(self.settings)), attempt(lambda: checked(IntegrationToAdd, body))
        settings, added = wrong
        if isinstance(settings, Told) or isinstance(added, Told):
            raise InvalidInputError(*(fault for one in wrong if isinstance(one, Told) for fault in one.faults))
        return added.model_copy(update={"settings": settings})


def show_all(visitor: Site) -> Answer:
    """List the connected systems."""
    return visitor.page(
        "configuration/integrations.html",
        integrations=visitor.desk.integrations().all(),
        kinds=INTEGRATION_KINDS,
        marks=STATUSES,
    )


def show(visitor: Site, integration_id: str) -> Answer:
    """Show one, and what was found in it."""
    return _page(visitor, integration_id)


def check(visitor: Site, integration_id: str) -> Answer:
    """Try the connection, and say what came of it."""
    result = visitor.desk.integrations().check(integration_id, visitor.call)
    text = "It answers, and lets Nightlatch do what it needs" if result.ok else result.message
    return _page(visitor, integration_id, Trial(result.ok, text))


def scan(visitor: Site, integration_id: str) -> Answer:
    """Read what is in the system, and say what was found and how long it took."""
    desk, began = visitor.desk.integrations(), visitor.desk.now()
    try:
        desk.scan(integration_id, visitor.call)
    except ConnectorError as error:
        return _page(visitor, integration_id, Trial(is_good=False, text=str(error), status=problem_of(error).status))
    found = _found(desk.resources(integration_id), visitor.desk.now() - began)
    return _page(visitor, integration_id, Trial(is_good=True, text=found))


def ask_for_new(visitor: Site) -> Answer:
    """Let the kind be chosen, then show its form."""
    form = INTEGRATION_KINDS.get(visitor.visit.asked("kind"))
    if form is None:
        return visitor.page("configuration/integration_kinds.html", kinds=list(INTEGRATION_KINDS.values()))
    return _form(visitor, form, Typed(settings=form.first))


def add(visitor: Site) -> Answer:
    """Connect a system."""
    form = _kind_in(visitor.visit)
    typed = Typed.sent(visitor.visit, form)

    def added() -> Integration:
        wanted = typed.wanted(form, form.secret_in(visitor.visit))
        return visitor.desk.integrations().add(
            wanted.id,
            visitor.call,
            name=wanted.name,
            kind=wanted.kind,
            settings=wanted.settings,
            secret=wanted.secret.get_secret_value(),
        )

    told = attempt(added)
    return _form(visitor, form, typed, told) if isinstance(told, Told) else redirect(f"{HERE}/{told.id}?done=added")


def _kind_in(visit: Visit) -> KindForm:
    form = INTEGRATION_KINDS.get(visit.said("kind"))
    if form is None:
        raise InvalidInputError(Fault("/kind", "there is no such kind of system"))
    return form


def _form(visitor: Site, form: KindForm, typed: Typed, told: Told = NOTHING) -> Answer:
    return visitor.page(
        "configuration/integration_form.html",
        told.status,
        form=form,
        typed=typed,
        told=told,
        faults=form.told(told.faults, PLACES),
        once=visitor.visit.said("once") or secrets.token_urlsafe(16),
    )


def _page(visitor: Site, integration_id: str, trial: Trial | None = None) -> Answer:
    desk, text = visitor.desk.integrations(), visitor.visit.asked("q")
    integration, resources = desk.show(integration_id), desk.resources(integration_id)
    found = [one for one in resources if _is_about(one, text.casefold())]
    begin = _begin(visitor.visit, len(found))
    return visitor.page(
        "configuration/integration.html",
        trial.status if trial else OK,
        integration=integration,
        mark=STATUSES[integration.status],
        settings=settings_in_words(integration),
        kind=INTEGRATION_KINDS.get(integration.kind),
        resources=found[begin : begin + PAGE],
        number=len(found),
        begin=begin,
        next=begin + PAGE if len(found) > begin + PAGE else None,
        text=text,
        trial=trial,
        is_added=visitor.visit.asked("done") == "added",
    )


def settings_in_words(integration: Integration) -> Mapping[str, str]:
    """Write the settings with their labels; those of a kind that is not known, with their names."""
    form = INTEGRATION_KINDS.get(integration.kind)
    if form is None:
        return {name: str(value) for name, value in integration.settings.items()}
    texts = form.texts_of(integration.settings)
    return {one.label: one.shown(texts[one.name]) for one in form.settings if texts[one.name]}


def _begin(visit: Visit, number: int) -> int:
    begin = visit.asked("begin")
    return min(int(begin), number) if begin.isascii() and begin.isdecimal() and len(begin) < len("1000000") else 0


def _is_about(resource: Resource, text: str) -> bool:
    names = (permission.name for permission in resource.permissions)
    return any(
        text in place.casefold() for place in (resource.name, resource.id, resource.type, *resource.tags, *names)
    )


def _found(resources: Sequence[Resource], took: timedelta) -> str:
    counts = Counter(resource.type for resource in resources)
    permissions = sum(len(resource.permissions) for resource in resources)
    told = ", ".join(plural(count, kind) for kind, count in sorted(counts.items())) or "nothing"
    return f"Found {told}, with {plural(permissions, 'permission')} in all, in {took.total_seconds():.1f} s"
