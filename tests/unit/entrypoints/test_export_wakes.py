"""A worker is told which export, and how long it may work."""

import json
from io import StringIO
from typing import cast
from uuid import uuid4

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.export import Export, ExportFormat, ExportOrder, ExportState
from nightlatch.entrypoints.export_wakes import TIME_TO_STOP, work_on
from nightlatch.services import exports
from tests.builders import IVO, World, a_call


class Time:
    """Says how much time is left."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.mark.parametrize(("left", "state"), [(TIME_TO_STOP + 1, ExportState.DONE), (TIME_TO_STOP, ExportState.QUEUED)])
def test_a_worker_works_while_time_lasts_and_says_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch, left: int, state: ExportState
) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS_INLINE", -1)
    world, written = World(), StringIO()
    order = ExportOrder.of(ExportFormat.CSV, EntryFilter(), include_filters=False)
    export = world.exports.export(order, a_call(IVO))
    assert isinstance(export, Export)
    logger = Logger(service=f"exports-{uuid4()}", stream=written)

    work_on(
        {"person": export.person_id, "export": export.id},
        cast(LambdaContext, Time(left)),
        jobs=world.export_jobs,
        logger=logger,
    )

    assert world.store.export(export.person_id, export.id).state is state
    assert json.loads(written.getvalue())["state"] == state
    assert len(world.export_workers.woken) == (1 if state is ExportState.DONE else 2)
