"""The audit trail's settings: how long it is kept, which reads it tells of, who may add to it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.audit_settings import LONGEST_DAYS, SHORTEST_DAYS, AuditChoices, AuditSettings, Reads
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.configuration.chosen import checked, faults_by_field, number
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt, version_in
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor

HERE = "/configuration/settings/audit"


class Typed(NamedTuple):
    """What was typed, or what is in force, as it stands in the form. A writer is an id with the names it may use."""

    retention_days: str
    reads: str
    writers: list[tuple[str, str]]

    @classmethod
    def of(cls, choices: AuditChoices) -> "Typed":
        """Write what is in force."""
        writers = [(writer.principal_id, " ".join(writer.events)) for writer in choices.writers]
        return cls(str(choices.retention_days), choices.reads, writers)

    @classmethod
    def sent(cls, visit: Visit) -> "Typed":
        """Read what was typed. A writer without an id is one that is taken away."""
        ids, events = visit.form.get("writer", []), visit.form.get("writer_events", [])
        writers = [(one.strip(), names.strip()) for one, names in zip(ids, events, strict=False) if one.strip()]
        return cls(visit.said("retention_days"), visit.said("reads"), writers)

    def choices(self) -> AuditChoices:
        """Make the choices; raise InvalidInputError with a fault for each field that is wrong."""
        writers = [{"principal_id": one, "events": tuple(names.split())} for one, names in self.writers]
        values = {"retention_days": number(self.retention_days), "reads": self.reads, "writers": writers}
        return checked(AuditChoices, values)


class GivenUp(NamedTuple):
    """What a shorter retention gives up: so many events, those that were recorded before a time."""

    events: int
    before: datetime


def show(visitor: Visitor[ConfigurationDesk]) -> Answer:
    """Show what is in force."""
    return _page(visitor, Typed.of(visitor.desk.audit_settings().show().choices))


def save(visitor: Visitor[ConfigurationDesk]) -> Answer:
    """Put what was typed in force. What gives something up is asked once more, with what that is."""
    desk, typed, version = visitor.desk.audit_settings(), Typed.sent(visitor.visit), version_in(visitor.visit)
    choices = attempt(typed.choices)
    if isinstance(choices, Told):
        return _page(visitor, typed, choices)
    if given_up := _given_up(visitor, desk.show(), choices):
        return _page(visitor, typed, given_up=given_up)
    saved = attempt(lambda: desk.put(choices, visitor.call, if_match=version))
    if isinstance(saved, Told):
        return _page(visitor, typed, saved)
    return redirect(f"{HERE}?done=saved")


def _given_up(visitor: Visitor[ConfigurationDesk], current: AuditSettings, choices: AuditChoices) -> GivenUp | None:
    """Say what would be given up that nobody has agreed to yet."""
    days = choices.retention_days
    if timedelta(days=days) >= current.retention or visitor.visit.said("agreed") == str(days):
        return None
    before = visitor.desk.now() - timedelta(days=days)
    first, last = visitor.desk.trail().stretch(EntryFilter(until=before))
    return GivenUp(max(last + 1 - first, 0), before)


def _page(
    visitor: Visitor[ConfigurationDesk], typed: Typed, told: Told = NOTHING, given_up: GivenUp | None = None
) -> Answer:
    settings = visitor.desk.audit_settings().show()
    names = {one.id: one.name for one in visitor.desk.people().all()} if typed.writers else {}
    return visitor.page(
        "configuration/audit.html",
        told.status,
        typed=typed,
        settings=settings,
        in_force=settings.choices,
        kept_since=settings.kept_since(visitor.desk.now()),
        reads=list(Reads),
        shortest=SHORTEST_DAYS,
        longest=LONGEST_DAYS,
        names=names,
        given_up=given_up,
        told=told,
        is_done=visitor.visit.asked("done") == "saved",
        faults=faults_by_field(told.faults),
    )
