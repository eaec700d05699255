"""Forms of what is chosen: each field as a person reads and types it, and what they typed, read again.

A field's bounds, its explanation and what it was at first are those of the model that the services are given.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.integration import Slug
from nightlatch.domain.value import Value
from nightlatch.entrypoints.console.visit import Visit

V = TypeVar("V", bound=BaseModel)

LONGEST_NUMBER = 9
NESTING = {"events", "hours"}
"""Parts of a model that are no fields of a form: their own parts are."""


class Kind(StrEnum):
    """How a field is filled in."""

    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"
    LINES = "lines"


class FormField(NamedTuple):
    """One field: what is typed in it, what is in force and what was at first, all as text."""

    name: str
    label: str
    hint: str
    kind: Kind
    typed: str
    in_force: str
    at_first: str
    low: int | None = None
    high: int | None = None
    options: tuple[str, ...] = ()
    fault: str = ""


def kind_of(info: FieldInfo) -> Kind:
    """Say how a field of a model is filled in."""
    annotation = info.annotation
    if annotation is bool:
        return Kind.SWITCH
    if annotation is int:
        return Kind.NUMBER
    return Kind.LINES if get_origin(annotation) is tuple else Kind.CHOICE


def texts_of(value: Value) -> dict[str, str]:
    """Write what is chosen as it is typed: lists have one thing a line."""
    return {name: _text(getattr(value, name)) for name in type(value).model_fields}


def texts_in(visit: Visit, model: type[Value]) -> dict[str, str]:
    """Read what was typed; a switch that is off is not sent."""
    return {
        name: _text(name in visit.form) if kind_of(info) is Kind.SWITCH else visit.said(name)
        for name, info in model.model_fields.items()
    }


def read(model: type[V], texts: Mapping[str, str]) -> V:
    """Make what is chosen of what was typed; raise InvalidInputError with a fault for each field that is wrong."""
    return checked(model, {name: _value(model.model_fields[name], text) for name, text in texts.items()})


def checked(model: type[V], values: Mapping[str, object]) -> V:
    """Make a value; raise InvalidInputError with a fault for each field that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidInputError(*map(_fault, error.errors())) from error


def form_fields(
    labels: Mapping[str, str], *, typed: Mapping[str, str], in_force: Value, faults: Mapping[str, str]
) -> list[FormField]:
    """Make the fields that are labelled, in this order."""
    model = type(in_force)
    standing, first = texts_of(in_force), texts_of(model())
    return [
        FormField(
            name=name,
            label=label,
            hint=model.model_fields[name].description or "",
            kind=kind_of(model.model_fields[name]),
            typed=typed[name],
            in_force=standing[name],
            at_first=first[name],
            low=_bound(model.model_fields[name], "ge"),
            high=_bound(model.model_fields[name], "le"),
            options=_options(model.model_fields[name]),
            fault=faults.get(name, ""),
        )
        for name, label in labels.items()
    ]


def faults_by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """Say what is wrong with each field; of a list, with which of its lines."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        steps = fault.pointer.lstrip("/").split("/")
        while len(steps) > 1 and steps[0] in NESTING:
            del steps[0]
        line = next((f"line {int(step) + 1} " for step in steps if step.isdecimal()), "")
        found.setdefault(steps[0], []).append(f"{line}{fault.message}")
    return {name: "; ".join(messages) for name, messages in found.items()}


def lines(text: str) -> tuple[str, ...]:
    """Read a list that is typed one thing a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def slug(text: str) -> str:
    """Read an id; raise InvalidInputError when it is none."""
    try:
        return TypeAdapter(Slug).validate_python(text)
    except ValidationError as error:
        message = "must be lower case letters, digits and inner hyphens, at most 63"
        raise InvalidInputError(Fault("/id", message)) from error


def number(text: str) -> int | str:
    """Read a whole number; what is none stays as it is, and is refused where it is used."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _value(info: FieldInfo, text: str) -> object:
    kind = kind_of(info)
    if kind is Kind.SWITCH:
        return bool(text)
    if kind is Kind.LINES:
        return lines(text)
    return number(text) if kind is Kind.NUMBER else text


def _bound(info: FieldInfo, side: str) -> int | None:
    return next((getattr(one, side) for one in info.metadata if hasattr(one, side)), None)


def _options(info: FieldInfo) -> tuple[str, ...]:
    annotation = info.annotation
    return tuple(annotation) if isinstance(annotation, type) and issubclass(annotation, StrEnum) else ()


WORDING = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "enum": "is none of the choices",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must not be empty",
    "string_too_long": "must not have more than {max_length} characters",
    "too_long": "must not have more than {max_length} lines",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "is not written like one",
}
"""Pydantic's words as people say them, by the kind of fault."""


def _fault(error: ErrorDetails) -> Fault:
    form = WORDING.get(error["type"])
    message = form.format(**error.get("ctx", {})) if form else error["msg"].removeprefix("Value error, ")
    return Fault("".join(f"/{step}" for step in error["loc"]), message)
