"""Take the trail, or some of it, along: into a file, with its manifest beside it.

A file is whole or not there: it is written under another name, checked against its hash, and only then named.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from nightlatch.entrypoints.cli.commands.audit import Actors, Severities, Types, actors_of
from nightlatch.entrypoints.cli.errors import CliError, MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.options import Last, Rounded, Zone, listed, moment
from nightlatch.entrypoints.cli.references import request_id
from nightlatch.entrypoints.cli.screen import facts
from nightlatch.entrypoints.cli.shapes import Json

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import File

EXPORT = "/v1/audit/export"
ACCEPTED = 202
POLL_SECONDS = 2.0
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
UNDER_WAY = {"queued", "running"}

Words = list[str] | None


def export(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write it to this file.")],
    format_: Annotated[str, typer.Option("--format", help="json, jsonl, csv, ocsf or pdf.")] = "json",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    include_filters: Annotated[
        bool,
        typer.Option("--include-filters", help="Apply the filters below; else everything of the time is exported."),
    ] = False,
    start: Annotated[str | None, typer.Option(help="From this date, time or span ago; a date is a whole day.")] = None,
    end: Annotated[str | None, typer.Option(help="To this date (with it), or before this time.")] = None,
    last: Last = None,
    rounded: Rounded = None,
    zone: Zone = None,
    event_type: Types = None,
    actor: Actors = None,
    severity: Severities = None,
    meant: Annotated[str | None, typer.Option("--request", help="Only what happened to this request.")] = None,
    resource: Annotated[Words, typer.Option(help="Only what is about this resource's id; repeatable.")] = None,
    integration: Annotated[Words, typer.Option(help="Only what is about this integration; repeatable.")] = None,
    source: Annotated[Words, typer.Option(help="Only what came by this way; repeatable.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Only what has this text in it.")] = None,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Export the trail into a file; FILE.manifest.json beside it says what is in it.

    nightlatch audit export --format csv --start 2026-11-01 --end 2026-11-30 --out november.csv
    """
    run = invocation(context, acting, output)
    target = _Target(out, force=force)
    query: dict[str, list[str] | str | None] = {
        "format": format_,
        "include_filters": "true" if include_filters else None,
        "start_date": _day_or_moment(run, start, zone),
        "end_date": _day_or_moment(run, end, zone, is_end=True),
        "last": last,
        "round": rounded,
        "zone": zone,
    }
    filters: dict[str, list[str] | str | None] = {
        "event_type": listed(event_type),
        "actor": actors_of(run, actor),
        "severity": listed(severity),
        "request_id": request_id(run.api, meant) if meant else None,
        "resource": listed(resource),
        "integration": listed(integration),
        "source": listed(source),
        "q": search,
    }
    if any(filters.values()) and not include_filters:
        raise MistakenError("without --include-filters everything of the time is exported: add it, or leave them out")
    answer = run.api.file(EXPORT, query | filters)
    manifest = _fetched(run, answer, target) if answer.status == ACCEPTED else _kept(run, answer, target)
    run.screen.show({"file": str(out), "manifest": manifest}, _view)


class _Target:
    """The file that is to be, and the one beside it that is written first."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self.path = path
        self._force = force
        self._unfinished = path.with_name(f".{path.name}.part")
        self._refuse_to_overwrite()

    def write(self, content: Iterable[bytes], *, sha256: str, manifest: Json) -> None:
        """Write all of it, and only then give it its name."""
        try:
            digest = hashlib.sha256()
            with self._unfinished.open("wb") as file:
                for piece in content:
                    digest.update(piece)
                    file.write(piece)
            if digest.hexdigest() != sha256:
                raise CliError("what arrived is not what was sent (its SHA-256 is another): try again")
            self._refuse_to_overwrite()
            manifest_file = self.path.with_name(f"{self.path.name}.manifest.json")
            manifest_file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            self._unfinished.replace(self.path)
        except OSError as error:
            raise CliError(f"{self.path} cannot be written: {error.strerror}") from error
        finally:
            self._unfinished.unlink(missing_ok=True)

    def _refuse_to_overwrite(self) -> None:
        if self.path.exists() and not self._force:
            raise MistakenError(f"{self.path} is there already; overwrite it with --force")


def _kept(run: Invocation, answer: "File", target: _Target) -> Json:
    """Keep an export that is the answer."""
    sha256 = b64decode(answer.headers["repr-digest"].removeprefix("sha-256=").strip(":")).hex()
    manifest: Json = run.api.get_link(answer.headers["link"].partition(">")[0].removeprefix("<"))["manifest"]
    target.write([answer.content], sha256=sha256, manifest=manifest)
    return manifest


def _fetched(run: Invocation, answer: "File", target: _Target) -> Json:
    """Wait for an export that is written meanwhile, and fetch it."""
    job: Json = json.loads(answer.content)
    address = job["_links"]["self"]["href"]
    with run.screen.progress("Exporting") as show:
        while job["state"] in UNDER_WAY:
            run.outside.sleep(POLL_SECONDS)
            job = run.api.get_link(address)
            show(job["progress"]["read"], job["progress"]["total"])
    if job["state"] != "done":
        raise CliError(f"the export failed: {job['failure']}")
    manifest: Json = job["manifest"]
    with run.screen.progress("Fetching") as show:
        fetched = _counted(run.api.fetch(job["_links"]["download"]["href"]), show, manifest["size"])
        target.write(fetched, sha256=manifest["sha256"], manifest=manifest)
    return manifest


def _counted(pieces: Iterable[bytes], show: Callable[[int, int], None], total: int) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        show(done, total)
        yield piece


def _day_or_moment(run: Invocation, text: str | None, zone: str | None, *, is_end: bool = False) -> str | None:
    """Send a date as it is: it is a whole day in the deployment's zone, as the export's times are."""
    if text and DAY.fullmatch(text):
        return text
    return moment(text, now=run.now, zone=zone, is_end=is_end)


def _view(done: Json) -> RenderableType:
    manifest = done["manifest"]
    rows = [("file", done["file"]), ("rows", str(manifest["rows"])), ("sha256", manifest["sha256"])]
    if not manifest["complete"]:
        rows.append(("ends", f"before number {manifest['last_seq'] + 1}, which is missing"))
    return facts(rows)
