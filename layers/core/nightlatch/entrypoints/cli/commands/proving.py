"""Prove the trail: download the seals, and check exports against them without asking anybody."""

from pathlib import Path
from typing import Annotated

import typer

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.invocation import Acting, Output, invocation

# What these commands need takes a while to import: `--help` must not wait for it.

Directory = Annotated[
    Path | None, typer.Option("--seals", metavar="DIR", exists=True, file_okay=False, help="Downloaded digests.")
]


def seals(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to put them; what is there already is left alone.")],
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Download the signed digests and the public key, for checks without a connection.

    nightlatch audit seals --out evidence
    """
    from nightlatch.entrypoints.cli import evidence  # noqa: PLC0415

    evidence.download(invocation(context, acting, output), out)


def verify(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True, dir_okay=False, help="Exports (json, jsonl), feed pages or archive objects; .gz too."
        ),
    ],
    *,
    directory: Directory = None,
    key: Annotated[
        Path | None, typer.Option(metavar="PEM", exists=True, dir_okay=False, help="Public key; else DIR/key.pem.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="A filtered export's proof.")
    ] = None,
    first: Annotated[int | None, typer.Option("--from", min=1, help="The first number that must be proven.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=1, help="The last number that must be proven.")] = None,
    retention: Annotated[
        int | None, typer.Option(min=1, max=36500, metavar="DAYS", help="What is older need not be there any more.")
    ] = None,
    output: Output = None,
) -> None:
    """Check exported events, without any connection. The exit code is 0 only when all that was asked is proven.

    nightlatch audit verify export.jsonl --seals evidence
    """
    from nightlatch.entrypoints.cli import evidence  # noqa: PLC0415

    run = invocation(context, None, output)
    if proof and directory is None:
        raise MistakenError("--proof is checked against digests: give --seals DIR too")
    if proof and directory:
        is_valid = evidence.check_filtered(run, files, proof, evidence.Seals(directory, key))
    else:
        asked = evidence.asked(first, last, retention, now=run.now)
        is_valid = evidence.check(run, files, evidence.Seals(directory, key) if directory else None, asked)
    if not is_valid:
        raise typer.Exit(1)


def prove(
    context: typer.Context,
    manifest: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The manifest beside a filtered export.")
    ],
    *,
    trail: Annotated[
        list[Path],
        typer.Option(exists=True, dir_okay=False, help="All events of that time: exports or archive; repeatable."),
    ],
    directory: Annotated[
        Path, typer.Option("--seals", metavar="DIR", exists=True, file_okay=False, help="Downloaded digests.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the proof; nothing is overwritten.")],
    output: Output = None,
) -> None:
    """Prove of a filtered export that it left out nothing that its filter selects, without showing what that was.

    nightlatch audit prove orders.jsonl.manifest.json --trail all.jsonl --seals evidence --out orders.proof
    """
    from nightlatch.entrypoints.cli import evidence  # noqa: PLC0415

    if out.exists():
        raise MistakenError(f"{out} is there already")
    evidence.prove(invocation(context, None, output), manifest, trail, evidence.Seals(directory, None), out)
