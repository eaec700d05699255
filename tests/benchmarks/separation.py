"""How well the detector of automation tells people and programs apart: the share of each way of asking that is found.

Each asks for six weeks, with chance of its own (`tests/proof/askers.py`); a round is three of each.
"""

from collections.abc import Iterator

from tests.benchmarks.row import Row
from tests.proof.askers import BROWSER, CURL, PEOPLE, PROGRAMS
from tests.proof.separation import judged

OF_A_ROUND = 3


def rows(*, rounds: int) -> Iterator[Row]:
    """Judge every way of asking, and say how many anomalies one makes in a week."""
    kinds = (
        ("person", PEOPLE, BROWSER),
        ("program that seems a browser", PROGRAMS, BROWSER),
        ("program that says it is curl", PROGRAMS, CURL),
    )
    for kind, ways, agent in kinds:
        for name, way in ways.items():
            one = judged(name, way, agent=agent, askers=OF_A_ROUND * rounds)
            yield Row(f"{kind}: {name}", one.share, "%", {"anomalies a week": one.a_week})
