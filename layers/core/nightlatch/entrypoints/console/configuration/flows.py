"""Access flows to be looked at: who may ask for what, how long, who decides, and how it came to be so."""

from collections.abc import Sequence
from typing import NamedTuple

from nightlatch.domain.integration import Integration
from nightlatch.domain.selectors import TargetSelector, Who
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.flow_words import FlowWords
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.services.flow_reach import Admitted, FlowReach, Target

VERSIONS_SHOWN = 10
Site = Visitor[ConfigurationDesk]


class Reached(NamedTuple):
    """How far a flow reaches now. What is not said yet reaches nothing that could be told."""

    integration: Integration | None
    targets: Sequence[Target] | None
    admitted: Admitted | None


def show_all(visitor: Site) -> Answer:
    """List the flows in force."""
    reach = visitor.desk.flow_reach()
    return visitor.page(
        "configuration/flows.html",
        flows=visitor.desk.flows().all(),
        words=FlowWords(reach.people(), reach.integrations()),
    )


def show(visitor: Site, flow_id: str) -> Answer:
    """Show one flow, how far it reaches now, and its versions; also one that was deleted."""
    reach = visitor.desk.flow_reach()
    words, versions = FlowWords(reach.people(), reach.integrations()), visitor.desk.flows().versions(flow_id)
    before = visitor.visit.asked("before")
    history = words.history(versions)
    rest = [one for one in history if not before.isdecimal() or one.flow.version < int(before)]
    return visitor.page(
        "configuration/flow.html",
        flow=versions[0],
        parts=words.parts(versions[0].definition),
        history=rest[:VERSIONS_SHOWN],
        older=rest[VERSIONS_SHOWN - 1].flow.version if len(rest) > VERSIONS_SHOWN else None,
        is_done=visitor.visit.asked("done") == "saved",
        reached=reached(reach, versions[0].definition.what, versions[0].definition.who),
    )


def reached(reach: FlowReach, what: TargetSelector | None, who: Who | None) -> Reached:
    """Find who could ask for what now, as far as that is said."""
    known = {integration.id: integration for integration in reach.integrations()}
    return Reached(
        integration=known.get(what.integration) if what else None,
        targets=reach.targets(what) if what else None,
        admitted=reach.admitted(who) if who else None,
    )
