"""Systems to connect."""

from pydantic import Field, JsonValue, SecretStr

from nightlatch.domain.integration import Slug
from nightlatch.entrypoints.api.bodies.base import Body, ShortName


class IntegrationToAdd(Body):
    """A system to connect. The secret goes into the secret store and never comes out here."""

    id: Slug
    name: str = Field(min_length=1, max_length=100)
    kind: ShortName
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    secret: SecretStr = Field(min_length=1, max_length=4096)
