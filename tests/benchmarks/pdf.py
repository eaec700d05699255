"""Reports as PDF: seconds, memory at its peak and size of the file, by the number of entries, each in a new process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

from nightlatch.adapters.pdf.evidence_pdf import evidence_pdf
from nightlatch.domain.export import MOST_PRINTED_ROWS
from tests.benchmarks.row import Row, in_turn
from tests.unit.adapters.pdf.exports import SOURCE, a_document, a_trail

SIZES = (100, 1_000, MOST_PRINTED_ROWS)
MOST_ROUNDS = 3
"""The largest takes half a minute."""

TYPICAL = "Priya Raman asked for PowerUserAccess on customer-exports-prod for 4 hours: a customer cannot pay, ticket {}"
WORST = "مرحبا بالعالم " * 11
"""A description as long as all of a full report may have, in a script whose letters are joined."""


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure."""
    kinds = {f"{size:,} entries": (size, TYPICAL) for size in SIZES}
    kinds[f"{MOST_PRINTED_ROWS:,} entries, as much text as may be"] = (MOST_PRINTED_ROWS, WORST)
    measures = {name: lambda kind=kind: _in_a_new_process(*kind) for name, kind in kinds.items()}
    for name, taken in in_turn(measures, rounds=min(rounds, MOST_ROUNDS)).items():
        seconds, megabytes, size = (sorted(values)[len(values) // 2] for values in zip(*taken, strict=True))
        yield Row(f"{name}: time", seconds, "s")
        yield Row(f"{name}: memory at its peak", megabytes, "MB")
        yield Row(f"{name}: size of the PDF", size, "MB")


def _in_a_new_process(entries: int, description: str) -> tuple[float, float, float]:
    """Measure one, where nothing was measured before: a process never says that it needs less again."""
    command = [sys.executable, "-m", __name__, str(entries), description]
    seconds, megabytes, size = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return seconds, megabytes, size


def main() -> None:
    """Make one report, and print what it took."""
    entries, description = int(sys.argv[1]), sys.argv[2]
    document = a_document(a_trail(*({"description": description.format(number)} for number in range(entries))))
    begun = perf_counter()
    pdf = evidence_pdf(document, SOURCE)
    print(json.dumps((perf_counter() - begun, getrusage(RUSAGE_SELF).ru_maxrss / 1024, len(pdf) / 1024**2)))


if __name__ == "__main__":
    main()
