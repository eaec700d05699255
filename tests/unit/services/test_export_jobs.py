"""Large exports: the file is the same whoever writes it, however often they die, and it is told of once."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, count, repeat

import pytest

from nightlatch.domain import export as domain
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.export import Export, ExportFormat, ExportOrder, ExportState
from nightlatch.services import export_text, exports
from nightlatch.services.exports import STALLED, Answered, file_of, manifest_of
from tests.builders import IVO, KilledError, Outside, World, a_call, a_chain

ENTRIES = 40
PART = 4_000
"""Bytes: a handful of entries."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything small: three entries are a piece, and none an answer."""
    monkeypatch.setattr(exports, "MOST_ROWS_INLINE", 1)
    monkeypatch.setattr(exports, "LONGEST_LOOK", 1)
    monkeypatch.setattr(export_text, "ENTRIES_IN_A_PIECE", 3)


def a_world(length: int = ENTRIES) -> World:
    world = World()
    world.store.ledger = {entry.seq: entry for entry in a_chain(length)}
    last = world.store.ledger[length]
    world.store.chain = world.store.chain.model_copy(update={"seq": length, "hash": last.hash})
    return world


def ordered(world: World, format_: ExportFormat = ExportFormat.JSON, **filters: frozenset[str]) -> Export:
    order = ExportOrder.of(format_, EntryFilter.model_validate(filters), include_filters=bool(filters))
    export = world.exports.export(order, a_call(IVO))
    assert isinstance(export, Export)
    return export


def always() -> bool:
    return True


def for_so_many(steps: int) -> Callable[[], bool]:
    """Have time so many times, and no more."""
    answers: Iterator[bool] = chain(repeat(True, steps), repeat(False))
    return lambda: next(answers)


def worked_on(world: World, export: Export, *, outside: Outside | None = None, time: int | None = None) -> Export:
    jobs = world.export_jobs_with(outside or Outside(), part=PART)
    has_time = always if time is None else for_so_many(time)
    return jobs.work_on(export.person_id, export.id, has_time=has_time)


def now(world: World, export: Export) -> Export:
    return world.store.export(export.person_id, export.id)


