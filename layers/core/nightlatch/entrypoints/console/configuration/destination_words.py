"""How destinations and their deliveries are put in words."""

from collections.abc import Mapping

from nightlatch.domain.delivery import Progress, Result
from nightlatch.domain.destination import Destination, Format, Selection
from nightlatch.entrypoints.console.configuration.destination_kinds import DESTINATION_KINDS
from nightlatch.entrypoints.console.wording import Mark, plural
from nightlatch.services.destinations import Shown

ACTIVE = Mark("Active", "check", "green")
FAILING = Mark("Failing", "alert", "red")
DISABLED = Mark("Disabled", "ban", "gray")
STOPPED = Mark("Disabled", "ban", "red")
"""Disabled, and not because an administrator wished it."""

RESULTS = {
    Result.DELIVERED: Mark("Delivered", "check", "green"),
    Result.RETRYING: Mark("Again later", "wait", "amber"),
    Result.HALVED: Mark("Again in halves", "work", "amber"),
    Result.GIVEN_UP: Mark("Given up", "cross", "red"),
    Result.REFUSED: Mark("Refused", "cross", "red"),
    Result.DISABLED: Mark("Disabled", "ban", "red"),
    Result.GAP: Mark("No longer kept", "dot", "amber"),
    Result.FAILED: Mark("Failed", "alert", "red"),
}

FORMATS = {
    Format.NATIVE: "As the API shows events",
    Format.OCSF: "OCSF 1.8",
    Format.TEMPLATE: "A template of one's own",
}


def state_of(shown: Shown) -> Mark:
    """Say how a destination is."""
    destination, progress = shown.standing.destination, shown.standing.progress
    if not destination.is_active:
        return STOPPED if destination.disabled_because else DISABLED
    return FAILING if progress.failing_since else ACTIVE


def behind(shown: Shown) -> int:
    """Count the entries of the ledger that a destination has not come to yet."""
    return max(shown.head - shown.standing.progress.live.next_seq + 1, 0)


def lag(shown: Shown) -> str:
    """Say how far it is behind."""
    return f"{plural(behind(shown), 'event')} behind" if behind(shown) else "Up to date"


def selection_in_words(selection: Selection, names: Mapping[str, str]) -> str:
    """Say which events are sent; `names` are those of the integrations."""
    told = [", ".join(selection.event_types) or "Every event"]
    if selection.severities:
        told.append(" or ".join(sorted(selection.severities)))
    if selection.integrations:
        told.append("of " + ", ".join(names.get(one, one) for one in sorted(selection.integrations)))
    return " · ".join(told)


def settings_in_words(destination: Destination) -> Mapping[str, str]:
    """Write the settings that say something, with their labels."""
    form = DESTINATION_KINDS[destination.kind]
    texts = form.texts_of(destination.settings)
    return {one.label: one.shown(texts[one.name]) for one in form.settings if texts[one.name] and one.counts(texts)}


def lost_in_words(progress: Progress) -> str:
    """Name the numbers that were not delivered."""
    return ", ".join(f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}" for one in progress.lost)
