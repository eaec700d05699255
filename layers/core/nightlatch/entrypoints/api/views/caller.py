"""Who calls, and that somebody answers."""

from typing_extensions import TypedDict

from nightlatch.domain.identity import Principal, Role
from nightlatch.entrypoints.api.views.base import view


@view
class Health(TypedDict):
    """That the function runs. It says nothing of what it depends on."""

    status: str


@view
class Caller(TypedDict):
    """Who the caller is to Nightlatch."""

    id: str
    issuer: str
    subject: str
    name: str
    email: str
    groups: list[str]
    roles: list[Role]


def caller_view(principal: Principal) -> Caller:
    """Show a principal to themselves."""
    return Caller(
        id=principal.id,
        issuer=principal.issuer,
        subject=principal.subject,
        name=principal.name,
        email=principal.email,
        groups=sorted(principal.groups),
        roles=sorted(principal.roles),
    )
