"""Detectors: which of them look, by what words and thresholds, and what they would have found."""

from collections.abc import Mapping

from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection_lane import DetectionLane
from nightlatch.domain.detectors.choices import DetectorChoices
from nightlatch.domain.value import Value
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.configuration.chosen import (
    faults_by_field,
    form_fields,
    read,
    texts_in,
    texts_of,
)
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.detector_words import SECTIONS, WORDS, section_named
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt, version_in
from nightlatch.entrypoints.console.configuration.replays import REPLAYS, Trial, past_of
from nightlatch.entrypoints.console.visitor import Visitor

HERE = "/configuration/settings/detectors"

Site = Visitor[ConfigurationDesk]


def show_all(visitor: Site) -> Answer:
    """List the detectors, and whether each of them looks."""
    choices, first = visitor.desk.anomaly_settings().show().choices, AnomalyChoices()
    return visitor.page(
        "configuration/detectors.html",
        sections=SECTIONS,
        choices=dict(choices),
        changed={name for name, _ in choices if getattr(choices, name) != getattr(first, name)},
    )


def show(visitor: Site, name: str) -> Answer:
    """Show what is chosen of a detector, or what was tried of it."""
    section_named(name)
    tried = visitor.visit.asked("tried")
    choices = visitor.desk.replays().show(tried).choices if tried else None
    in_force = visitor.desk.anomaly_settings().show().choices
    return _page(visitor, name, texts_of(getattr(choices or in_force, name)))


def save(visitor: Site, name: str) -> Answer:
    """Put what was typed in force."""
    section_named(name)
    desk, call, version = visitor.desk.anomaly_settings(), visitor.call, version_in(visitor.visit)
    told = attempt(lambda: desk.put(_choices(visitor, name), call, if_match=version))
    if isinstance(told, Told):
        return _page(visitor, name, texts_in(visitor.visit, _model(name)), told)
    return redirect(f"{HERE}/{name}?done=saved")


def reset(visitor: Site, name: str) -> Answer:
    """Put in force what was at first; whether it looks stays as it is."""
    section_named(name)
    desk, version = visitor.desk.anomaly_settings(), version_in(visitor.visit)
    choices = desk.show().choices
    current = getattr(choices, name)
    kept = {"enabled": current.enabled} if isinstance(current, DetectorChoices) else {}
    first = choices.model_copy(update={name: type(current)(**kept)})
    told = attempt(lambda: desk.put(first, visitor.call, if_match=version))
    if isinstance(told, Told):
        return _page(visitor, name, texts_of(current), told)
    return redirect(f"{HERE}/{name}?done=saved")


def start_trial(visitor: Site, name: str) -> Answer:
    """Look through the past with what was typed, as if the detector were on, and keep none of what is found."""
    section_named(name)

    def start() -> DetectionLane:
        choices = alone(_choices(visitor, name), name)
        return visitor.desk.replays().start(past_of(visitor, choices=choices), visitor.call)

    lane = attempt(start)
    if isinstance(lane, Told):
        return _page(visitor, name, texts_in(visitor.visit, _model(name)), lane)
    return redirect(f"{REPLAYS}/{lane.id}")


def alone(choices: AnomalyChoices, name: str) -> AnomalyChoices:
    """Let only one detector look; the words are those of all, so with them all look that do anyway."""
    if name == WORDS:
        return choices
    others = {other: one.model_copy(update={"enabled": other == name}) for other, one in choices if other != WORDS}
    return choices.model_copy(update=others)


def _model(name: str) -> type[Value]:
    """Find what is chosen of a detector."""
    model: type[Value] = type(getattr(AnomalyChoices(), name))
    return model


def _choices(visitor: Site, name: str) -> AnomalyChoices:
    """Make the whole of the choices, with what was typed of one detector."""
    model = _model(name)
    typed = read(model, texts_in(visitor.visit, model))
    return visitor.desk.anomaly_settings().show().choices.model_copy(update={name: typed})


def _page(visitor: Site, name: str, typed: Mapping[str, str], told: Told = NOTHING) -> Answer:
    section, settings = section_named(name), visitor.desk.anomaly_settings().show()
    in_force, faults = getattr(settings.choices, name), faults_by_field(told.faults)
    return visitor.page(
        "configuration/detector.html",
        told.status,
        section=section,
        version=settings.version,
        chosen=in_force,
        groups={
            title: form_fields(labels, typed=typed, in_force=in_force, faults=faults)
            for title, labels in section.groups.items()
        },
        is_as_at_first=in_force == type(in_force)(),
        exempt=_names(visitor, in_force),
        told=told,
        is_done=visitor.visit.asked("done") == "saved",
        is_tried=bool(visitor.visit.asked("tried")),
        faults=faults,
        trial=Trial.asked(visitor.visit),
    )


def _names(visitor: Site, chosen: Value) -> list[str]:
    """Name those at whom a detector does not look, as far as they are known."""
    ids = chosen.exempt if isinstance(chosen, DetectorChoices) else ()
    known = {one.id: one.name for one in visitor.desk.people().all()} if ids else {}
    return [known.get(one, one) for one in ids]
