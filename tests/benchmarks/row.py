"""What a benchmark tells: rows of medians, measured in turn so that a busy moment of the machine hits all alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

T = TypeVar("T")


class NotMeasurableError(Exception):
    """This machine lacks what the benchmark needs; the message says what, and how to get it."""


@dataclass(frozen=True)
class Row:
    """A median, and how many times each baseline's it is."""

    what: str
    value: float
    unit: str
    ratios: Mapping[str, float] = field(default_factory=dict)


def in_turn(measures: Mapping[str, Callable[[], T]], *, rounds: int) -> dict[str, list[T]]:
    """Measure each once per round; a round before them only warms up (and writes bytecode)."""
    taken: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(rounds + 1):
        for name, measure in measures.items():
            value = measure()
            if number:
                taken[name].append(value)
    return taken


def compared(taken: Mapping[str, Sequence[float]], *, unit: str, baselines: tuple[str, ...]) -> list[Row]:
    """Make rows of medians, each compared with the baselines among them."""
    medians = {name: median(values) for name, values in taken.items()}
    return [
        Row(name, value, unit, {baseline: value / medians[baseline] for baseline in baselines})
        for name, value in medians.items()
    ]
