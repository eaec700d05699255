"""The choices of filters that know more than one screen of them: found by typing."""

from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.listing import MOST_CHOICES, Choice, Filter, chosen
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.entrypoints.console.visitor import Visitor


def show(visitor: Visitor[OversightDesk], kind: str, name: str) -> Answer:
    """Show what may be chosen for a filter: what is chosen already, and what a text is found in."""
    values, lookups = chosen(visitor.visit, name), visitor.desk.lookups()
    found = lookups.find(kind, visitor.visit.asked("find"), limit=MOST_CHOICES)
    options = dict.fromkeys([*lookups.named(kind, values), *found])
    filter_ = Filter(name, name, "search", [Choice(*option) for option in options], values, lookup=visitor.visit.path)
    return visitor.page("choices.html", filter=filter_)


def looked_up(visitor: Visitor[OversightDesk], name: str, label: str, icon: str, *, kind: str = "") -> Filter:
    """Make a filter whose choices are found by typing; those that are chosen are there with their names."""
    values, kind = chosen(visitor.visit, name), kind or name
    options = visitor.desk.lookups().named(kind, values)
    lookup = f"/oversight/choices/{kind}/{name}"
    return Filter(name, label, icon, [Choice(*option) for option in options], values, lookup=lookup)


def listed(visit: Visit, name: str, label: str, icon: str, choices: list[Choice]) -> Filter:
    """Make a filter of few choices."""
    return Filter(name, label, icon, choices, chosen(visit, name))
