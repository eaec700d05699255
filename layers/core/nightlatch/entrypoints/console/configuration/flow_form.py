"""The form of an access flow: what is typed, and the flow that it says."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
from nightlatch.domain.approval_rule import ApprovalStep
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.opening_hours import WEEK
from nightlatch.domain.selectors import Condition, PeopleSelector, TargetSelector, Who
from nightlatch.domain.value import Value
from nightlatch.entrypoints.console.configuration.chosen import checked, lines, number, slug
from nightlatch.entrypoints.console.templating import DIRECTIONS
from nightlatch.entrypoints.console.visit import Fields

V = TypeVar("V", bound=Value)
T = TypeVar("T")

MOST_PARTS = 60
"""More conditions or steps are read from no form; a flow has fewer."""

UNITS = {"D": timedelta(days=1), "H": timedelta(hours=1), "M": timedelta(minutes=1), "S": timedelta(seconds=1)}
ANY_TIME, THESE_HOURS = "any", "these"
NOBODY, STEPS = "nobody", "steps"

LINE = re.compile(r"/(?:names|ids|tags|permissions)/(\d+)$")
WITHIN = re.compile(r"(?<=/)(values|people|groups|days|needed)/.*")
NO_DURATION = "must be an ISO 8601 duration such as PT1H or PT30M"

DO = re.compile(r"(add|remove|raise)-(condition|step)(?:-(\d{1,2}))?")


class Length(NamedTuple):
    """A span of time as it is typed: how many of which unit."""

    amount: str = ""
    unit: str = "H"

    @classmethod
    def of(cls, span: timedelta) -> "Length":
        """Write a span in the largest unit that says it exactly."""
        unit = next(name for name, one in UNITS.items() if not span % one)
        return cls(str(span // UNITS[unit]), unit)

    @classmethod
    def sent(cls, form: Fields, name: str) -> "Length":
        """Read what was typed."""
        return cls(_said(form, name), _said(form, f"{name}-unit") or "H")

    @property
    def iso_8601(self) -> str:
        """Say it as a definition does; what is no number is no duration either."""
        return f"P{self.amount}D" if self.unit == "D" else f"PT{self.amount}{self.unit}"


class Named(NamedTuple):
    """People and groups that are named."""

    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, selector: PeopleSelector | None) -> "Named":
        """Write who is named."""
        return cls(selector.people, selector.groups) if selector else cls()

    @classmethod
    def sent(cls, form: Fields, name: str) -> "Named":
        """Read who was named."""
        return cls(_several(form, f"{name}-people"), _several(form, f"{name}-groups"))

    @property
    def selector(self) -> dict[str, object] | None:
        """Say it as a definition does; nobody is nothing."""
        return {"people": self.people, "groups": self.groups} if self.people or self.groups else None


class ConditionForm(NamedTuple):
    """One condition."""

    attribute: str = "group"
    operator: str = "is"
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, condition: Condition) -> "ConditionForm":
        """Write a condition."""
        return cls(condition.attribute, condition.operator, condition.values)

    @classmethod
    def sent(cls, form: Fields, name: str) -> "ConditionForm":
        """Read what was typed."""
        return cls(_said(form, f"{name}-attribute"), _said(form, f"{name}-operator"), _several(form, f"{name}-values"))


class StepForm(NamedTuple):
    """One step: how many of whom, and whom else once it has waited for so long."""

    needed: str = "1"
    asked: Named = Named()
    after: Length = Length()
    later: Named = Named()

    @classmethod
    def of(cls, step: ApprovalStep) -> "StepForm":
        """Write a step."""
        escalation = step.escalation
        after = Length.of(escalation.after) if escalation else Length()
        return cls(str(step.needed), Named.of(step), after, Named.of(escalation))

    @classmethod
    def sent(cls, form: Fields, name: str) -> "StepForm":
        """Read what was typed."""
        return cls(
            needed=_said(form, f"{name}-needed"),
            asked=Named.sent(form, name),
            after=Length.sent(form, f"{name}-after"),
            later=Named.sent(form, f"{name}-later"),
        )

    @property
    def is_escalated(self) -> bool:
        """Whether anything is said of who is asked later."""
        return bool(self.after.amount or self.later.selector)

    @property
    def step(self) -> dict[str, object]:
        """Say it as a definition does."""
        escalation = {"after": self.after.iso_8601, **self.later._asdict()} if self.is_escalated else None
        return {"needed": number(self.needed), **self.asked._asdict(), "escalation": escalation}


class FlowForm(NamedTuple):
    """What is typed. `hours` and `approval` say whether the hours and the steps count; both are kept if not."""

    conditions: tuple[ConditionForm, ...]
    steps: tuple[StepForm, ...]
    zone: str
    id: str = ""
    name: str = ""
    description: str = ""
    match: str = "any"
    behalf: Named = Named()
    integration: str = ""
    resource_type: str = ""
    names: str = ""
    ids: str = ""
    tags: str = ""
    never_names: str = ""
    never_ids: str = ""
    never_tags: str = ""
    permissions: str = ""
    default: Length = Length("1")
    maximum: Length = Length("8")
    extensions: str = "0"
    longest: Length = Length("1")
    hours: str = ANY_TIME
    days: tuple[str, ...] = WEEK[:5]
    start: str = "08:00"
    end: str = "18:00"
    approval: str = STEPS
    window: Length = Length("24")
    justification: bool = True
    minimum_length: str = "1"
    justification_pattern: str = ""
    ticket: bool = False
    ticket_pattern: str = ""
    approver_reason: bool = False
    fresh: Length = Length(unit="M")

    @classmethod
    def empty(cls, zone: str) -> "FlowForm":
        """Begin a flow; its hours are those of an office in the deployment's zone."""
        return cls(conditions=(ConditionForm(),), steps=(StepForm(),), zone=zone)

    @classmethod
    def of(cls, flow: AccessFlow, zone: str) -> "FlowForm":
        """Write a flow."""
        definition = flow.definition
        empty = cls.empty(zone)
        grant, require, hours = definition.grant, definition.require, definition.when or empty
        return cls(
            conditions=tuple(map(ConditionForm.of, definition.who.conditions)),
            steps=tuple(map(StepForm.of, definition.approve.steps)),
            zone=hours.zone,
            id=flow.id,
            name=definition.name,
            description=definition.description,
            match=definition.who.match,
            behalf=Named.of(definition.on_behalf),
            **_targets(definition.what),
            default=Length.of(grant.default),
            maximum=Length.of(grant.maximum),
            extensions=str(grant.extensions.count) if grant.extensions else empty.extensions,
            longest=Length.of(grant.extensions.longest) if grant.extensions else empty.longest,
            hours=THESE_HOURS if definition.when else ANY_TIME,
            days=hours.days,
            start=hours.start,
            end=hours.end,
            approval=NOBODY if definition.approve.is_automatic else STEPS,
            window=Length.of(definition.approve.window),
            justification=require.justification,
            minimum_length=str(require.minimum_length),
            justification_pattern=require.justification_pattern or "",
            ticket=require.ticket,
            ticket_pattern=require.ticket_pattern or "",
            approver_reason=require.approver_reason,
            fresh=Length.of(require.fresh_sign_in) if require.fresh_sign_in else empty.fresh,
        )

    @classmethod
    def sent(cls, form: Fields) -> "FlowForm":
        """Read what was typed, and do what a button of the form asks for: add, remove or raise a part."""
        typed: dict[str, Any] = {name: _said(form, name) for name in TEXTS}  # each field as its own kind
        typed |= {name: Length.sent(form, name) for name in ("default", "maximum", "longest", "window", "fresh")}
        typed |= {name: name in form for name in ("justification", "ticket", "approver_reason")}
        made = cls(
            conditions=tuple(ConditionForm.sent(form, name) for name in _parts(form, "condition", "attribute")),
            steps=tuple(StepForm.sent(form, name) for name in _parts(form, "step", "needed")),
            behalf=Named.sent(form, "behalf"),
            days=tuple(form.get("days", [])),
            **typed,
        )
        return made.after(_said(form, "do"))

    def after(self, wish: str) -> "FlowForm":
        """Do what a button of the form asks for; what is no wish changes nothing."""
        if (found := DO.fullmatch(wish)) is None:
            return self
        verb, kind, place = found[1], found[2], int(found[3] or 0)
        if kind == "condition":
            return self._replace(conditions=_moved(self.conditions, verb, place, ConditionForm()))
        return self._replace(steps=_moved(self.steps, verb, place, StepForm()))

    def faults(self) -> tuple[Fault, ...]:
        """List what is wrong, all at once."""
        found: list[Fault] = []
        for read in (lambda: slug(self.id), self.definition):
            try:
                read()
            except InvalidInputError as error:
                found += error.faults
        return tuple(found)

    def definition(self) -> FlowDefinition:
        """Make the definition; raise InvalidInputError with a fault for each field that is wrong."""
        missing = [] if self.integration else [Fault("/what/integration", "must be chosen")]
        if self.approval != NOBODY and not self.steps:
            missing.append(Fault("/approve/steps", "needs a step, unless nobody approves"))
        try:
            made = checked(FlowDefinition, self._body)
        except InvalidInputError as error:
            raise InvalidInputError(*_innermost([*missing, *map(_kinder, error.faults)])) from error
        if missing:
            raise InvalidInputError(*missing)
        return made

    def holds(self, definition: FlowDefinition) -> bool:
        """Whether a definition comes back as it was: names may have blanks around them, or marks that pages replace."""
        try:
            return self.definition() == definition and not DIRECTIONS.search(definition.model_dump_json())
        except InvalidInputError:
            return False

    @property
    def who(self) -> Who | None:
        """Who may ask, as soon as that is said."""
        return _as_far_as_said(Who, self._body["who"])

    @property
    def what(self) -> TargetSelector | None:
        """What may be asked for, as soon as that is said."""
        return _as_far_as_said(TargetSelector, self._body["what"])

    @property
    def _body(self) -> dict[str, object]:
        """Say it all as a definition does."""
        extensions = {"count": number(self.extensions), "longest": self.longest.iso_8601}
        hours = {"zone": self.zone, "days": self.days, "start": self.start, "end": self.end}
        steps = [] if self.approval == NOBODY else [step.step for step in self.steps]
        return {
            "name": self.name,
            "description": self.description,
            "who": {"match": self.match, "conditions": [condition._asdict() for condition in self.conditions]},
            "on_behalf": self.behalf.selector,
            "what": self._what,
            "grant": {
                "default": self.default.iso_8601,
                "maximum": self.maximum.iso_8601,
                "extensions": None if self.extensions == "0" else extensions,
            },
            "when": hours if self.hours == THESE_HOURS else None,
            "approve": {"window": self.window.iso_8601, "steps": steps},
            "require": self._require,
        }

    @property
    def _what(self) -> dict[str, object]:
        never = {"names": self.never_names, "ids": self.never_ids, "tags": self.never_tags}
        return {
            "integration": self.integration,
            "resource_type": self.resource_type or None,
            "names": lines(self.names),
            "ids": lines(self.ids),
            "tags": lines(self.tags),
            "exclude": {name: lines(text) for name, text in never.items()},
            "permissions": lines(self.permissions),
        }

    @property
    def _require(self) -> dict[str, object]:
        return {
            "justification": self.justification,
            "minimum_length": number(self.minimum_length or "1"),
            "justification_pattern": self.justification_pattern or None,
            "ticket": self.ticket,
            "ticket_pattern": self.ticket_pattern or None,
            "approver_reason": self.approver_reason,
            "fresh_sign_in": self.fresh.iso_8601 if self.fresh.amount else None,
        }


