"""Run a stateful proof as the suite does, or for `NIGHTLATCH_PROOF_MINUTES`, with new cases all the time."""

import os
import sys
import time

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

MINUTES = "NIGHTLATCH_PROOF_MINUTES"


def prove(machine: type[RuleBasedStateMachine], *, cases: int, steps: int) -> None:
    """Run the same `cases` of up to `steps` steps each time; if minutes are set, others, twice as long, until then."""
    minutes = float(os.environ.get(MINUTES, "0"))
    over = time.monotonic() + 60 * minutes
    chosen = settings(
        max_examples=cases,
        stateful_step_count=2 * steps if minutes else steps,
        derandomize=not minutes,
        database=None,
        suppress_health_check=[*HealthCheck],
        deadline=None,
        report_multiple_bugs=False,
    )
    runs = 0
    while not runs or time.monotonic() < over:
        run_state_machine_as_test(machine, settings=chosen)
        runs += 1
    sys.stderr.write(f"{runs * cases} cases\n")
