"""A run of sealing: all spans, then the check, and the figures whatever happens."""

import json
from io import StringIO

import pytest
from aws_lambda_powertools import Logger

from nightlatch.domain.errors import RivalChangeError, StoreUnavailableError
from nightlatch.entrypoints.seals import seal
from tests.builders import Outside
from tests.unit.services.sealed_trail import SealedTrail


class Context:
    """A function's time."""

    function_name = "nightlatch-sealing"

    def __init__(self, *milliseconds: int) -> None:
        self._left = list(milliseconds)

    def get_remaining_time_in_millis(self) -> int:
        """Tell what is left."""
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def run(trail: SealedTrail, *milliseconds: int, outside: Outside | None = None) -> dict[str, int]:
    metrics = StringIO()
    context = Context(*(milliseconds or (300_000,)))
    try:
        seal(trail.sealing(outside), trail.check(), context, logger=Logger("test", stream=StringIO()), metrics=metrics)  # type: ignore[arg-type]  # all of the context that is read
    finally:
        figures: dict[str, int] = json.loads(metrics.getvalue())
    return figures


@pytest.fixture
def trail() -> SealedTrail:
    trail = SealedTrail()
    trail.record(5)
    return trail


def test_a_run_seals_everything_and_checks_it(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.services.sealing.LONGEST_SPAN", 2)
    figures = run(trail)
    assert [one.count for one in trail.digests] == [2, 2, 1]
    assert trail.store.seal_state().check.digests == 3
    assert (figures["OldestUnsealedSeconds"], figures["IntegrityFailures"]) == (0, 0)


def test_no_span_is_begun_when_time_runs_short(trail: SealedTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.services.sealing.LONGEST_SPAN", 2)
    run(trail, 300_000, 1_000)
    assert len(trail.digests) == 1


def test_what_was_found_is_a_figure(trail: SealedTrail) -> None:
    """I2."""
    trail.store.ledger[2] = trail.store.ledger[2].model_copy(update={"description": "nothing happened"})
    assert run(trail)["IntegrityFailures"] == 1


class Failing(Outside):
    """Everything fails in one way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def call(self, name: str, work):  # type: ignore[no-untyped-def]
        """Fail, unless it is only to look."""
        if name.startswith("seals."):
            return work()
        raise self.error


def test_a_run_that_meets_a_rival_leaves_the_work_to_it(trail: SealedTrail) -> None:
    run(trail, outside=Failing(RivalChangeError("taken")))
    assert trail.digests == []


def test_a_run_that_cannot_reach_its_stores_fails_and_still_tells_the_figures(trail: SealedTrail) -> None:
    with pytest.raises(StoreUnavailableError):
        run(trail, outside=Failing(StoreUnavailableError("down")))
