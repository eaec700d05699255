"""Decide, as an administrator, by what anomalies are found."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation
from nightlatch.entrypoints.cli.screen import facts
from nightlatch.entrypoints.cli.shapes import Json

PATH = "/v1/settings/anomalies"


def show(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """Show by what anomalies are found: what is on, by which words and thresholds."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(PATH), _view)


def change(
    context: typer.Context,
    *,
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="A field as `show` names it, and its value (YAML).")
    ],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Change some fields, and leave the others as they are.

    nightlatch settings anomalies set inactive_user.days=60 'words.sensitive=[customer, prod]'
    """
    run = invocation(context, acting, output)
    current = run.api.read(PATH)
    choices = {name: value for name, value in current.body.items() if name != "version"}
    for field in fields:
        choices = with_field(choices, field)
    run.screen.show(run.api.put(PATH, choices, if_match=current.etag).body, _view)


def with_field(choices: Json, field: str) -> Json:
    """Change one field, which is written as `section.name=value`."""
    path, is_given, text = field.partition("=")
    section, _, name = path.partition(".")
    if not is_given or name not in choices.get(section, {}):
        raise MistakenError(f"{field} names no field of the settings: nightlatch settings anomalies show")
    return {**choices, section: {**choices[section], name: _value(text)}}


def _value(text: str) -> Any:
    import yaml  # noqa: PLC0415  (slow to import, and few commands need it)

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MistakenError(f"{text} is no YAML") from error


def _view(settings: Json) -> RenderableType:
    return facts([*_rows(settings), ("version", str(settings["version"]))])


def _rows(settings: Json) -> Iterator[tuple[str, str]]:
    for section, fields in settings.items():
        if isinstance(fields, dict):
            yield from ((f"{section}.{name}", _text(value)) for name, value in fields.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
