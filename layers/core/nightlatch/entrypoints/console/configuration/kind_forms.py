"""Forms of what is set for a kind: of connected systems, and of destinations. Each kind has fields of its own.

What is typed is named `settings.<name>` in a form; a dot in the name leads into a part of the settings. Secrets are
named so that they are told nowhere: see `told_calls`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pydantic import JsonValue

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.console.configuration.chosen import faults_by_field, number
from nightlatch.entrypoints.console.visit import Visit

LONGEST_SECRET = 8192

Texts = Mapping[str, str]


class Entry(StrEnum):
    """How a setting is typed."""

    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    BLOCK = "block"


class Setting(NamedTuple):
    """One setting: `first` is what it is when nobody says. `only_with` names what else must be chosen for it to count.

    What is empty is sent as empty, or, where a kind knows that something `may_lack`, as nothing at all.
    """

    name: str
    label: str
    hint: str = ""
    entry: Entry = Entry.TEXT
    first: str = ""
    example: str = ""
    options: Mapping[str, str] | None = None
    is_needed: bool = False
    may_lack: bool = False
    only_with: tuple[str, str] | None = None

    @property
    def field(self) -> str:
        """Its name in a form."""
        return f"settings.{self.name}"

    def shown(self, text: str) -> str:
        """Write a value for who only reads."""
        if self.entry is Entry.SWITCH:
            return "Yes" if text else "No"
        return (self.options or {}).get(text, text)

    def counts(self, texts: Texts) -> bool:
        """Whether it means anything beside the others."""
        return self.only_with is None or texts.get(self.only_with[0]) == self.only_with[1]


class SecretPart(NamedTuple):
    """Something that is secret about a kind. `only_with` names what must be chosen for it to be of use."""

    name: str
    label: str
    hint: str = ""
    only_with: tuple[str, str] | None = None

    @property
    def field(self) -> str:
        """Its name in a form, by which it is told nowhere."""
        return f"secret.{self.name}"

    def counts(self, texts: Texts) -> bool:
        """Whether it is of any use beside the settings."""
        return self.only_with is None or texts.get(self.only_with[0]) == self.only_with[1]


@dataclass(frozen=True)
class KindForm:
    """What a person is told of a kind, and asked for it."""

    kind: str
    title: str
    icon: str
    about: str
    settings: Sequence[Setting]
    secrets: Sequence[SecretPart] = ()

    @property
    def first(self) -> Texts:
        """What stands in an empty form."""
        return {one.name: one.first for one in self.settings}

    def sent(self, visit: Visit) -> Texts:
        """Read what was typed; a switch that is off is not sent."""
        return {one.name: visit.said(one.field) for one in self.settings}

    def texts_of(self, settings: Mapping[str, JsonValue]) -> Texts:
        """Write settings as they are typed."""
        return {one.name: _text(_at(settings, one.name)) for one in self.settings}

    def values(self, texts: Texts) -> dict[str, JsonValue]:
        """Make the settings of what was typed; raise InvalidInputError naming what is not given."""
        counting = [one for one in self.settings if one.counts(texts)]
        lacking = [one for one in counting if one.is_needed and not texts[one.name]]
        if lacking:
            raise InvalidInputError(*(Fault(f"/settings/{one.name}", "must be given") for one in lacking))
        values: dict[str, JsonValue] = {}
        for one in counting:
            _put(values, one.name, _value(one, texts[one.name]))
        return values

    def secret_in(self, visit: Visit) -> str:
        """Read what is secret: the one thing as it is, several as JSON; raise InvalidInputError when it is too long."""
        given = {one.name: text for one in self.secrets if (text := visit.said(one.field))}
        if sum(map(len, given.values())) > LONGEST_SECRET:
            raise InvalidInputError(Fault("/secret", f"must not have more than {LONGEST_SECRET} characters"))
        if not given:
            return ""
        return given[self.secrets[0].name] if list(given) == [self.secrets[0].name] else json.dumps(given)

    def told(self, faults: Iterable[Fault], places: Iterable[str]) -> dict[str, str]:
        """Say what is wrong with each field; what belongs to none of them stands above."""
        known = {*places, *(one.field for one in self.settings)}
        return faults_by_field(self._placed(fault, known) for fault in faults)

    def _placed(self, fault: Fault, known: set[str]) -> Fault:
        part, *steps = fault.pointer.lstrip("/").split("/")
        if part == "settings":
            last = steps[-1] if steps else ""
            name = next((one.name for one in self.settings if last in (one.name, *one.name.split("."))), "")
            place, steps = (f"settings.{name}" if name else ""), []
        elif part == "selection" and steps:
            place, *steps = steps
        else:
            place = part
        if place not in known:
            return Fault("", f"{part} {_kindly(fault.message)}".strip())
        return Fault("/".join(("", place, *(step for step in steps if step.isdecimal()))), _kindly(fault.message))


KINDLY = (
    ("String should match pattern", "is not written like one: see what stands beneath"),
    ("String should have at least", "must not be empty"),
    ("String should have at most", "is too long"),
    ("Field required", "must be given"),
    ("Input should be a valid integer", "must be a whole number"),
    ("Input should be greater", "is too small"),
    ("Input should be less", "is too large"),
    ("Input should be", "is none of the choices"),
)
"""What Pydantic says, as people say it."""


def _kindly(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return next((words for beginning, words in KINDLY if message.startswith(beginning)), message)


def _value(setting: Setting, text: str) -> JsonValue:
    if setting.entry is Entry.SWITCH:
        return bool(text)
    if setting.entry is Entry.NUMBER:
        return number(text)
    return None if setting.may_lack and not text else text


def _put(values: dict[str, JsonValue], name: str, value: JsonValue) -> None:
    first, _, rest = name.partition(".")
    if not rest:
        values[first] = value
        return
    part = values.get(first)
    inner = dict(part) if isinstance(part, dict) else {}
    _put(inner, rest, value)
    values[first] = inner


def _at(settings: Mapping[str, JsonValue], name: str) -> JsonValue:
    first, _, rest = name.partition(".")
    value = settings.get(first)
    if not rest:
        return value
    return _at(value, rest) if isinstance(value, dict) else None


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)
