"""Calls that only read: told where the settings say so, once for caller, route and five minutes."""

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.domain.audit_settings import AuditChoices, Reads
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.tally import Tally
from tests.builders import ADA, IVO, MAYA, World, a_call
from tests.functions.client import Client


def choose(world: World, reads: Reads) -> None:
    choices = AuditChoices(retention_days=90, reads=reads, writers=())
    version = world.store.audit_settings().version
    world.audit_settings.put(choices, a_call(ADA), if_match=version)


def told(world: World) -> list[tuple[str, str, Any]]:
    """Let the windows close; say who is told to have read what, and how often."""
    world.clock.advance(timedelta(minutes=7))
    world.tallying.tell()
    events = [event for event in world.events() if event.event_type == "audit.read"]
    return [(event.actor.id, event.resource.id, event.details["reads"]) for event in events]


def test_as_deployed_only_what_is_sensitive_is_told(client: Client, world: World) -> None:
    client.get("/v1/requests", by=MAYA)
    client.get("/v1/audit", by=IVO)
    assert told(world) == [(IVO.id, "audit", 1)]


def test_every_read_is_told_by_caller_and_route_where_that_is_wanted(client: Client, world: World) -> None:
    choose(world, Reads.ALL)
    request = world.submitted()

    for path in ("/v1/requests", "/v1/requests?limit=3", f"/v1/requests/{request.id}", "/v1/whoami"):
        client.get(path, by=MAYA)
    client.get("/v1/requests", by=ADA)
    client.get("/v1/audit", by=IVO)
    client.post(f"/v1/requests/{request.id}/cancel", {}, by=MAYA)

    assert sorted(told(world)) == sorted(
        [
            (MAYA.id, "/v1/requests", 2),
            (MAYA.id, "/v1/requests/{request_id}", 1),
            (MAYA.id, "/v1/whoami", 1),
            (ADA.id, "/v1/requests", 1),
            (IVO.id, "audit", 1),
        ]
    )


def test_another_choice_is_obeyed_within_a_minute(client: Client, world: World) -> None:
    client.get("/v1/requests", by=MAYA)
    choose(world, Reads.ALL)
    world.clock.advance(timedelta(minutes=1))
    client.get("/v1/requests", by=MAYA)
    choose(world, Reads.SENSITIVE)
    world.clock.advance(timedelta(minutes=1))
    client.get("/v1/requests", by=MAYA)
    assert told(world) == [(MAYA.id, "/v1/requests", 1)]


def test_what_is_refused_is_no_read(client: Client, world: World) -> None:
    choose(world, Reads.ALL)
    assert client.get("/v1/people", by=MAYA).status == 403
    assert told(world) == []


def test_what_cannot_be_told_is_not_shown(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Tally) -> None:
        raise StoreUnavailableError("DynamoDB is silent")

    choose(world, Reads.ALL)
    monkeypatch.setattr(world.store, "count", refuse)
    assert client.get("/v1/requests", by=MAYA).status == 503


def test_the_health_check_is_nobodys(client: Client, world: World) -> None:
    choose(world, Reads.ALL)
    assert client.get("/healthz", by=None).status == 200
    assert told(world) == []
