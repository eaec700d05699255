"""Find the request that somebody means: by its id, by the end of it, or as `last`."""

from typing import TYPE_CHECKING

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.shapes import Json

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Api

PREFIX = "req_"
LAST = "last"
SHORT_LENGTH = 8
"""So many characters of an id are shown where there is little room."""

SHORTEST_END = 4
LENGTH = 30
"""`req_` and the 26 characters of a UUID in base 32."""

LOOKED_THROUGH = 200


def request_id(api: "Api", meant: str, *, to_decide: bool = False) -> str:
    """Return the full id of the request that is meant. `last` is one's own newest, or the newest to decide on."""
    if meant == LAST:
        return _last_waiting(api) if to_decide else _last_own(api)
    end = meant.removeprefix(PREFIX).lstrip("….")
    if len(end) >= LENGTH - len(PREFIX):
        return PREFIX + end
    if len(end) < SHORTEST_END:
        raise MistakenError(
            f"{meant!r} is too short: give an id, its last {SHORTEST_END} characters or more, or `last`"
        )
    return _only([found for found in _known(api) if found.endswith(end)], meant)


def short(identifier: str) -> str:
    """Shorten an id to what still finds it."""
    return PREFIX + identifier.removeprefix(PREFIX)[-SHORT_LENGTH:]


def _last_waiting(api: "Api") -> str:
    waiting: list[Json] = api.get("/v1/approvals")["requests"]
    if not waiting:
        raise MistakenError("no request waits for your decision")
    return str(max(waiting, key=lambda request: str(request["created_at"]))["id"])


def _last_own(api: "Api") -> str:
    mine: list[Json] = api.get("/v1/requests", {"requester": "me", "limit": 1})["requests"]
    if not mine:
        raise MistakenError("you have made no request yet")
    return str(mine[0]["id"])


def _known(api: "Api") -> list[str]:
    """List the ids that somebody can mean: of requests that they may see, and of those that wait for them."""
    seen = api.get("/v1/requests", {"limit": LOOKED_THROUGH})["requests"]
    waiting = api.get("/v1/approvals")["requests"]
    return list(dict.fromkeys(str(request["id"]) for request in (*seen, *waiting)))


def _only(found: list[str], meant: str) -> str:
    if not found:
        raise MistakenError(f"no request of the last {LOOKED_THROUGH} ends in {meant!r}; give the full id")
    if len(found) > 1:
        raise MistakenError(f"{meant!r} may be any of these:", lines=found)
    return found[0]
