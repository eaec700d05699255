"""docs/siem.md: the archive is read as it lies, by the definition and the queries of the page.

Athena's dialects are read by sqlglot and what they say is run by DuckDB, over objects that sealing has written.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.domain.seal import archive_key
from tests.builders import World, a_definition, a_flow

PAGE = (Path(__file__).parents[2] / "docs" / "siem.md").read_text()
DEFINITION, GRANTED, LATE, MISSING = re.findall(r"^```sql\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
BUCKET = "s3://<evidence bucket>/"

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


def definition() -> exp.Create:
    """Read the table's definition, as Athena does."""
    table = sqlglot.parse_one(DEFINITION, read="athena")
    assert isinstance(table, exp.Create)
    return table


def columns(holder: exp.Expression) -> dict[str, str]:
    """List columns with their types, as DuckDB calls them."""
    return {column.name: column.args["kind"].sql("duckdb") for column in holder.this.expressions}


def partitions() -> dict[str, str]:
    """List the columns that are in the objects' names."""
    found = definition().find(exp.PartitionedByProperty)
    assert found
    return columns(found)


def properties() -> dict[str, str]:
    """Read how Athena finds partitions."""
    own = [each for each in definition().args["properties"].expressions if type(each) is exp.Property]
    return {each.name: each.args["value"].name for each in own}


@pytest.fixture(scope="module")
def world() -> World:
    """One access that Noa approved and that ended late, in the next month; one that nobody approved, in time."""
    world = World()
    world.clock.at(datetime(2026, 10, 31, 22, 50, tzinfo=UTC))
    late = world.granted("role1")
    world.events()
    flow = a_flow(definition=a_definition(needed=0)).model_copy(update={"version": 2})
    world.store.commit(Change(flow), origin=Origin(source=Source.SYSTEM))
    in_time = world.provisioning.advance(world.submitted("role3").id)
    world.events()
    assert late.ends_at
    assert in_time.ends_at
    world.clock.at(in_time.ends_at)
    world.provisioning.advance(in_time.id)
    world.events()
    world.clock.at(late.ends_at + timedelta(minutes=12))
    world.provisioning.advance(late.id)
    world.events()
    while world.sealing.seal_next():
        pass
    return world


@pytest.fixture
def archive(world: World, tmp_path: Path) -> Path:
    """Lay the archive's objects out as they are in the bucket."""
    for key, content in world.evidence.objects.items():
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "archive"


@pytest.fixture
def ask(archive: Path) -> Iterator[Query]:
    """Define the table over them, and give what runs one of Athena's queries."""
    options = {
        "format": "'newline_delimited'",
        "columns": columns(definition()),
        "hive_partitioning": "true",
        "hive_types": partitions(),
    }
    said = ", ".join(f"{name} = {value}" for name, value in options.items())
    with closing(duckdb.connect()) as database:
        database.execute(f"CREATE VIEW nightlatch AS SELECT * FROM read_json('{archive}/**/*.jsonl.gz', {said})")

        def run(query: str) -> Rows:
            (translated,) = sqlglot.transpile(query, read="athena", write="duckdb")
            return database.execute(translated).fetchall()

        yield run


def test_the_definition_has_a_column_for_every_field_of_an_entry_and_no_other() -> None:
    table = {column.name: column for column in definition().this.expressions}

    fields = LedgerEntry.model_fields
    assert set(table) == set(fields)
    for name in ("actor", "resource"):
        struct = fields[name].annotation
        assert struct
        assert [part.name for part in table[name].args["kind"].expressions] == list(struct.model_fields)


def test_columns_are_in_small_letters_for_athena_knows_no_others() -> None:
    assert [name for name in (*columns(definition()), *partitions()) if name != name.lower()] == []


def test_every_object_lies_where_athena_is_told_to_look_for_it(world: World) -> None:
    said, location = properties(), definition().find(exp.LocationProperty)
    keys = [key for key in world.evidence.objects if key.startswith("archive/")]

    assert location
    assert len({key.rpartition("/")[0] for key in keys}) > 1
    for key in keys:
        values = dict(re.findall(r"(\w+)=(\w+)/", key))
        assert list(values) == list(partitions())
        folder = Template(said["storage.location.template"]).substitute(values)
        assert (f"{BUCKET}{key}".startswith(folder), folder.startswith(location.name)) == (True, True)


@pytest.mark.parametrize("recorded_at", [datetime(2027, 1, 2, 3, tzinfo=UTC), datetime(2036, 12, 31, 23, tzinfo=UTC)])
def test_athena_makes_up_each_value_as_it_is_written(world: World, recorded_at: datetime) -> None:
    said, entry = properties(), world.store.ledger[1].model_copy(update={"recorded_at": recorded_at})

    assert said["projection.enabled"] == "true"
    for column, value in re.findall(r"(\w+)=(\w+)/", archive_key(entry, entry)):
        lowest, highest = map(int, said[f"projection.{column}.range"].split(","))
        digits = int(said.get(f"projection.{column}.digits", "1"))
        assert said[f"projection.{column}.type"] == "integer"
        assert lowest <= int(value) <= highest
        assert f"{int(value):0{digits}}" == value


def test_what_is_read_is_what_was_recorded(ask: Query, world: World) -> None:
    hour = "year || month || day || hour"
    read = ask(f'SELECT seq, "timestamp", actor.name, resource.id, hash, {hour} FROM nightlatch ORDER BY seq')

    entries = [world.store.ledger[number] for number in range(1, len(read) + 1)]
    assert read == [
        (
            entry.seq,
            entry.model_dump(mode="json")["timestamp"],
            entry.actor.name,
            entry.resource.id,
            entry.hash,
            f"{entry.recorded_at:%Y%m%d%H}",
        )
        for entry in entries
    ]


def test_details_are_read_as_json(ask: Query) -> None:
    [(found,)] = ask(
        "SELECT json_extract_scalar(details, '$.read_back') FROM nightlatch WHERE event_type = 'access.expired' LIMIT 1"
    )

    assert found == "absent"


def test_the_page_finds_who_had_access_and_who_let_them(ask: Query) -> None:
    rows = ask(GRANTED)

    assert [(description.partition(" as ")[0], approver) for _, _, description, approver in rows] == [
        ("Maya has role1 on orders", "Noa"),
        ("Maya has role3 on orders", None),
    ]


def test_the_page_finds_what_ended_late_and_by_how_much(ask: Query, world: World) -> None:
    [late] = [entry for entry in world.store.ledger.values() if entry.details.get("lateness_seconds", 0) == 720]

    rows = ask(LATE)

    assert [(request_id, seconds) for _, request_id, _, seconds in rows] == [(late.request_id, 720)]


def test_the_page_finds_no_number_missing_where_none_is(ask: Query) -> None:
    assert ask(MISSING) == []


def test_the_page_finds_which_numbers_are_missing(ask: Query, archive: Path) -> None:
    first, lost, *_ = sorted(archive.rglob("*.jsonl.gz"), key=lambda file: file.name)
    lost.unlink()

    assert first.is_file()
    assert ask(MISSING) == [tuple(int(number) for number in lost.name.partition(".")[0].split("-"))]


@pytest.mark.parametrize("query", [GRANTED, LATE, MISSING])
def test_every_query_names_year_and_month_of_each_table_it_reads(query: str) -> None:
    said = sqlglot.parse_one(query, read="athena")

    tables = len(list(said.find_all(exp.Table)))
    named = [column.name for column in said.find_all(exp.Column)]
    assert [named.count(name) for name in ("year", "month")] == [tables, tables]
