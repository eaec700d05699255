"""The form of a destination: what is typed, and what it says."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json

from nightlatch.domain.destination import Destination
from nightlatch.domain.destination_choices import REDACTED, SECRET, DestinationChoices, shown_headers
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.integration import Slug
from nightlatch.entrypoints.console.configuration.chosen import checked, lines, number
from nightlatch.entrypoints.console.configuration.destination_kinds import DestinationForm
from nightlatch.entrypoints.console.configuration.kind_forms import Texts
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.services.destinations import Start

T = TypeVar("T")

PLACES = (
    "id",
    "name",
    "secret",
    "event_types",
    "severities",
    "integrations",
    "format",
    "template",
    "headers",
    "validators",
    "timeout",
    "since",
    "from_entry",
)
NEXT, SINCE, ENTRY = "next", "since", "entry"


@dataclass(frozen=True)
class Typed:
    """What stands in the form. Headers are `Name: value`, one a line; a validator is a path with what it may hold."""

    id: str = ""
    name: str = ""
    settings: Texts = field(default_factory=dict)
    event_types: str = ""
    severities: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    format: str = "native"
    template: str = ""
    headers: str = ""
    validators: tuple[tuple[str, str], ...] = ()
    timeout: str = "10"
    begin: str = NEXT
    since: str = ""
    from_entry: str = ""

    @classmethod
    def of(cls, destination: Destination, form: DestinationForm) -> "Typed":
        """Write a destination; headers that are secret by their name are not shown."""
        chosen = destination.selection
        headers = shown_headers(destination.headers)
        return cls(
            id=destination.id,
            name=destination.name,
            settings=form.texts_of(destination.settings),
            event_types="\n".join(chosen.event_types),
            severities=tuple(sorted(chosen.severities)),
            integrations=tuple(sorted(chosen.integrations)),
            format=destination.format,
            template=destination.template,
            headers="\n".join(f"{name}: {value}" for name, value in headers.items()),
            validators=tuple((one.path, _expected_text(one.expected)) for one in destination.validators),
            timeout=str(destination.timeout),
        )

    @classmethod
    def sent(cls, visit: Visit, form: DestinationForm) -> "Typed":
        """Read what was typed. A validator without a path is one that is taken away."""
        paths, expected = visit.form.get("validator", []), visit.form.get("expected", [])
        validators = [(one.strip(), text.strip()) for one, text in zip(paths, expected, strict=False) if one.strip()]
        return cls(
            id=visit.said("id"),
            name=visit.said("name"),
            settings=form.sent(visit),
            event_types=visit.said("event_types"),
            severities=tuple(visit.form.get("severities", [])),
            integrations=tuple(visit.form.get("integrations", [])),
            format=visit.said("format") or "native",
            template=visit.said("template"),
            headers=visit.said("private_headers"),
            validators=tuple(validators),
            timeout=visit.said("timeout"),
            begin=visit.said("begin") or NEXT,
            since=visit.said("since"),
            from_entry=visit.said("from_entry"),
        )

    @property
    def headers_again(self) -> str:
        """Write the headers to be shown once more: what is secret by its name has to be typed again."""
        return "\n".join(_without_secret(line) for line in lines(self.headers))

    def checked_id(self) -> str:
        """Read the id; raise InvalidInputError when it is none."""
        try:
            return TypeAdapter(Slug).validate_python(self.id)
        except ValidationError as error:
            message = "must be lower case letters, digits and inner hyphens, at most 63"
            raise InvalidInputError(Fault("/id", message)) from error

    def choices(self, form: DestinationForm, kept: Iterable[str] = ()) -> DestinationChoices:
        """Make the choices; raise InvalidInputError naming all that is wrong. `kept` are headers that were there."""
        settings, headers, validators = together(
            lambda: form.values(self.settings), lambda: self._headers(frozenset(kept)), self._validators
        )
        values = {
            "name": self.name,
            "settings": settings,
            "selection": {
                "event_types": lines(self.event_types),
                "severities": self.severities,
                "integrations": self.integrations,
            },
            "format": self.format,
            "template": self.template,
            "headers": headers,
            "validators": validators,
            "timeout": number(self.timeout),
        }
        return checked(DestinationChoices, values)

    def start(self, zone: str) -> Start:
        """Say where it begins; raise InvalidInputError when that cannot be read."""
        if self.begin == SINCE:
            return Start(since=moment(self.since, zone, "/since"))
        if self.begin == ENTRY and not self.from_entry:
            raise InvalidInputError(Fault("/from_entry", "must be given"))
        return Start(entry_id=self.from_entry) if self.begin == ENTRY else Start()

    def _headers(self, kept: frozenset[str]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for place, line in enumerate(lines(self.headers)):
            name, colon, value = (part.strip() for part in line.partition(":"))
            if not (colon and name and value):
                raise InvalidInputError(Fault(f"/headers/{place}", "must be a name, a colon and a value"))
            if value == REDACTED and name not in kept:
                raise InvalidInputError(Fault(f"/headers/{place}", "needs its value once more"))
            headers[name] = value
        return headers

    def _validators(self) -> list[dict[str, object]]:
        return [{"path": path, "expected": _expected(text)} for path, text in self.validators]


def together(*works: Callable[[], object]) -> Sequence[object]:
    """Do all of it; raise InvalidInputError with everything that is wrong anywhere."""
    done: list[object] = []
    faults: list[Fault] = []
    for work in works:
        try:
            done.append(work())
        except InvalidInputError as error:
            faults.extend(error.faults)
    if faults:
        raise InvalidInputError(*faults)
    return done


def moment(text: str, zone: str, pointer: str) -> datetime:
    """Read a time as a form has it, in a zone; raise InvalidInputError."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(Fault(pointer, "must be a date and a time")) from error


def differing(typed: Typed, in_force: Typed) -> Mapping[str, str]:
    """Say what is in force where something else was typed, by the field's name."""
    names = ("name", "event_types", "format", "template", "headers", "timeout")
    texts = {name: getattr(in_force, name) for name in names if getattr(in_force, name) != getattr(typed, name)}
    lists = {name: ", ".join(getattr(in_force, name)) for name in ("severities", "integrations")}
    texts |= {name: text for name, text in lists.items() if text != ", ".join(sorted(getattr(typed, name)))}
    if in_force.validators != typed.validators:
        texts["validators"] = "; ".join(f"{path}: {expected}" for path, expected in in_force.validators)
    settings = {f"settings.{name}": text for name, text in in_force.settings.items() if text != typed.settings[name]}
    return {name: text or "nothing" for name, text in (texts | settings).items()}


def _expected(text: str) -> tuple[JsonValue, ...]:
    """Read expected values: JSON, parted by commas, or one text as it is."""
    try:
        values: list[JsonValue] = from_json(f"[{text}]", allow_inf_nan=False)
    except ValueError:
        return (text,)
    return tuple(values)


def _expected_text(values: Iterable[JsonValue]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in values)


def _without_secret(line: str) -> str:
    name, colon, value = line.partition(":")
    is_secret = colon and SECRET.search(name) and value.strip() != REDACTED
    return f"{name}{colon}" if is_secret else line
