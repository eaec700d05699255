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
from nightlatch.entrypoints.cli.shapes import Json, approvals_needed, person, segment
from nightlatch.entrypoints.cli.times import clock, parse_span, parse_time, words

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Answer

STANDARD_INPUT = "-"
NOT_FOUND = 404


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
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's id.")],
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
    styles = {"created": "green", "updated": "yellow", "unchanged": MUTED}
    rows = [
        (flow["id"], Text(flow["result"], styles[flow["result"]]), f"version {flow['version']}")
        for flow in results["flows"]
    ]
    shown = table("FLOW", "RESULT", "", rows=rows)
    shown.show_header = False
    return shown


def _list_view(known: Json) -> RenderableType:
    rows = [_row(flow) for flow in known["flows"]]
    columns = ("ID", "WHO", "WHAT", "DECIDES", "DURATION", "VERSION")
    return table(*columns, rows=rows, folding=("WHO", "WHAT", "DECIDES"))


def _row(flow: Json) -> tuple[str, ...]:
    definition = flow["definition"]
    approve, grant = definition["approve"], definition["grant"]
    return (
        flow["id"],
        ", ".join(_people(definition["who"])),
        _what(definition["what"]),
        approvals_needed(approve["needed"], _people(approve)),
        f"{words(parse_span(grant['default']))}, at most {words(parse_span(grant['maximum']))}",
        str(flow["version"]),
    )


def _people(selector: Json) -> list[str]:
    return [*selector.get("groups", ()), *selector.get("people", ())]


def _what(selector: Json) -> str:
    tags = [f"#{tag}" for tag in selector.get("tags", ())]
    resources = ", ".join([*selector.get("names", ()), *selector.get("ids", ()), *tags])
    return f"{', '.join(selector['permissions'])} on {selector['integration']}/{resources}"


def _document_view(run: Invocation, flow: Json) -> RenderableType:
    import yaml  # noqa: PLC0415  # as above

    changed = clock(parse_time(flow["updated_at"]), now=run.now)
    head = f"# Version {flow['version']}, written by {person(flow['updated_by'])}, {changed}\n"
    document = {"id": flow["id"], **flow["definition"]}
    return whole((head, MUTED), yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())
