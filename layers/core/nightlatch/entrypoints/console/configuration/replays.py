"""Trials: what a detector or a rule would have found in the past. Nothing of it is kept, and nobody is told."""

from datetime import timedelta
from typing import NamedTuple

from nightlatch.domain.alert_rule import AlertRule
from nightlatch.domain.anomaly import TITLES
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection_lane import DetectionLane
from nightlatch.domain.detectors.choices import DetectorChoices
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.configuration.chosen import number
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.replays import Past

REPLAYS = "/configuration/settings/replays"
RULES = "/configuration/settings/rules"
DETECTORS = "/configuration/settings/detectors"
DAYS_BACK = (7, 30, 90, 365)
USUAL_DAYS_BACK = 30


class Trial(NamedTuple):
    """How far back one may try, and what was chosen of it."""

    chosen: str
    days_back: tuple[int, ...] = DAYS_BACK

    @classmethod
    def asked(cls, visit: Visit) -> "Trial":
        """Read what was chosen."""
        return cls(visit.said("since") or str(USUAL_DAYS_BACK))


def show(visitor: Visitor[ConfigurationDesk], replay_id: str) -> Answer:
    """Show how far a replay has come, and what it has found."""
    lane = visitor.desk.replays().show(replay_id)
    address, name = _place_of(visitor, lane)
    return visitor.page(
        "configuration/replay.html",
        lane=lane,
        counts=sorted(((TITLES[kind], count) for kind, count in lane.counts.items()), key=lambda one: -one[1]),
        titles=TITLES,
        back=address,
        back_name=name,
    )


def past_of(
    visitor: Visitor[ConfigurationDesk], *, choices: AnomalyChoices | None = None, rule: AlertRule | None = None
) -> Past:
    """Read from when on somebody wants to try something; raise InvalidInputError when that is no choice."""
    days = number(visitor.visit.said("since"))
    if days not in DAYS_BACK:
        raise InvalidInputError(Fault("/since", "is none of the choices"))
    return Past(visitor.desk.now() - timedelta(days=int(days)), None, dry_run=True, choices=choices, rule=rule)


def _place_of(visitor: Visitor[ConfigurationDesk], lane: DetectionLane) -> tuple[str, str]:
    """Find where one goes on with what was tried: its address and its name."""
    if lane.rule:
        known = {rule.id for rule in visitor.desk.alert_rules().all()}
        address = f"{RULES}/{lane.rule.id}" if lane.rule.id in known else "/configuration/settings/new-rule"
        return f"{address}?tried={lane.id}", lane.rule.choices.name
    looking = [name for name, one in lane.choices or () if isinstance(one, DetectorChoices) and one.enabled]
    if len(looking) != 1:
        return DETECTORS, "Detectors"
    return f"{DETECTORS}/{looking[0]}?tried={lane.id}", next(TITLES[kind] for kind in TITLES if kind == looking[0])
