"""Access flows: read them, and write them from files that are kept under version control."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from nightlatch.entrypoints.cli.errors import CliError, MistakenError, ProblemError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.screen import MUTED, table, whole
from nightlatch.entrypoints.cli.shapes import Json, person, segment
from nightlatch.entrypoints.cli.steps import approvals_needed, whom
from nightlatch.entrypoints.cli.times import clock, parse_span, parse_time, words

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Answer

STANDARD_INPUT = "-"
NOT_FOUND = 404
DAYS_OF_A_WEEK = 7

FlowId = Annotated[str, typer.Argument(metavar="FLOW", help="A flow's id.")]


@dataclass(frozen=True)
class Document:
    """One flow of a file. `place` says where it stands, for messages."""

    place: str
    id: str
    definition: Json


def list_flows(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """List the access flows: who may ask for what, for how long, and who decides."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get("/v1/flows"), _list_view)


def show(
    context: typer.Context,
    *,
    flow: FlowId,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Show a flow as a document that `flows apply` takes.

    nightlatch flows show orders-roles -o table > orders-roles.yaml
    """
    run = invocation(context, acting, output)
    run.screen.show(run.api.get(f"/v1/flows/{segment(flow)}"), lambda known: _document_view(run, known))


def apply(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Option("--file", "-f", help="YAML or JSON: one flow, several, or a list; - is stdin.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Create or change flows as a file says. What is as it should be stays untouched.

    nightlatch flows apply -f flows.yaml
    """
    run = invocation(context, acting, output)
    results: list[Json] = []
    refused = 0
    for document in read_documents(file):
        try:
            results.append(_applied(run, document))
        except ProblemError as error:
            refused += 1
            run.screen.fault(f"{document.place}: {error}", error.lines)
    run.screen.show({"flows": results}, _results_view)
    if refused:
        raise CliError(f"{refused} of {refused + len(results)} flows were refused")


def delete(
    context: typer.Context,
    *,
    flow: FlowId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Take a flow out of force. What was asked for under it and has not begun cannot begin any more.

    nightlatch flows delete orders-roles
    """
    run = invocation(context, acting, output)
    path = f"/v1/flows/{segment(flow)}"
    current = run.api.read(path)
    if not yes:
        typer.confirm(f"Delete access flow {flow}, version {current.body['version']}?", abort=True, err=True)
    run.api.delete(path, if_match=current.etag)
    result = {"id": flow, "result": "deleted", "version": current.body["version"]}
    run.screen.show({"flows": [result]}, _results_view)


def read_documents(file: str) -> list[Document]:
    """Read the flows in a file; MistakenError says which of them is not one."""
    import yaml  # noqa: PLC0415  # only this command reads YAML

    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text(encoding="utf-8")
        written = list(yaml.safe_load_all(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MistakenError(f"{file} cannot be read: {error}") from error
    documents = [_document(file, number, body) for number, body in enumerate(_flattened(written), start=1)]
    if not documents:
        raise MistakenError(f"{file} holds no flow")
    return documents


def _flattened(written: list[Any]) -> Iterator[Any]:
    for body in written:
        if isinstance(body, list):
            yield from body
        elif body is not None:
            yield body


def _document(file: str, number: int, body: Any) -> Document:
    name = "standard input" if file == STANDARD_INPUT else file
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise MistakenError(f"{name}, flow {number}: there is no `id`, the flow's name in addresses")
    # What `flows show -o json` prints has the definition in a field of its own; both forms may be kept in files.
    definition = body.get("definition") or {field: value for field, value in body.items() if field != "id"}
    return Document(place=f"{name}, flow {number} ({body['id']})", id=body["id"], definition=definition)


def _applied(run: Invocation, document: Document) -> Json:
    path = f"/v1/flows/{segment(document.id)}"
    try:
        current = run.api.read(path)
    except ProblemError as error:
        if error.status != NOT_FOUND:
            raise
        current = None
    written = run.api.put(path, document.definition, if_match=current.etag if current else None)
    version = written.body["version"]
    return {"id": document.id, "result": _result(current, version), "version": version}


def _result(before: "Answer | None", version: int) -> str:
    if before is None:
        return "created"
    return "unchanged" if before.body["version"] == version else "updated"


def _results_view(results: Json) -> RenderableType:
    styles = {"created": "green", "updated": "yellow", "unchanged": MUTED, "deleted": "red"}
    rows = [
        (flow["id"], Text(flow["result"], styles[flow["result"]]), f"version {flow['version']}")
        for flow in results["flows"]
    ]
    shown = table("FLOW", "RESULT", "", rows=rows)
    shown.show_header = False
    return shown


def _list_view(known: Json) -> RenderableType:
    rows = [_row(flow) for flow in known["flows"]]
    columns = ("ID", "WHO", "WHAT", "DECIDES", "DURATION", "BEGINS", "VERSION")
    return table(*columns, rows=rows, folding=("WHO", "WHAT", "DECIDES", "DURATION", "BEGINS"))


def _row(flow: Json) -> tuple[str, ...]:
    definition = flow["definition"]
    return (
        flow["id"],
        _who(definition),
        _what(definition["what"]),
        approvals_needed(definition["approve"]["steps"]),
        _how_long(definition["grant"]),
        _when(definition["when"]),
        str(flow["version"]),
    )


def _who(definition: Json) -> str:
    who, for_others = definition["who"], definition["on_behalf"]
    joint = " and " if who["match"] == "all" else " or "
    conditions = joint.join(_condition(condition) for condition in who["conditions"])
    return f"{conditions}; on behalf of them: {whom(for_others)}" if for_others else conditions


def _condition(condition: Json) -> str:
    if condition["operator"] == "is":
        return whom({"people": condition["values"]})
    return f"{condition['attribute']} {condition['operator']} {', '.join(condition['values'])}"


def _how_long(grant: Json) -> str:
    lasting = f"{_words(grant['default'])}, at most {_words(grant['maximum'])}"
    extensions = grant["extensions"]
    return f"{lasting}; {extensions['count']} extensions of {_words(extensions['longest'])}" if extensions else lasting


def _when(hours: Json | None) -> str:
    if hours is None:
        return "always"
    days = "every day" if len(set(hours["days"])) == DAYS_OF_A_WEEK else ", ".join(hours["days"])
    return f"{days} {hours['start']}-{hours['end']} {hours['zone']}"


def _words(duration: str) -> str:
    return words(parse_span(duration))


def _what(selector: Json) -> str:
    excluded = _resources(selector["exclude"])
    without = f" without {excluded}" if excluded else ""
    return f"{', '.join(selector['permissions'])} on {selector['integration']}/{_resources(selector)}{without}"


def _resources(selector: Json) -> str:
    return ", ".join([*selector["names"], *selector["ids"], *(f"#{tag}" for tag in selector["tags"])])


def _document_view(run: Invocation, flow: Json) -> RenderableType:
    import yaml  # noqa: PLC0415  # as above

    changed = clock(parse_time(flow["updated_at"]), now=run.now)
    head = f"# Version {flow['version']}, written by {person(flow['updated_by'])}, {changed}\n"
    document = {"id": flow["id"], **flow["definition"]}
    return whole((head, MUTED), yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())
