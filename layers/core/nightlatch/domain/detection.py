"""How anomalies are found: detectors look at ledger entries one by one, in their order, and remember what they must.

A detector is a pure function of an entry and of what it remembers of the entry's subjects (people, mostly). Whoever
runs it over the same entries from the same memories finds the same, so that the past can be looked through again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from nightlatch.domain.anomaly import AnomalyType, Finding
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value


@dataclass(frozen=True)
class Look:
    """What a look at one entry came to: what is remembered of its subjects from now on, and what was found."""

    memories: Mapping[str, Value]
    findings: tuple[Finding, ...] = ()


class Detector(Protocol):
    """One way of finding anomalies. It is made from its settings, and keeps nothing itself."""

    @property
    def kind(self) -> AnomalyType:
        """What it finds."""
        ...

    @property
    def memory(self) -> type[Value]:
        """What it remembers of one subject; a new one is made without arguments."""
        ...

    def subjects(self, entry: LedgerEntry) -> tuple[str, ...] | None:
        """Name of whom it must remember something to look at an entry; None when the entry is none of its concern."""
        ...

    def look(self, entry: LedgerEntry, memories: Mapping[str, Value]) -> Look:
        """Look at an entry of its concern; `memories` holds one for each of its subjects."""
        ...