TEXTS = (
    *("id", "name", "description", "match", "integration", "resource_type", "names", "ids", "tags"),
    *("never_names", "never_ids", "never_tags", "permissions", "extensions", "hours", "zone", "start", "end"),
    *("approval", "minimum_length", "justification_pattern", "ticket_pattern"),
)


def faults_by_place(faults: tuple[Fault, ...]) -> dict[str, str]:
    """Say what is wrong beside each field: of a text with several lines, with its line."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        line = LINE.search(fault.pointer)
        place = fault.pointer[: line.start(1) - 1] if line else WITHIN.sub(r"\1", fault.pointer)
        found.setdefault(place, []).append(f"line {int(line[1]) + 1} {fault.message}" if line else fault.message)
    return {place: "; ".join(dict.fromkeys(messages)) for place, messages in found.items()}


def _targets(what: TargetSelector) -> Mapping[str, str]:
    lists = {
        "names": what.names,
        "ids": what.ids,
        "tags": what.tags,
        "never_names": what.exclude.names,
        "never_ids": what.exclude.ids,
        "never_tags": what.exclude.tags,
        "permissions": what.permissions,
    }
    texts = {name: "\n".join(one) for name, one in lists.items()}
    return {"integration": what.integration, "resource_type": what.resource_type or "", **texts}


def _said(form: Fields, name: str) -> str:
    return form.get(name, [""])[0].strip().replace("\r\n", "\n")


def _several(form: Fields, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in form.get(name, []) if text.strip()))


def _parts(form: Fields, kind: str, field: str) -> list[str]:
    names = [f"{kind}-{place}" for place in range(MOST_PARTS)]
    return [name for name in names if f"{name}-{field}" in form]


def _moved(parts: tuple[T, ...], verb: str, place: int, new: T) -> tuple[T, ...]:
    if verb == "add":
        return (*parts, new)
    rest = (*parts[:place], *parts[place + 1 :])
    if verb == "remove" or not 0 < place < len(parts):
        return rest if verb == "remove" else parts
    return (*rest[: place - 1], parts[place], *rest[place - 1 :])


def _as_far_as_said(model: type[V], values: object) -> V | None:
    try:
        return checked(model, values)  # type: ignore[arg-type]  # one part of the body
    except InvalidInputError:
        return None


def _innermost(faults: Sequence[Fault]) -> list[Fault]:
    """Leave out what is said of a list because of its parts, and what is said of a field for the second time."""
    first = {fault.pointer: fault for fault in reversed(faults)}
    kept = [fault for fault in faults if first[fault.pointer] is fault]
    return [fault for fault in kept if not any(other.startswith(f"{fault.pointer}/") for other in first)]


def _kinder(fault: Fault) -> Fault:
    return fault._replace(message="must be a whole number") if fault.message == NO_DURATION else fault
