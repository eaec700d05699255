"""What a browser sends: one call of API Gateway, read once. Cookies come in the event or, locally, in the header."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.api.caller import origin_of
from nightlatch.entrypoints.problem_kinds import TooLargeError

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 1000
LONGEST_REASON = 1000

Fields = Mapping[str, list[str]]


@dataclass(frozen=True)
class Visit:
    """One call of a browser."""

    event: Mapping[str, Any] = field(repr=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.event["requestContext"]["http"]["method"])

    @property
    def path(self) -> str:
        """The path, without the query."""
        return str(self.event["rawPath"])

    @property
    def address(self) -> str:
        """The path with its query: where the browser is."""
        query = self.event.get("rawQueryString")
        return f"{self.path}?{query}" if query else self.path

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers, by their names in small letters."""
        return {name.lower(): text for name, text in (self.event.get("headers") or {}).items()}

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies, by name."""
        sent = self.event.get("cookies") or self.headers.get("cookie", "").split(";")
        pairs = (cookie.strip().partition("=") for cookie in sent)
        return {name: text for name, _, text in pairs if name}

    @cached_property
    def query(self) -> Fields:
        """The query's fields."""
        return _fields(self.event.get("rawQueryString") or "")

    @cached_property
    def form(self) -> Fields:
        """The fields of the form that was sent; raise TooLargeError when that is no form of ours."""
        body = self.event.get("body") or ""
        if len(body) > LARGEST_FORM:
            raise TooLargeError("the form is too large")
        return _fields(base64.b64decode(body).decode(errors="replace") if self.event.get("isBase64Encoded") else body)

    def said(self, name: str) -> str:
        """Read one field of the form, without blanks around it; empty when it is not there."""
        return self.form.get(name, [""])[0].strip()

    def asked(self, name: str) -> str:
        """Read one field of the query, without blanks around it; empty when it is not there."""
        return self.query.get(name, [""])[0].strip()

    @property
    def is_unasked(self) -> bool:
        """Whether a page asks by itself, and not its reader."""
        return bool(self.asked("unasked"))

    @property
    def reason(self) -> str:
        """The reason that a form gives."""
        reason = self.said("reason")
        if len(reason) > LONGEST_REASON:
            raise InvalidInputError(Fault("/reason", f"must not have more than {LONGEST_REASON} characters"))
        return reason

    @property
    def needed_reason(self) -> str:
        """The reason that a form must give."""
        if not (reason := self.reason):
            raise InvalidInputError(Fault("/reason", "is required"))
        return reason

    @cached_property
    def origin(self) -> Origin:
        """Tell how it came in. Of a form, its fields are told, but no secret."""
        form = {name: values if len(values) > 1 else values[0] for name, values in self.form.items()}
        return origin_of(self.event, body=form).model_copy(update={"source": Source.WEB})


def _fields(text: str) -> Fields:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidInputError(Fault("", "has too many fields")) from error
