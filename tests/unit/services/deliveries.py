"""What the tests of deliveries share: a Nightlatch with destinations, whose receivers answer as they are told."""

from datetime import timedelta

from nightlatch.domain.delivery import Delivery, Progress
from nightlatch.domain.destination import DestinationKind
from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.services.destinations import Start, Wanted
from tests.builders import ADA, API, World, a_call, an_event
from tests.fakes.destinations import FakeReceiver

SIEM = "siem"
MINUTE = timedelta(minutes=1)


def a_world_with(*destination_ids: str, **choices: object) -> World:
    """Build a Nightlatch with these destinations and an empty outbox."""
    world = World()
    for destination_id in destination_ids or (SIEM,):
        create(world, destination_id, **choices)
    world.events()
    work_off(world, *destination_ids or (SIEM,))
    for receiver in world.senders.receivers.values():
        receiver.came.clear()
        receiver.taken.clear()
    return world


def create(world: World, destination_id: str = SIEM, **choices: object) -> None:
    """Make a webhook."""
    chosen = DestinationChoices.model_validate({"name": "SIEM", "settings": {"url": "https://siem.example"}, **choices})
    wanted = Wanted(destination_id, DestinationKind.WEBHOOK, chosen, "s3cret", Start())
    world.destinations.create(wanted, a_call(ADA))


def happen(world: World, count: int = 1) -> list[int]:
    """Let things happen, and return their numbers."""
    world.events()
    before = world.store.chain.seq
    world.store.record(*(an_event(at=world.clock()) for _ in range(count)), origin=API)
    world.events()
    return list(range(before + 1, before + 1 + count))


def receiver_of(world: World, destination_id: str = SIEM) -> FakeReceiver:
    """Find a receiver."""
    return world.senders.receivers.setdefault(destination_id, FakeReceiver())


def work_off(world: World, *destination_ids: str) -> None:
    """Let a worker come to each."""
    for destination_id in destination_ids or (SIEM,):
        world.delivering.work_off(destination_id, has_time=lambda: True)


def sweep(world: World, *, minutes: int = 1) -> None:
    """Let the sweep run every minute, and a worker come to each destination that it rings for."""
    for _ in range(minutes):
        world.clock.advance(MINUTE)
        world.delivery_queue.rung.clear()
        world.delivering.sweep()
        work_off_rung(world)


def work_off_rung(world: World) -> None:
    """Let a worker come to each destination that was rung for at once."""
    rung = dict.fromkeys(destination_id for destination_id, delay in world.delivery_queue.rung if not delay)
    world.delivery_queue.rung.clear()
    if rung:
        work_off(world, *rung)


def progress_of(world: World, destination_id: str = SIEM) -> Progress:
    """Read how far a destination has come."""
    standing = world.store.standing_of(destination_id)
    assert standing is not None
    return standing.progress


def is_active(world: World, destination_id: str = SIEM) -> bool:
    """Whether a destination is on."""
    standing = world.store.standing_of(destination_id)
    assert standing is not None
    return standing.destination.is_active


def log_of(world: World, destination_id: str = SIEM) -> list[Delivery]:
    """Read the log, oldest first."""
    return world.store.deliveries(destination_id, below=None, limit=10_000)[::-1]
