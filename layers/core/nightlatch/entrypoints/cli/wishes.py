"""Turn what somebody typed into what the API takes, with the catalog's help."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nightlatch.entrypoints.cli.errors import MistakenError
from nightlatch.entrypoints.cli.inert import inert_text
from nightlatch.entrypoints.cli.shapes import Json

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.client import Api

_NAMED_AT_MOST = 20


def body(api: "Api", targets: Sequence[str], permissions: Sequence[str], *, resource_type: str | None) -> Json:
    """Write the integration and the items of a request: every permission on every target."""
    offers = [offer for offer in api.get("/v1/catalog")["offers"] if resource_type in {None, offer["resource"]["type"]}]
    integration = _one_integration(targets)
    resources = [_resource(offers, target, permissions) for target in targets]
    items = [
        {"resource_type": resource["type"], "resource": resource["id"], "permission": permission}
        for resource in resources
        for permission in permissions
    ]
    return {"integration": integration, "items": items}


def _one_integration(targets: Sequence[str]) -> str:
    integrations = {target.partition("/")[0] for target in targets}
    if len(integrations) > 1:
        raise MistakenError(f"one request is for one integration, not for {', '.join(sorted(integrations))}")
    return integrations.pop()


def _resource(offers: Sequence[Json], target: str, permissions: Sequence[str]) -> Json:
    """Find the one resource that is meant, on which all permissions may be asked for."""
    matching = [offer for offer in offers if _is_meant(offer, target)]
    resources = {(offer["resource"]["type"], offer["resource"]["id"]): offer["resource"] for offer in matching}
    if not resources:
        raise MistakenError(f"there is no {target} that you may ask for; there is:", lines=_named(offers))
    if len(resources) > 1:
        types = ", ".join(sorted({kind for kind, _ in resources}))
        raise MistakenError(f"{target} may be several things; say which with --type ({types})", lines=_named(matching))
    offered = {offer["permission"]["name"] for offer in matching}
    if unknown := [name for name in permissions if name not in offered]:
        missing = ", ".join(unknown)
        raise MistakenError(f"you may not ask for {missing} on {target}; you may for:", lines=sorted(offered))
    return next(iter(resources.values()))


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
