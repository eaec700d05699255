"""The call that a service is told of: who, by which way, and under which Idempotency-Key."""

import hashlib
import re
from typing import Annotated

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.ledger import canonical_json
from nightlatch.entrypoints.api.caller import origin_of
from nightlatch.services.call import Call

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x20-\x7e]{1,255}")


def this_call(request: Request) -> Call:
    """Describe the call that is being answered."""
    key = _key(request) if request.method == "POST" else None
    return Call(
        principal=request.context["principal"],
        origin=origin_of(request.resolved_event.raw_event, body=request.json_body if request.body else None),
        idempotency_key=key,
        fingerprint=_fingerprint(request) if key else "",
    )


ThisCall = Annotated[Call, Depends(this_call)]


def _key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise InvalidInputError(Fault(f"?{HEADER}", "must have 1 to 255 printable ASCII characters"))
    return key


def _fingerprint(request: Request) -> str:
    """Hash what is asked for; how the JSON is written makes no difference."""
    called = f"{request.method}\n{request.resolved_event.path}\n".encode()
    return hashlib.sha256(called + canonical_json(request.json_body or {})).hexdigest()
