"""Access flows: who may ask for what, how long, and who decides."""

from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.visitor import Visitor


def show(visitor: Visitor[ConfigurationDesk]) -> Answer:
    """List the flows in force."""
    return visitor.page("configuration/flows.html", flows=visitor.desk.flows().all())
