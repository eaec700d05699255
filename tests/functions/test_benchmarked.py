"""The benchmark of cold starts calls each function once, with an event that there is."""

from tests.benchmarks.cold_start import functions
from tests.benchmarks.cold_start_in_runtime import FIRST_CALLS
from tests.benchmarks.layers import ROOT


def test_each_function_has_a_first_call() -> None:
    assert {folder.name for folder in functions()} == FIRST_CALLS.keys()


def test_each_first_call_is_an_event_there_is() -> None:
    assert {*FIRST_CALLS.values()} <= {event.stem for event in (ROOT / "events").glob("*.json")}
