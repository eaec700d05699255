"""The decision of the flows, against one that was written a second time, over thousands of flows and wishes."""

from collections import Counter
from datetime import datetime
from typing import Any

from hypothesis import event, given, settings

from nightlatch.domain.flow_choice import Decision, decide
from tests.proof import reference_flows
from tests.proof.flow_cases import MINUTE, SETS_OF_FLOWS, TIMES, WISHES, Plain, as_flow, as_wish


def said(decision: Decision) -> dict[str, Any]:
    """Tell a decision in the reference's words."""
    if decision.choice:
        flow, duration = decision.choice.flow.id, decision.choice.duration // MINUTE
        return {"outcome": "chosen", "flow": flow, "duration": duration}
    if decision.nearest:
        return {"outcome": "faults", "faults": [fault.pointer for fault in decision.nearest.faults]}
    return {"outcome": "not allowed"}


@settings(max_examples=400)
@given(flows=SETS_OF_FLOWS, wish=WISHES, now=TIMES)
def test_the_flows_decide_as_the_reference_does(flows: list[Plain], wish: Plain, now: datetime) -> None:
    expected = reference_flows.verdict(flows, wish, now)

    assert said(decide(map(as_flow, flows), as_wish(wish), at=now)) == expected
    event(expected["outcome"])


@given(flows=SETS_OF_FLOWS, wish=WISHES, now=TIMES)
def test_the_order_of_the_flows_decides_nothing(flows: list[Plain], wish: Plain, now: datetime) -> None:
    decisions = [decide(map(as_flow, order), as_wish(wish), at=now) for order in (flows, flows[::-1])]

    assert said(decisions[0]) == said(decisions[1])


def test_the_generated_cases_meet_every_outcome() -> None:
    met: Counter[str] = Counter()

    @settings(max_examples=500, derandomize=True, database=None)
    @given(flows=SETS_OF_FLOWS, wish=WISHES, now=TIMES)
    def count(flows: list[Plain], wish: Plain, now: datetime) -> None:
        told = reference_flows.verdict(flows, wish, now)
        met[told["outcome"]] += 1
        met.update(told.get("faults", []))
        covering = [flow for flow in flows if reference_flows.covers(flow, wish)]
        met["by another"] += wish["asker"] is not None and told["outcome"] == "chosen"
        met["passed over"] += told["outcome"] == "chosen" and told["flow"] != covering[0]["id"]
        met["several satisfied"] += sum(not reference_flows.faults_of(flow, wish, now) for flow in covering) > 1

    count()

    wanted = {"chosen", "faults", "not allowed", "/duration", "/justification", "/ticket", "/starts_at", ""}
    wanted |= {"by another", "passed over", "several satisfied"}
    assert {name for name in wanted if met[name] < 3} == set()
