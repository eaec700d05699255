"""An OpenID Connect provider that signs in whomever it is told to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from nightlatch.domain.identity import Principal
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.sessions import Tokens

PAGE = "https://id.example.com/authorize"
CLIENT = "console"


@dataclass
class FakeProvider:
    """Remembers who began to sign in, and what it was asked. `spoilt` claims replace those of the tokens."""

    clock: Clock
    spoilt_id: dict[str, Any] = field(default_factory=dict)
    spoilt_access: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    nonce: str = ""
    forms: list[Mapping[str, str]] = field(default_factory=list)
    whose: Principal | None = None

    def page(self, query: Mapping[str, str]) -> str:
        """Write the address of the page."""
        if self.error:
            raise self.error
        return f"{PAGE}?{urlencode(query)}"

    def signed_in(self, page: str, principal: Principal) -> dict[str, str]:
        """Sign somebody in on the page, and say what the browser brings back."""
        query = dict(parse_qsl(urlsplit(page).query))
        self.nonce, self.whose = query["nonce"], principal
        return {"code": "c-1", "state": query["state"]}

    def redeem(self, form: Mapping[str, str]) -> Tokens:
        """Give tokens for the code."""
        self.forms.append(form)
        assert self.whose is not None
        both = {"iss": self.whose.issuer, "sub": self.whose.subject, "exp": int(self.clock().timestamp()) + 300}
        id_claims = {**both, "aud": CLIENT, "nonce": self.nonce, **self.spoilt_id}
        access = {
            **both,
            "name": self.whose.name,
            "email": self.whose.email,
            "origin_jti": "j-1",
            "cognito:groups": sorted(self.whose.groups),
            **self.spoilt_access,
        }
        return Tokens(id_claims, {name: claim for name, claim in access.items() if claim is not None})
