"""Somebody who follows the trail on the command line, while the stack goes down and comes up again."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.conftest import COMMAND, Cli
from tests.e2e.person import JsonObject, Person, until

ENTRIES = "/v1/audit/entries"


@contextmanager
def following(terminal: dict[str, str], into: Path) -> Iterator[Callable[[], list[JsonObject]]]:
    """Run `audit tail` until the end of the block; what it has printed can be read meanwhile."""
    with into.open("w") as output:
        tail = subprocess.Popen((COMMAND, "audit", "tail", "-n", "1", "-o", "json"), env=terminal, stdout=output)
        try:
            yield lambda: [json.loads(line) for line in into.read_text().splitlines()]
            assert tail.poll() is None, "it ended by itself"
        finally:
            tail.terminate()
            tail.wait(timeout=30)


def asked_and_withdrawn(facts: StackFacts) -> str:
    """Let something happen, and return the request that it is about."""
    maya = Person.signed_in(facts, "maya")
    with maya.api:
        request_id = maya.ask("role1")
        maya.command(request_id, "cancel")
    return request_id


def test_who_follows_the_trail_misses_nothing_and_sees_nothing_twice_though_the_stack_was_away(
    facts: StackFacts, terminal: dict[str, str], cli: Cli, restart: Callable[[], None], tmp_path: Path
) -> None:
    """I3."""
    cli("login", "ivo")
    with following(terminal, tmp_path / "tail.jsonl") as printed:

        def shows(request_id: str) -> None:
            wanted = {("access.requested", request_id), ("access.canceled", request_id)}
            until(seen, lambda found: wanted <= found["told"], within=90)

        def seen() -> JsonObject:
            return {"told": {(event["event_type"], event["request_id"]) for event in printed()}}

        until(seen, lambda found: bool(found["told"]), within=60)
        shows(asked_and_withdrawn(facts))
        restart()
        shows(asked_and_withdrawn(facts))
        events = printed()

    ivo = Person.signed_in(facts, "ivo")
    with ivo.api:
        kept = [ivo.get(f"{ENTRIES}/{event['id']}") for event in events]
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [entry["hash"] for entry in kept] == [event["hash"] for event in events]
