"""How anomalies are found: detectors look at ledger entries one by one, in their order, and remember what they must.

A detector is a pure function of an entry and of what it remembers of the entry's subjects (people, mostly). Whoever
runs it over the same entries from the same memories finds the same, so that the past can be looked through again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from nightlatch.domain.anomaly import AnomalyType, Finding
from nightlatch.domain.audit_event import EventType
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.value import Value

Subject = tuple[AnomalyType, str]
"""A subject of a kind of detector."""

OWN = ("anomaly.", "alert.rule.", "destination.")
"""No detector is concerned with what tells of findings, of what finds them, or of delivery: it would find itself."""

EXCEPTED: frozenset[tuple[str, str]] = frozenset(
    (AnomalyType.SAFEGUARD_WEAKENED, event_type)
    for event_type in (
        EventType.DESTINATION_DISABLED,
        EventType.DESTINATION_DELETED,
        EventType.ALERT_RULE_UPDATED,
        EventType.ALERT_RULE_DELETED,
    )
)
"""But one looks at who ends a delivery or switches a rule off.

No loop comes of it: what nobody did, and all findings, it passes over.
"""

OF_A_FINDING = 2
"""What a finding takes when it is kept: an anomaly and, at worst, a row of the outbox for its event alone."""


class Look(NamedTuple):
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


@dataclass
class Sight:
    """What a look at some entries came to: how many there were, what is remembered from now on, what was found.

    Each memory and each finding has with it the entry that made it.
    """

    entries: int = 0
    memories: dict[Subject, tuple[Value, LedgerEntry]] = field(default_factory=dict)
    findings: list[tuple[Finding, LedgerEntry]] = field(default_factory=list)

    def takes(self, new: "Sight") -> int:
        """Count what is to be kept when another sight follows."""
        findings = len(self.findings) + len(new.findings)
        return len(self.memories.keys() | new.memories.keys()) + OF_A_FINDING * findings

    def add(self, new: "Sight") -> None:
        """Let another sight follow."""
        self.entries += new.entries
        self.memories |= new.memories
        self.findings += new.findings


def subjects_of(entries: Iterable[LedgerEntry], detectors: Sequence[Detector]) -> set[Subject]:
    """Name all of whom something must be remembered to look at these entries."""
    return {
        (detector.kind, subject)
        for entry in entries
        for detector, subjects in _concerned(entry, detectors)
        for subject in subjects
    }


def look_through(
    entries: Iterable[LedgerEntry], detectors: Sequence[Detector], remembered: Mapping[Subject, Value], *, room: int
) -> Sight:
    """Look at entries in order, as long as what is to be kept fits: the first fits always."""
    sight = Sight()
    for entry in entries:
        new = Sight(entries=1)
        for detector, subjects in _concerned(entry, detectors):
            known = {subject: _memory((detector.kind, subject), sight, remembered) for subject in subjects}
            look = detector.look(entry, {subject: known[subject] or detector.memory() for subject in subjects})
            changed = {subject: memory for subject, memory in look.memories.items() if memory != known[subject]}
            new.memories |= {(detector.kind, subject): (memory, entry) for subject, memory in changed.items()}
            new.findings += [(finding, entry) for finding in look.findings]
        if sight.entries and sight.takes(new) > room:
            break
        sight.add(new)
    return sight


def _concerned(entry: LedgerEntry, detectors: Sequence[Detector]) -> Iterator[tuple[Detector, tuple[str, ...]]]:
    is_own = entry.event_type.startswith(OWN)
    for detector in detectors:
        if is_own and (detector.kind, entry.event_type) not in EXCEPTED:
            continue
        subjects = detector.subjects(entry)
        if subjects is not None:
            yield detector, subjects


def _memory(subject: Subject, sight: Sight, remembered: Mapping[Subject, Value]) -> Value | None:
    if subject in sight.memories:
        return sight.memories[subject][0]
    return remembered.get(subject)
