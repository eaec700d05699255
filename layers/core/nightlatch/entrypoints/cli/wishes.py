"""Turn what somebody typed into what the API takes, with the catalog's help."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.inert import inert_text
from nightlatch.entrypoints.cli.shapes import Json

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Api

_NAMED_AT_MOST = 20


def bodies(
    api: "Api", targets: Sequence[str], permissions: Sequence[str], *, resource_type: str | None, offered_only: bool
) -> list[Json]:
    """Write integration and items of a request for each integration: every permission on every target.

    The catalog holds what one may ask for oneself. What is not in it is an error, or is taken as it was typed.
    """
    offers = [offer for offer in api.get("/v1/catalog")["offers"] if resource_type in {None, offer["resource"]["type"]}]
    items: dict[str, list[Json]] = {}
    for target in targets:
        resource = _resource(offers, target) or _as_typed(offers, target, resource_type, offered_only=offered_only)
        if offered_only:
            _refuse_what_is_not_offered(offers, target, permissions)
        items.setdefault(target.partition("/")[0], []).extend(
            {"resource_type": resource["type"], "resource": resource["id"], "permission": permission}
            for permission in permissions
        )
    return [{"integration": integration, "items": wanted} for integration, wanted in items.items()]


def command(integration: str, items: Sequence[Json], options: Mapping[str, str | None]) -> str:
    """Write the command that asks for something. An option without a value is left out."""
    words = ["nightlatch", "request", *_unique(f"{integration}/{item['resource']}" for item in items)]
    named = [("-p", name) for name in _unique(item["permission"] for item in items)]
    for option, value in (*named, *options.items()):
        words += [option, value] if value else []
    return shlex.join(words)


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _resource(offers: Sequence[Json], target: str) -> Json | None:
    """Find the one resource that is meant, if it is offered at all."""
    matching = [offer for offer in offers if _is_meant(offer, target)]
    resources = {(offer["resource"]["type"], offer["resource"]["id"]): offer["resource"] for offer in matching}
    if len(resources) > 1:
        types = ", ".join(sorted({kind for kind, _ in resources}))
        raise MistakenError(f"{target} may be several things; say which with --type ({types})", lines=_named(matching))
    return next(iter(resources.values()), None)


def _as_typed(offers: Sequence[Json], target: str, resource_type: str | None, *, offered_only: bool) -> Json:
    integration, _, resource = target.partition("/")
    if offered_only:
        raise MistakenError(f"there is no {target} that you may ask for; there is:", lines=_named(offers))
    if not resource:
        raise MistakenError(f"{target!r} is not of the form INTEGRATION/RESOURCE")
    types = {offer["resource"]["type"] for offer in offers if offer["integration"]["id"] == integration}
    if resource_type is None and len(types) != 1:
        raise MistakenError(f"{target} is not in your catalog; say what it is with --type, and name it by its id")
    return {"type": resource_type or types.pop(), "id": resource}


def _refuse_what_is_not_offered(offers: Sequence[Json], target: str, permissions: Sequence[str]) -> None:
    offered = {offer["permission"]["name"] for offer in offers if _is_meant(offer, target)}
    if unknown := [name for name in permissions if name not in offered]:
        missing = ", ".join(unknown)
        raise MistakenError(f"you may not ask for {missing} on {target}; you may for:", lines=sorted(offered))


def _is_meant(offer: Json, target: str) -> bool:
    integration, _, resource = target.partition("/")
    return offer["integration"]["id"] == integration and resource in {
        offer["resource"]["id"],
        offer["resource"]["name"],
    }


def _named(offers: Sequence[Json]) -> list[str]:
    names = [
        f"{offer['integration']['id']}/{offer['resource']['name']} -p {offer['permission']['name']}" for offer in offers
    ]
    lines = [inert_text(name) for name in sorted(set(names))]
    rest = len(lines) - _NAMED_AT_MOST
    more = [f"and {rest} more: nightlatch catalog"] if rest > 0 else []
    return [*lines[:_NAMED_AT_MOST], *more] or ["nothing"]
