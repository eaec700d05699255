"""How well people and programs are told apart: each way of asking, many times over, through the detector."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from nightlatch.domain.detectors.access_automation import AccessAutomation
from nightlatch.domain.detectors.choices import AccessAutomationChoices, RiskWords
from tests.proof.askers import WEEKS, Way, told
from tests.unit.domain.detectors.requests import found_by

SIGNALS = ("regular", "burst", "renewal", "client")


@dataclass(frozen=True)
class Judged:
    """How many of so many who ask in one way were found, how often, and by which signals."""

    way: str
    askers: int
    found: int
    anomalies: int
    signals: Counter[str]

    @property
    def share(self) -> float:
        """The share that was found, in percent."""
        return 100 * self.found / self.askers

    @property
    def a_week(self) -> float:
        """Anomalies that one of them makes in a week."""
        return self.anomalies / self.askers / WEEKS


def judged(name: str, way: Way, *, agent: str, askers: int, choices: AccessAutomationChoices | None = None) -> Judged:
    """Let so many ask in one way, and look at what is found."""
    detector = AccessAutomation(choices or AccessAutomationChoices(), RiskWords())
    found = [found_by(detector, told(way(Random(f"{name} {number}")), agent=agent)) for number in range(askers)]
    signals = Counter(
        signal
        for findings in found
        for signal in {name for one in findings for name in SIGNALS if name in one.evidence.values}
    )
    return Judged(name, askers, sum(map(bool, found)), sum(map(len, found)), signals)
