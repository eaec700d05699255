"""J1: what people do through the API, killed at any outbound call, called again and left to the sweep, happens once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.ledger import Head, first_break
from nightlatch.services.call import Call
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import ADA, MAYA, NOA, KilledError, Outside, World, a_call
from tests.proof.aftermath import swept_to_the_end
from tests.proof.operations import OPERATIONS, Desk, Operation

CALLERS = {"maya": MAYA, "noa": NOA, "ada": ADA}
KEYED = [name for name, operation in OPERATIONS.items() if operation.keyed]

PATIENCE = "access.revoke.failed"
"""Told as often as a target resists, which is a matter of time."""
TOLD_OF_EACH_CALL = {"access.credentials.viewed", "discovery.scan.started", "discovery.scan.completed"}
"""Who looks or scans twice has done so twice."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: how each request ended and what was told of it, what was told of none, and what is configured.

    What is told of each call is there once.
    """

    requests: list[tuple[list[str], Status]]
    elsewhere: list[str]
    configured: dict[str, object]

    def is_within(self, nothing: "Outcome", everything: "Outcome") -> bool:
        """Whether each part of it is as if nothing had been done, or as if all had."""
        parts = zip(self.requests, nothing.requests, everything.requests, strict=True)
        return (
            all(one in others for one, *others in parts)
            and self.elsewhere == everything.elsewhere[: len(self.elsewhere)]
            and all(
                value in (nothing.configured[name], everything.configured[name])
                for name, value in self.configured.items()
            )
        )


def ids_in(world: World) -> list[str]:
    return sorted(request.id for request in world.store.find(RequestFilter()))


def prepared(operation: Operation) -> tuple[World, list[str], Call]:
    world = World()
    world.acquaintances.note(a_call(MAYA))
    operation.start(world)
    return world, ids_in(world), a_call(CALLERS[operation.caller], key="key-1" if operation.keyed else None)


def calls_of(operation: Operation) -> int:
    """Count the outbound calls of the command when nothing goes wrong."""
    (world, ids, call), outside = prepared(operation), Outside()
    operation.run(Desk(world, outside), ids, call)
    return len(outside.calls)


def deaths() -> Iterator[tuple[str, int, bool]]:
    for name, operation in OPERATIONS.items():
        for number in range(calls_of(operation)):
            yield name, number, False
            yield name, number, True


DEATHS = [*deaths()]


def killed(name: str, number: int, *, after_effect: bool) -> tuple[World, list[str], Call]:
    """Let the one who carries it out die at a call."""
    operation = OPERATIONS[name]
    world, ids, call = prepared(operation)
    with pytest.raises(KilledError):
        operation.run(Desk(world, Outside(dies_at=number, after_effect=after_effect)), ids, call)
    return world, ids, call


def outcome(world: World) -> Outcome:
    """Let it come to its end, and tell what came of it."""
    requests = swept_to_the_end(world)
    return Outcome(
        requests=[(told_once(world.told(request.id)), request.status) for request in requests],
        elsewhere=told_once([event.event_type for event in world.events() if event.request_id is None]),
        configured=configuration(world),
    )


def told_once(names: Sequence[str]) -> list[str]:
    """Leave out what tells of patience only, and of what is told of each call all but the last."""
    return [
        name
        for number, name in enumerate(names, start=1)
        if name != PATIENCE and (name not in TOLD_OF_EACH_CALL or name not in names[number:])
    ]


def configuration(world: World) -> dict[str, object]:
    """Read what administrators wrote, without times; of a secret, what those find who follow its reference."""
    store, secrets = world.store, world.secrets.kept
    return {
        "flows": {
            flow_id: [(flow.version, flow.definition, flow.is_deleted) for flow in versions]
            for flow_id, versions in store.flow_versions.items()
        },
        "integrations": [
            (one.id, one.status, one.resource_count, secrets.get(one.secret_reference)) for one in store.integrations()
        ],
        "resources": {one.id: store.resources(one.id) for one in store.integrations()},
        "trail": (store.audit_settings().version, store.audit_settings().choices),
        "anomalies": (world.anomaly_settings.show().version, world.anomaly_settings.show().choices),
    }


@cache
def untouched(name: str) -> Outcome:
    """Tell what comes of it when the command is never given."""
    return outcome(prepared(OPERATIONS[name])[0])


@cache
def undisturbed(name: str) -> Outcome:
    """Tell what comes of it when the command is given once, and nobody dies."""
    world, ids, call = prepared(OPERATIONS[name])
    OPERATIONS[name].run(Desk(world, Outside()), ids, call)
    return outcome(world)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_command_that_nobody_disturbs_does_what_it_says(name: str) -> None:
    """What the others are compared with is right."""
    operation, done, before = OPERATIONS[name], undisturbed(name), untouched(name)

    assert [told for told, _ in done.requests] == operation.told
    assert [status for _, status in done.requests[-1:]] == [operation.status] * bool(operation.told)
    assert done.elsewhere == [*before.elsewhere, *operation.told_elsewhere]
    assert done != before


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_a_command_that_was_killed_and_called_again_took_effect_once(
    name: str, number: int, after_effect: bool
) -> None:
    """J1. E1."""
    world, ids, call = killed(name, number, after_effect=after_effect)

    OPERATIONS[name].run(Desk(world, Outside()), ids, call)

    assert outcome(world) == undisturbed(name)


@pytest.mark.parametrize(("name", "number", "after_effect"), [death for death in DEATHS if death[0] in KEYED])
def test_whoever_calls_again_with_the_same_key_is_answered_the_same(name: str, number: int, after_effect: bool) -> None:
    """J1. E1. Nothing more is told of it either."""
    operation, (world, ids, call) = OPERATIONS[name], killed(name, number, after_effect=after_effect)
    answer, told = operation.run(Desk(world, Outside()), ids, call), world.told()

    assert operation.run(Desk(world, Outside()), ids, call) == answer
    assert world.told() == told


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_a_command_that_was_killed_for_good_left_all_of_it_or_nothing(
    name: str, number: int, after_effect: bool
) -> None:
    """J1."""
    world, _, _ = killed(name, number, after_effect=after_effect)

    left, ways = outcome(world), (untouched(name), undisturbed(name))

    assert left in ways or (not OPERATIONS[name].is_whole and left.is_within(*ways))


@pytest.mark.parametrize(("name", "number", "after_effect"), DEATHS)
def test_whatever_was_killed_leaves_a_chain_that_holds_each_event_once(
    name: str, number: int, after_effect: bool
) -> None:
    """I3. J1."""
    world, _, _ = killed(name, number, after_effect=after_effect)

    waiting = {event.id for row in world.store.outbox.values() for event in row.events}
    chain = [world.store.ledger[number] for number in range(1, len(world.events()) + 1)]

    assert first_break(chain, after=Head()) is None
    assert waiting <= {entry.event_id for entry in chain}
    assert len({entry.id for entry in chain}) == len(chain)
