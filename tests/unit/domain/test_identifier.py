"""Identifiers that sort by the time they were made."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.identifier import RANDOM_BYTES, lowest_id, prefixed, uuid7
from tests.builders import NOON

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
INDEXES = st.integers(min_value=0, max_value=0xFFF)
RANDOM = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
UUIDS = st.binary(min_size=16, max_size=16).map(lambda octets: UUID(bytes=octets))


@given(at=MOMENTS, index=INDEXES, random=RANDOM)
def test_it_is_a_uuid_of_version_seven(at: datetime, index: int, random: bytes) -> None:
    made = uuid7(at, index=index, random=random)

    assert (made.version, made.variant) == (7, RFC_4122)


@given(at=MOMENTS, index=INDEXES, random=RANDOM)
def test_its_first_48_bits_are_the_milliseconds_since_1970(at: datetime, index: int, random: bytes) -> None:
    made = uuid7(at, index=index, random=random)

    assert made.int >> 80 == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize("year", [2026, 2039, 2100])
def test_no_millisecond_of_a_second_is_lost_to_rounding(year: int) -> None:
    moments = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(milliseconds=away) for away in range(1000)]

    made = [uuid7(at, random=bytes(RANDOM_BYTES)).int >> 80 for at in moments]

    assert made == list(range(made[0], made[0] + 1000))


@given(at=MOMENTS, later=st.integers(1, 10**9), indexes=st.tuples(INDEXES, INDEXES), randoms=st.tuples(RANDOM, RANDOM))
def test_what_is_made_a_millisecond_later_sorts_later(
    at: datetime, later: int, indexes: tuple[int, int], randoms: tuple[bytes, bytes]
) -> None:
    first = uuid7(at, index=indexes[0], random=randoms[0])

    second = uuid7(at + timedelta(milliseconds=later), index=indexes[1], random=randoms[1])

    assert str(first) < str(second)


@given(at=MOMENTS, indexes=st.lists(INDEXES, min_size=2, max_size=2, unique=True), random=RANDOM)
def test_within_a_millisecond_the_index_sorts(at: datetime, indexes: list[int], random: bytes) -> None:
    low, high = sorted(indexes)

    assert str(uuid7(at, index=low, random=random)) < str(uuid7(at, index=high, random=b"\0" * 8))


@pytest.mark.parametrize("index", [-1, 4096])
def test_an_index_that_does_not_fit_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        uuid7(NOON, index=index, random=b"\0" * 8)


def test_the_time_zone_of_the_clock_does_not_matter() -> None:
    elsewhere = NOON.astimezone(tz=datetime.strptime("+0530", "%z").tzinfo)

    assert uuid7(elsewhere, random=b"\1" * 8) == uuid7(NOON, random=b"\1" * 8)


@given(one=UUIDS, other=UUIDS)
def test_the_short_form_keeps_the_order(one: UUID, other: UUID) -> None:
    assert (prefixed("req", one) < prefixed("req", other)) == (one < other)


@given(one=UUIDS)
def test_the_short_form_needs_no_quoting(one: UUID) -> None:
    prefix, _, rest = prefixed("req", one).partition("_")

    assert (prefix, len(rest), rest.isalnum(), rest.lower()) == ("req", 26, True, rest)


@given(at=MOMENTS, later=st.integers(0, 10**9), index=INDEXES, random=RANDOM)
def test_no_id_made_at_or_after_a_time_is_below_its_lowest(at: datetime, later: int, index: int, random: bytes) -> None:
    made = prefixed("req", uuid7(at + timedelta(milliseconds=later), index=index, random=random))

    assert lowest_id("req", at) <= made


@given(at=MOMENTS, earlier=st.integers(1, 10**9), index=INDEXES, random=RANDOM)
def test_every_id_made_before_a_time_is_below_its_lowest(at: datetime, earlier: int, index: int, random: bytes) -> None:
    made = prefixed("req", uuid7(at - timedelta(milliseconds=earlier), index=index, random=random))

    assert made < lowest_id("req", at)


def test_times_before_1970_have_a_lowest_id_too() -> None:
    assert lowest_id("req", datetime.min.replace(tzinfo=UTC)) == prefixed("req", UUID(int=0))
