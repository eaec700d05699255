"""Reading the trail is told in the trail, and does not feed itself."""

from datetime import timedelta

import pytest

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.ledger import LedgerEntry
from nightlatch.services.call import Call
from tests.builders import ADA, IVO, World, a_call

MINUTE = timedelta(minutes=1)
READS = "audit.read"


def follow(world: World, place: int, call: Call | None = None) -> list[LedgerEntry]:
    """Poll the feed once, as the function does."""
    page = world.trail.feed(after=place, limit=100)
    world.audit_reads.count(call or a_call(IVO), page.entries, query="/v1/audit")
    return page.entries


def poll(world: World, *, every: timedelta, through: timedelta) -> list[list[LedgerEntry]]:
    """Follow the feed for a time, with the sweep every minute, and return the pages."""
    end, swept_at, pages = world.clock.now + through, world.clock.now, []
    place = 0
    while world.clock.now < end:
        pages.append(follow(world, place))
        place = pages[-1][-1].seq if pages[-1] else place
        if world.clock.now >= swept_at + MINUTE:
            swept_at = world.clock.now
            world.tallying.tell()
            world.events()
        world.clock.advance(every)
    return pages


@pytest.mark.parametrize("seconds", [0.5, 7, 60, 290, 301])
def test_a_poller_at_any_rate_makes_at_most_one_event_in_five_minutes(seconds: float) -> None:
    world = World()
    world.submitted()
    world.events()

    poll(world, every=timedelta(seconds=seconds), through=timedelta(hours=1))

    assert world.told().count(READS) <= 12
    assert world.told().count(READS) >= 10


def test_no_page_holds_the_event_of_the_read_that_brought_it() -> None:
    world = World()

    pages = poll(world, every=timedelta(seconds=20), through=timedelta(hours=1))

    for page in pages:
        assert all(entry.timestamp < world.clock.now - MINUTE for entry in page)
    reads = [entry for page in pages for entry in page]
    assert [entry.event_type for entry in reads] == [READS] * len(reads)
    assert len(reads) <= 12


def test_every_read_is_counted_and_says_what_was_read_from_where() -> None:
    world = World()
    for _ in range(2):
        world.submitted()
    world.events()
    origin = Origin(source=Source.CLI, ip_address="192.0.2.50", user_agent="nightlatch/1")
    elsewhere = Origin(source=Source.API, ip_address="198.51.100.7")

    follow(world, 0, Call(principal=IVO, origin=origin))
    follow(world, 2, Call(principal=IVO, origin=elsewhere))
    follow(world, 3, Call(principal=IVO, origin=origin))
    world.clock.advance(7 * MINUTE)
    world.tallying.tell()

    event = world.events()[-1]
    assert (event.event_type, event.actor.id) == (READS, IVO.id)
    assert (event.source, event.ip_address, event.user_agent) == ("cli", "192.0.2.50", "nightlatch/1")
    assert event.details == {
        "reads": 3,
        "rows": 4,
        "first_seq": 1,
        "last_seq": 3,
        "queries": ["/v1/audit"],
        "addresses": ["192.0.2.50", "198.51.100.7"],
        "since": "2026-11-22T12:00:00.004Z",
    }


def test_each_reader_is_told_apart() -> None:
    world = World()
    for reader in (IVO, ADA):
        follow(world, 0, a_call(reader))
    world.clock.advance(7 * MINUTE)

    assert world.tallying.tell() == 2
    assert {event.actor.id for event in world.events()} == {IVO.id, ADA.id}