def assert_is_whole(world: World, export: Export, format_: ExportFormat = ExportFormat.JSON) -> None:
    """The file is what it is without disturbance, but for its own id; the manifest fits, and one event tells of it."""
    done = now(world, export)
    content = world.files.kept[file_of(done)]
    manifest = json.loads(world.files.kept[manifest_of(done)])
    assert done.state is ExportState.DONE
    assert manifest == done.model_dump(mode="json")["manifest"]
    assert (manifest["sha256"], manifest["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (manifest["rows"], manifest["first_seq"], manifest["last_seq"]) == (ENTRIES, 1, ENTRIES)
    if format_ is ExportFormat.JSON:
        assert [entry["seq"] for entry in json.loads(content)["entries"]] == list(range(1, ENTRIES + 1))
    told = [
        event for row in world.store.outbox.values() for event in row.events if event.event_type == "audit.exported"
    ]
    assert [event.details["sha256"] for event in told] == [manifest["sha256"]]


@pytest.mark.parametrize("format_", ExportFormat)
def test_a_worker_writes_part_after_part(format_: ExportFormat) -> None:
    world = a_world()

    export = worked_on(world, ordered(world, format_))

    assert export.upload is not None
    assert len(export.upload.parts) > 2
    assert_is_whole(world, export, format_)


def test_the_event_says_who_asked_and_from_where() -> None:
    world = a_world()
    order = ExportOrder.of(ExportFormat.CSV, EntryFilter(), include_filters=False)
    export = world.exports.export(order, a_call(IVO))
    assert isinstance(export, Export)

    worked_on(world, export)

    [[told]] = [row.events for row in world.store.outbox.values()]
    assert (told.actor, told.source, told.ip_address) == (
        IVO.as_actor(),
        export.origin.source,
        export.origin.ip_address,
    )
    assert told.resource.id == export.id


def test_a_file_is_the_same_as_the_answer_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world()
    stored = world.files.kept[file_of(worked_on(world, ordered(world, ExportFormat.CSV)))]
    monkeypatch.setattr(exports, "MOST_ROWS_INLINE", 1_000)

    order = ExportOrder.of(ExportFormat.CSV, EntryFilter(), include_filters=False)
    answered = world.exports.export(order, a_call(IVO))

    assert isinstance(answered, Answered)
    assert answered.content.encode() == stored


@pytest.mark.parametrize("time", range(1, 30))
def test_what_is_left_when_time_runs_short_is_handed_on(time: int) -> None:
    world = a_world()
    export = ordered(world)
    world.export_workers.woken.clear()

    worked_on(world, export, time=time)
    for _ in range(200):
        if not world.export_workers.woken:
            break
        world.export_workers.woken.clear()
        worked_on(world, export, time=2)

    assert_is_whole(world, export)


def calls_of_a_whole_job(format_: ExportFormat = ExportFormat.JSON) -> list[str]:
    world, outside = a_world(), Outside()
    worked_on(world, ordered(world, format_), outside=outside)
    return outside.calls


@pytest.mark.parametrize("format_", [ExportFormat.JSON, ExportFormat.PDF])
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_worker_may_die_at_any_call(after_effect: bool, format_: ExportFormat) -> None:
    """J1: killed at every outbound call, before it and after its effect; the next goes on."""
    for number in range(len(calls_of_a_whole_job(format_))):
        world = a_world()
        export = ordered(world, format_)
        with pytest.raises(KilledError):
            worked_on(world, export, outside=Outside(dies_at=number, after_effect=after_effect))

        worked_on(world, export)

        assert_is_whole(world, export, format_)


def test_a_worker_may_die_again_and_again() -> None:
    """J1: each gets a little further."""
    world = a_world()
    export = ordered(world)
    for dies_at in count(8):
        try:
            worked_on(world, export, outside=Outside(dies_at=dies_at, after_effect=bool(dies_at % 2)))
            break
        except KilledError:
            continue

    assert_is_whole(world, export)


def test_two_workers_at_once_do_no_harm() -> None:
    """J1: Lambda may deliver a call twice; whoever saves second stops."""
    commits = sum(name == "store.commit" for name in calls_of_a_whole_job())
    for number in range(commits):
        world = a_world()
        export = ordered(world)
        world.store.interruptions = [*repeat(lambda: None, number), partial(worked_on, world, export)]

        worked_on(world, export)

        assert_is_whole(world, export)


def test_a_slow_worker_that_is_late_changes_nothing() -> None:
    """J1: it writes a part that others wrote in other steps, and have gone on from; the part is the same."""
    world = a_world()
    export = ordered(world)
    worked_on(world, export, time=1)
    stored, late = (Export, f"{export.person_id}/{export.id}"), now(world, export)
    while not parts_of(now(world, export)):
        worked_on(world, export, time=2)
    newest, world.store.entities[stored] = now(world, export), late
    world.store.interruptions = [lambda: world.store.entities.update({stored: newest})]
    worked_on(world, export)

    worked_on(world, export)

    assert_is_whole(world, export)


def parts_of(export: Export) -> tuple[str, ...]:
    return export.upload.parts if export.upload else ()


def test_a_filter_is_applied_and_what_it_looked_through_is_said() -> None:
    world = a_world()
    world.store.ledger[7] = world.store.ledger[7].model_copy(update={"event_type": "access.granted"})

    export = worked_on(world, ordered(world, ExportFormat.JSONL, event_types=frozenset({"access.granted"})))

    manifest = now(world, export).manifest
    assert manifest is not None
    assert (manifest.rows, manifest.first_seq, manifest.last_seq) == (1, 1, ENTRIES)
    assert [json.loads(line)["seq"] for line in world.files.kept[file_of(export)].splitlines()] == [7]


def test_what_no_filter_admits_is_an_empty_file() -> None:
    world = a_world()

    export = worked_on(world, ordered(world, ExportFormat.JSONL, event_types=frozenset({"nothing"})))

    assert now(world, export).state is ExportState.DONE
    assert world.files.kept[file_of(export)] == b""


def test_too_many_rows_are_refused_and_nothing_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: never cut silently."""
    world = a_world()
    export = ordered(world)
    monkeypatch.setattr(domain, "MOST_ROWS", ENTRIES - 1)

    failed = worked_on(world, export)

    assert (failed.state, failed.manifest) == (ExportState.FAILED, None)
    assert "more than 39 entries" in failed.failure
    assert world.exports.show(export.id, a_call(IVO)).file is None
    assert not world.store.outbox


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: bounded in bytes too."""
    world = a_world()
    export = ordered(world)
    monkeypatch.setattr(domain, "LARGEST_FILE", 5_000)

    assert "larger than" in worked_on(world, export).failure


def test_a_file_that_is_not_what_was_written_is_not_handed_out() -> None:
    world = a_world()
    export = ordered(world)
    whole = world.files.complete

    def cut(name: str, upload_id: str, marks: list[str]) -> None:
        whole(name, upload_id, marks)
        world.files.kept[name] = world.files.kept[name][:-1]

    world.files.complete = cut  # type: ignore[assignment,method-assign]

    assert worked_on(world, export).state is ExportState.FAILED
    assert not world.store.outbox


def test_an_upload_that_was_thrown_away_is_the_end_of_the_export() -> None:
    world = a_world()
    export = ordered(world)
    worked_on(world, export, time=4)
    world.files.uploads.clear()

    failed = worked_on(world, export)

    assert (failed.state, failed.failure) == (ExportState.FAILED, "what was written of it is no longer kept")


def test_an_export_that_is_over_is_left_alone() -> None:
    world = a_world()
    export = worked_on(world, ordered(world))
    outside = Outside()

    worked_on(world, export, outside=outside)

    assert outside.calls == ["store.export"]


def test_a_store_that_is_away_is_not_the_end_of_the_export() -> None:
    """J2: the invocation fails, and Lambda repeats it."""
    world = a_world()
    export = ordered(world)
    world.store.refused_commits = 1

    with pytest.raises(StoreUnavailableError):
        worked_on(world, export)
    worked_on(world, export)

    assert_is_whole(world, export)


# Whoever waits


def test_a_look_at_an_export_that_nobody_works_on_wakes_somebody_once() -> None:
    """J1: the worker died, and so did its repetitions."""
    world = a_world()
    export = ordered(world)
    worked_on(world, export, time=4)
    world.export_workers.woken.clear()

    world.exports.show(export.id, a_call(IVO))
    assert world.export_workers.woken == []
    world.clock.advance(STALLED)
    world.exports.show(export.id, a_call(IVO))
    world.exports.show(export.id, a_call(IVO))

    assert world.export_workers.woken == [(IVO.id, export.id)]
    worked_on(world, export)
    assert_is_whole(world, export)


def test_two_looks_at_once_wake_one_worker() -> None:
    world = a_world()
    export = ordered(world)
    world.export_workers.woken.clear()
    world.clock.advance(STALLED)
    world.store.interruptions = [lambda: world.exports.show(export.id, a_call(IVO))]

    world.exports.show(export.id, a_call(IVO))

    assert world.export_workers.woken == [(IVO.id, export.id)]


def test_progress_is_seen_while_it_is_written() -> None:
    world = a_world()
    export = ordered(world)

    worked_on(world, export, time=5)

    shown = world.exports.show(export.id, a_call(IVO))
    assert shown.export.state is ExportState.RUNNING
    assert 0 < shown.export.progress.rows < ENTRIES
    assert shown.file is None


def test_entries_whose_time_is_over_while_it_is_written_end_it_and_that_is_said() -> None:
    """D5, I3: no hole, and nobody is told that it is complete."""
    world = a_world()
    export = ordered(world, ExportFormat.JSONL)
    worked_on(world, export, time=5)
    reached = now(world, export).progress.last_seq or 0
    for number in range(1, reached + 6):
        del world.store.ledger[number]

    worked_on(world, export)

    manifest = now(world, export).manifest
    assert manifest is not None
    assert (manifest.last_seq, manifest.complete) == (reached, False)


def test_an_export_is_kept_without_an_event_until_something_is_taken() -> None:
    world = a_world()

    ordered(world)

    assert not world.store.outbox
