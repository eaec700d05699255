"""Who calls, and that somebody answers."""

from typing import Self

from nightlatch.domain.identity import Principal, Role
from nightlatch.entrypoints.api.views.base import View


class Health(View):
    """That the function runs. It says nothing of what it depends on."""

    status: str = "ok"


class Caller(View):
    """Who the caller is to Nightlatch."""

    id: str
    issuer: str
    subject: str
    name: str
    email: str
    groups: list[str]
    roles: list[Role]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        """Show a principal to themselves."""
        return cls(
            id=principal.id,
            issuer=principal.issuer,
            subject=principal.subject,
            name=principal.name,
            email=principal.email,
            groups=sorted(principal.groups),
            roles=sorted(principal.roles),
        )
