"""What administrators choose about a destination, whole: they replace all of it."""

import re
from typing import Annotated

from pydantic import Field, JsonValue

from nightlatch.domain.destination import LONGEST_TIMEOUT, Destination, Format, Headers, Selection, Validator
from nightlatch.domain.value import Value

REDACTED = "[redacted]"
SECRET = re.compile(
    r"secret|passw|passphrase|token|credential|authorization|cookie|key|private|signature", re.IGNORECASE
)


class DestinationChoices(Value):
    """All of a destination that can be changed, but its secret."""

    name: str = Field(min_length=1, max_length=100)
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    selection: Selection = Field(default_factory=Selection)
    format: Format = Format.NATIVE
    template: str = Field(default="", max_length=16_000)
    headers: Headers = Field(default_factory=dict)
    validators: Annotated[tuple[Validator, ...], Field(max_length=10)] = ()
    timeout: int = Field(default=10, ge=1, le=LONGEST_TIMEOUT, description="Seconds.")

    @classmethod
    def of(cls, destination: Destination) -> "DestinationChoices":
        """Read what is chosen."""
        return cls.model_validate({name: getattr(destination, name) for name in cls.model_fields})

    def filled_in(self, before: Destination) -> "DestinationChoices":
        """Take a header that was sent as it is shown for what it was."""
        headers = {
            name: before.headers.get(name, value) if value == REDACTED else value
            for name, value in self.headers.items()
        }
        return self.model_copy(update={"headers": headers})

    def shown(self) -> dict[str, JsonValue]:
        """Write it as it may be shown: without headers that are secret by their name."""
        shown: dict[str, JsonValue] = self.model_dump(mode="json")
        shown["headers"] = shown_headers(self.headers)
        return shown


def shown_headers(headers: dict[str, str]) -> dict[str, JsonValue]:
    """Leave out the values of headers that are secret by their name."""
    return {name: REDACTED if SECRET.search(name) else value for name, value in headers.items()}
