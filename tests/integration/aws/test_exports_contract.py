"""What every store promises about exports."""

from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.errors import NotFoundError, RivalChangeError
from nightlatch.domain.export import KEPT, Export, ExportFormat, ExportOrder, Progress, Upload
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.local_time import LocalTime
from tests.builders import NOON
from tests.integration.aws.builders import ORIGIN
from tests.integration.aws.conftest import Store


def an_export(number: int = 1, *, person_id: str = "usr_ivo") -> Export:
    return Export(
        id=f"exp_{number}",
        person_id=person_id,
        requested_by=Actor(type=ActorType.USER, id=person_id, name="Ivo"),
        origin=Origin(source=Source.API, call={"method": "GET"}),
        requested_at=NOON,
        updated_at=NOON,
        order=ExportOrder.of(
            ExportFormat.CSV, EntryFilter(event_types=frozenset({"flow.updated"}), until=NOON), include_filters=True
        ),
        times=LocalTime(zone="Europe/Berlin", offset=timedelta(hours=-3.5)),
        file_name="export.csv",
        content_type="text/csv",
        first=1,
        last=9,
        progress=Progress(rows=3, size=100, first_seq=1, last_seq=4, prev_hash="0", last_hash="f"),
        upload=Upload(id="u", parts=("a", "b"), rest="export.csv.rest-4"),
    )


def test_an_export_is_read_as_it_was_written(store: Store) -> None:
    store.put(an_export())

    assert store.exports.export("usr_ivo", "exp_1") == an_export()


def test_an_export_is_its_owners_alone(store: Store) -> None:
    """C1: the key holds the owner, so nobody can name another's."""
    store.put(an_export())

    for person, name in (("usr_ada", "exp_1"), ("usr_ivo", "exp_2")):
        with pytest.raises(NotFoundError):
            store.exports.export(person, name)
    assert store.exports.latest_exports("usr_ada", limit=10) == []


def test_the_latest_exports_come_first(store: Store) -> None:
    store.put(*(an_export(number) for number in range(1, 6)), an_export(9, person_id="usr_ada"))

    assert [one.id for one in store.exports.latest_exports("usr_ivo", limit=3)] == ["exp_5", "exp_4", "exp_3"]


def test_of_two_workers_the_second_is_told(store: Store) -> None:
    export = an_export()
    store.put(export)
    store.work.commit(export.went_on(at=NOON, progress=Progress(rows=5)), origin=ORIGIN)

    with pytest.raises(RivalChangeError):
        store.work.commit(export.went_on(at=NOON, progress=Progress(rows=4)), origin=ORIGIN)
    assert store.exports.export("usr_ivo", "exp_1").progress.rows == 5


def test_an_export_and_its_event_are_there_together(store: Store) -> None:
    done = an_export().done(Progress(rows=5), sha256="0f", at=NOON)
    store.put(an_export())

    store.work.commit(done, origin=ORIGIN)

    [told] = store.pending()
    assert (told.event_type, told.details["sha256"]) == ("audit.exported", "0f")


def test_an_export_is_not_served_after_a_week(store: Store) -> None:
    """D5: an item past its TTL but still there."""
    store.work.commit(Change(an_export()), origin=ORIGIN)
    store.clock.now = NOON + KEPT

    with pytest.raises(NotFoundError):
        store.exports.export("usr_ivo", "exp_1")
    assert store.exports.latest_exports("usr_ivo", limit=10) == []
