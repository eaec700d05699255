"""Access flows in words: each of their parts, what a change changed, and where something is wrong."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from operator import attrgetter
from typing import NamedTuple

from nightlatch.domain.access_flow import AccessFlow, ExtensionRule, FlowDefinition, GrantRule, Requirements
from nightlatch.domain.approval_rule import ALL, ApprovalRule, ApprovalStep
from nightlatch.domain.errors import Fault
from nightlatch.domain.flow_history import differences
from nightlatch.domain.integration import Integration
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.selectors import (
    EVERYTHING,
    Attribute,
    Condition,
    Match,
    Operator,
    PeopleSelector,
    ResourceSelector,
    TargetSelector,
    Who,
)
from nightlatch.entrypoints.console.wording import plural

Lines = tuple[str, ...]

LABELS = {
    "": "The flow",
    "/id": "Id",
    "/name": "Name",
    "/description": "Description",
    "/who": "Who may ask",
    "/who/match": "How many of the conditions must hold",
    "/who/conditions": "Who may ask",
    "/on_behalf": "Who may ask for them",
    "/on_behalf/people": "People who may ask for them",
    "/on_behalf/groups": "Groups that may ask for them",
    "/what": "For what",
    "/what/names": "Resources by name",
    "/what/ids": "Resources by id",
    "/what/tags": "Resources by tag",
    "/what/integration": "Integration",
    "/what/resource_type": "Type of resource",
    "/what/exclude/names": "Never these, by name",
    "/what/exclude/ids": "Never these, by id",
    "/what/exclude/tags": "Never these, by tag",
    "/what/permissions": "Permissions",
    "/grant": "How long",
    "/grant/default": "Default duration",
    "/grant/maximum": "Maximum duration",
    "/grant/extensions": "Extensions",
    "/grant/extensions/count": "Number of extensions",
    "/grant/extensions/longest": "Length of an extension",
    "/when": "When it may begin",
    "/when/zone": "Time zone",
    "/when/days": "Days",
    "/when/start": "From",
    "/when/end": "Until",
    "/approve/steps": "Who approves",
    "/approve/window": "Approval window",
    "/require/justification": "A justification is required",
    "/require/minimum_length": "Shortest justification",
    "/require/justification_pattern": "Pattern of the justification",
    "/require/ticket": "A ticket is required",
    "/require/ticket_pattern": "Pattern of the ticket",
    "/require/approver_reason": "Approvers say why",
    "/require/fresh_sign_in": "Approvers signed in within",
}
"""What each place of a definition is called, by its JSON pointer."""

NOTHING_SAID = {"/when": "at any time", "/approve/steps": "nobody: granted at once", "/what/resource_type": "any"}
"""What it means where nothing stands."""

OF_A_PART = re.compile(r"(/who/conditions|/approve/steps)/(\d+)(?=/|$)")
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
CONDITIONS = {
    (Attribute.GROUP, Operator.IS): "in {}",
    (Attribute.GROUP, Operator.IS_NOT): "not in {}",
    (Attribute.GROUP, Operator.CONTAINS): "in a group whose name contains {}",
    (Attribute.GROUP, Operator.STARTS_WITH): "in a group whose name starts with {}",
    (Attribute.PERSON, Operator.IS): "{}",
    (Attribute.PERSON, Operator.IS_NOT): "not {}",
    (Attribute.PERSON, Operator.CONTAINS): "whoever has an id that contains {}",
    (Attribute.PERSON, Operator.STARTS_WITH): "whoever has an id that starts with {}",
}


class Changed(NamedTuple):
    """One place that a change changed: what stood there, and what stands there now. Nothing stood there: no lines."""

    label: str
    before: Lines
    after: Lines


class Version(NamedTuple):
    """One version of a flow, and what it changed."""

    flow: AccessFlow
    verb: str
    changes: list[Changed]


class FlowWords:
    """Puts flows in words. People are called by the names that they had when they were last here."""

    def __init__(self, people: Iterable[KnownPerson], integrations: Iterable[Integration]) -> None:
        self._names = {person.id: person.name for person in people}
        self._integrations = {integration.id: integration.name for integration in integrations}

    def person(self, person_id: str) -> str:
        """Name a person; one whom nobody knows by the id."""
        return "everybody" if person_id == EVERYTHING else self._names.get(person_id, person_id)

    def integration(self, integration_id: str) -> str:
        """Name a connected system; one that is not connected by the id."""
        return self._integrations.get(integration_id, f"{integration_id}, which is not connected")

    def who(self, who: Who) -> str:
        """Say who may ask."""
        return (" or " if who.match is Match.ANY else " and ").join(map(self.condition, who.conditions))

    def condition(self, condition: Condition) -> str:
        """Say one condition."""
        is_exact = condition.operator in {Operator.IS, Operator.IS_NOT}
        is_person = condition.attribute is Attribute.PERSON and is_exact
        values = [self.person(one) for one in condition.values] if is_person else condition.values
        return CONDITIONS[condition.attribute, condition.operator].format(" or ".join(values))

    def whom(self, selector: PeopleSelector) -> str:
        """Name the groups and people of a selector."""
        return ", ".join((*selector.groups, *map(self.person, selector.people)))

    def step(self, step: ApprovalStep) -> str:
        """Say how many of whom must say yes."""
        needed = "Each of" if step.needed == ALL else f"{step.needed} of"
        later = step.escalation
        more = f"; after {exactly(later.after)} also {self.whom(later)}" if later else ""
        return f"{needed} {self.whom(step)}{more}"

    def approval(self, rule: ApprovalRule) -> Lines:
        """Say who decides, a line for each step."""
        if rule.is_automatic:
            return ("Nobody: granted at once",)
        first, *following = map(self.step, rule.steps)
        return (first, *(f"then {text[0].lower()}{text[1:]}" for text in following))

    def parts(self, definition: FlowDefinition) -> dict[str, Lines]:
        """Say all of a flow, part by part."""
        told = {
            "Who may ask": (capital(self.who(definition.who)),),
            "Asked for by": (self.whom(definition.on_behalf), "or by themselves") if definition.on_behalf else (),
            "For what": what_words(definition.what),
            "Integration": (self.integration(definition.what.integration),),
            "How long": lasting(definition.grant),
            "When": (hours_words(definition.when),),
            "Who approves": self.approval(definition.approve),
            "Approval window": () if definition.approve.is_automatic else (exactly(definition.approve.window),),
            "Must be said": requirements(definition.require),
        }
        return {label: lines for label, lines in told.items() if lines}

    def changes(self, before: FlowDefinition, after: FlowDefinition) -> list[Changed]:
        """Say what is different, place by place."""
        pointers = [difference.pointer for difference in differences(before, after)]
        return [Changed(label(pointer), self._at(pointer, before), self._at(pointer, after)) for pointer in pointers]

    def history(self, versions: list[AccessFlow]) -> list[Version]:
        """Say who made each version, and what it changed. Newest first, as they come."""
        return [self._version(flow, before) for flow, before in zip(versions, [*versions[1:], None], strict=True)]

    def _version(self, flow: AccessFlow, before: AccessFlow | None) -> Version:
        if flow.is_deleted:
            return Version(flow, "Deleted", [])
        if before is None or before.is_deleted:
            return Version(flow, "Created", [])
        return Version(flow, "Changed", self.changes(before.definition, flow.definition))

    def _at(self, pointer: str, definition: FlowDefinition) -> Lines:
        said = self._said(attrgetter(pointer[1:].replace("/", "."))(definition), pointer)
        return said or (NOTHING_SAID[pointer],) if pointer in NOTHING_SAID else said

    def _said(self, value: object, pointer: str) -> Lines:
        if isinstance(value, tuple):
            return tuple(self._text(one, pointer) for one in value)
        return () if value is None or value == "" else (self._text(value, pointer),)

    def _text(self, value: object, pointer: str) -> str:
        match value:
            case Condition():
                return self.condition(value)
            case ApprovalStep():
                return self.step(value)
            case PeopleSelector():
                return self.whom(value)
            case str() if pointer.endswith("/people"):
                return self.person(value)
        return _plain(value)


def label(pointer: str) -> str:
    """Name the place that a pointer points to, as people do: of several alike, with its number."""
    found = OF_A_PART.search(pointer)
    part = f", {'condition' if 'who' in found[1] else 'step'} {int(found[2]) + 1}" if found else ""
    known = pointer
    while known not in LABELS:
        known = known.rpartition("/")[0]
    return f"{LABELS[known]}{part}"


def told(fault: Fault) -> str:
    """Say what is wrong, and where."""
    return f"{label(fault.pointer)}: {fault.message}"


def exactly(length: timedelta) -> str:
    """Write a span in all of its units: two that differ never look alike."""
    rest, parts = int(length.total_seconds()), []
    for size, unit in UNITS:
        amount, rest = divmod(rest, size)
        parts += [f"{amount} {unit}"] if amount else []
    return " ".join(parts)


def what_words(what: TargetSelector) -> Lines:
    """Say what may be asked for, and what never."""
    permissions = "Any permission" if EVERYTHING in what.permissions else ", ".join(what.permissions)
    kind = f" of type {what.resource_type}" if what.resource_type else ""
    never = resource_words(what.exclude)
    return (f"{permissions} on {resource_words(what)}{kind}", *((f"never {never}",) if never else ()))


def resource_words(selector: ResourceSelector) -> str:
    """Name the resources of a selector."""
    if EVERYTHING in {*selector.names, *selector.ids}:
        return "any resource"
    return ", ".join((*selector.names, *selector.ids, *(f"#{tag}" for tag in selector.tags)))


def lasting(grant: GrantRule) -> Lines:
    """Say how long access lasts."""
    longest = f"{exactly(grant.default)}, at most {exactly(grant.maximum)}"
    return (longest, f"may be extended {extension_words(grant.extensions)}") if grant.extensions else (longest,)


def extension_words(rule: ExtensionRule) -> str:
    """Say how often and by how much."""
    return f"{plural(rule.count, 'time')} by {exactly(rule.longest)}"


def hours_words(hours: OpeningHours | None) -> str:
    """Say when access may begin."""
    if hours is None:
        return "At any time"
    chosen = [day for day in WEEK if day in hours.days]
    is_run = len(chosen) > 2 and chosen == [*WEEK[WEEK.index(chosen[0]) :][: len(chosen)]]  # noqa: PLR2004  (from to)
    names = [chosen[0], chosen[-1]] if is_run else chosen
    days = "Every day" if len(chosen) == len(WEEK) else (" to " if is_run else ", ").join(map(str.capitalize, names))
    return f"{days} {hours.start} to {hours.end}, {hours.zone}"


def requirements(require: Requirements) -> Lines:
    """Say what must be said."""
    long = f" of at least {require.minimum_length} characters" if require.minimum_length > 1 else ""
    asked: Mapping[str, bool] = {
        f"a justification{long}{_fitting(require.justification_pattern)}": require.justification,
        f"a ticket{_fitting(require.ticket_pattern)}": require.ticket,
        f"a ticket, if given,{_fitting(require.ticket_pattern)}": not require.ticket and bool(require.ticket_pattern),
        "a reason by who decides": require.approver_reason,
        f"a sign-in of who approves, within {exactly(require.fresh_sign_in or timedelta())}": bool(
            require.fresh_sign_in
        ),
    }
    return tuple(capital(text) for text, is_asked in asked.items() if is_asked) or ("Nothing",)


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return exactly(value)
        case OpeningHours():
            return hours_words(value)
        case ExtensionRule():
            return extension_words(value)
    return str(value)


def _fitting(pattern: str | None) -> str:
    return f" that fits {pattern}" if pattern else ""


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]
