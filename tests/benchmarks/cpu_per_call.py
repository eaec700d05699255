"""How much processor time a warm call of the API takes, against botocore alone making the same calls to DynamoDB.

Each call is made once on moto and what DynamoDB answered is kept; from then on these answers come straight back where
botocore would have sent its request. So the time is the client's own: ours, PynamoDB's and botocore's. What the
DynamoDB client takes of it, from a question to the answer as it was read, is a row of its own.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel
from moto import mock_aws

from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.ledger_record import record_of_entry
from nightlatch.adapters.dynamodb.outbox import head_record
from nightlatch.adapters.dynamodb.records import StateRecord, record_of
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import Head
from tests.benchmarks.cold_start import ENVIRONMENT
from tests.benchmarks.cold_start_in_runtime import settings_of_functions
from tests.benchmarks.layers import ROOT
from tests.benchmarks.row import Row, in_turn
from tests.builders import IVO, MAYA, NOA, SECOND, a_chain, a_flow, a_request, a_resource, an_integration
from tests.functions.client import Context, an_api_event, claims_of
from tests.integration.aws.tables import make_anew, table_definition

CALLS_PER_ROUND = 5
PAGE = 100
BASELINE = "botocore alone"
IN_CLIENT = "of that, DynamoDB client"
EVENTS = "dynamodb"

WISH = {
    "integration": "orders-db",
    "items": [{"resource_type": "database", "resource": "orders", "permission": "role1"}],
    "justification": "a customer cannot pay",
}

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


Answer = tuple[int, HTTPHeaders, bytes]

SEEN: dict[tuple[str, bytes], Answer] = {}
"""What was answered to each question on any tape. A call may ask what an earlier one left in a cache then."""


@dataclass
class Tape:
    """What was asked of DynamoDB during one call, and what it answered."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answered: dict[str, list[Answer]] = field(default_factory=dict)
    _answers: dict[tuple[str, bytes], list[Answer]] = field(default_factory=dict)
    _question: tuple[str, bytes] = ("", b"")

    @contextmanager
    def recording(self, events: BaseEventHooks) -> Iterator[None]:
        """Keep what is asked and answered."""
        with (
            _registered(events.register, events, "provide-client-params", self._note_call),
            _registered(events.register_first, events, "before-send", self._note_question),
            _registered(events.register, events, "response-received", self._note_answer),
        ):
            yield

    @contextmanager
    def playing(self, events: BaseEventHooks) -> Iterator[None]:
        """Answer as it was answered: to the same question the same, to one that holds a new id or time in order.

        A question that was put twice may have had two answers.
        """
        left = {target: iter(answers) for target, answers in self.answered.items()}
        own = {question: iter(answers) for question, answers in self._answers.items()}

        def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            question = _question_in(request)
            known = next(own.get(question, iter(())), SEEN.get(question))
            status, headers, body = known or next(left[question[0]])
            return AWSResponse(request.url, status, headers, _Body(body))

        with _registered(events.register_first, events, "before-send", answer):
            yield

    def _note_call(self, model: OperationModel, params: dict[str, Any], **_: object) -> None:
        self.asked.append((xform_name(model.name), params))

    def _note_question(self, request: AWSPreparedRequest, **_: object) -> None:
        self._question = _question_in(request)

    def _note_answer(self, response_dict: dict[str, Any], **_: object) -> None:
        answer = (response_dict["status_code"], response_dict["headers"], response_dict["body"])
        SEEN[self._question] = answer
        self._answers.setdefault(self._question, []).append(answer)
        self.answered.setdefault(self._question[0], []).append(answer)


def _question_in(request: AWSPreparedRequest) -> tuple[str, bytes]:
    target, body = request.headers["X-Amz-Target"], request.body
    return _text(target), body if isinstance(body, bytes) else str(body).encode()


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


@dataclass(frozen=True)
class _Body:
    """The body of an answer, as urllib3 hands it over."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.content


def rows(*, rounds: int) -> Iterable[Row]:
    """Measure the main calls."""
    os.environ.update(ENVIRONMENT, **settings_of_functions())
    with mock_aws():
        calls = _calls()
        tapes = {name: recorded(call) for name, call in calls.items()}
    os.environ.update(ENVIRONMENT)  # moto takes its own credentials away
    measures = {name: partial(of_ours, call, tapes[name]) for name, call in calls.items()}
    bare = {f"{name}: {BASELINE}": partial(of_botocore, tapes[name]) for name in calls}
    within = {f"{name}: {IN_CLIENT}": partial(in_client, call, tapes[name]) for name, call in calls.items()}
    taken = in_turn({**measures, **bare, **within}, rounds=rounds)
    # The least of all rounds: what other work on the machine adds to processor time is never the call's own.
    least = {name: min(values) for name, values in taken.items()}
    for name in calls:
        bare_ms = least[f"{name}: {BASELINE}"]
        yield Row(name, least[name], "ms", {BASELINE: least[name] / bare_ms})
        client_ms = least[f"{name}: {IN_CLIENT}"]
        yield Row(f"  {IN_CLIENT}", client_ms, "ms", {BASELINE: client_ms / bare_ms})


def _calls() -> dict[str, Callable[[], None]]:
    """Fill the tables, and name what is measured."""
    from nightlatch.bootstrap.requests import access_requests  # noqa: PLC0415  (it reads the environment, which is set by now)
    from nightlatch.entrypoints.api.http_api import logger  # noqa: PLC0415
    from nightlatch.entrypoints.api.openapi import load_function  # noqa: PLC0415

    client = boto3.client("dynamodb")
    make_anew(client, {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")})
    boto3.client("secretsmanager").create_secret(Name=os.environ["NIGHTLATCH_CURSOR_SECRET"], SecretString="key")
    access_requests()
    request_id = _fill()
    logger.registered_handler.setStream(StringIO())  # type: ignore[attr-defined]  # it is a StreamHandler
    requests, approvals, audit = (
        load_function(name, ROOT / "functions").handler for name in ("access_requests", "approvals", "audit")
    )
    approve = f"/v1/requests/{request_id}/approve"
    return {
        "submit": partial(_call, requests, MAYA, "POST", "/v1/requests", WISH),
        "list of 100": partial(_call, requests, MAYA, "GET", f"/v1/requests?requester=me&limit={PAGE}"),
        "show": partial(_call, requests, MAYA, "GET", f"/v1/requests/{request_id}"),
        "approve": partial(_call, approvals, NOA, "POST", approve, {"items": ["item-1"]}),
        "catalog": partial(_call, requests, MAYA, "GET", "/v1/catalog"),
        "audit feed of 100": partial(_call, audit, IVO, "GET", f"/v1/audit?limit={PAGE}"),
    }


def _fill() -> str:
    """Store a flow, a catalog, a page of requests and one more, and a ledger; return the id of a request."""
    now = datetime.now(UTC)
    requests = [a_request("role3", "orders_admin", at=now - number * SECOND) for number in range(PAGE + 1)]
    for entity in (a_flow(), an_integration(), *requests):
        record_of(entity).save()
    DynamoCatalogue().replace_resources("orders-db", [a_resource()])
    entries = a_chain(PAGE + 1, at=now)
    for entry in entries:
        record_of_entry(entry, retention=timedelta(days=90)).save()
    head_record(Head(seq=entries[-1].seq, hash=entries[-1].hash, recorded_at=now)).save()
    return requests[0].id


def _call(handler: Handler, caller: Principal, method: str, path: str, body: object = None) -> None:
    answer = handler(an_api_event(method, path, claims=claims_of(caller), body=body), Context())
    if answer["statusCode"] >= 300:
        raise AssertionError(f"{method} {path}: {answer['body']}")


def recorded(call: Callable[[], object]) -> Tape:
    """Keep what a call asks of DynamoDB, and what that answers."""
    tape = Tape()
    with tape.recording(_events()):
        call()
    return tape


def of_ours(call: Callable[[], object], tape: Tape) -> float:
    """Measure a call whose answers are on a tape."""
    return milliseconds(call, tape, _events())


def in_client(call: Callable[[], object], tape: Tape) -> float:
    """Measure what of a call passes between its questions to DynamoDB and the answers, as they are read."""
    return min(_in_client_once(call, tape) for _ in range(CALLS_PER_ROUND))


def _in_client_once(call: Callable[[], object], tape: Tape) -> float:
    connection = table_of(StateRecord).connection
    spent: list[float] = []

    def timed(*asked: Any) -> dict[str, Any]:
        started_at = time.process_time()
        answer: dict[str, Any] = type(connection).dispatch(connection, *asked)
        spent.append(time.process_time() - started_at)
        return answer

    connection.dispatch = timed  # type: ignore[assignment]  # what the records call
    try:
        with tape.playing(_events()):
            call()
    finally:
        del connection.dispatch
    return sum(spent) * 1000


def of_botocore(tape: Tape) -> float:
    """Measure botocore alone, asking the same."""
    client = boto3.client("dynamodb")

    def ask() -> None:
        for operation, parameters in tape.asked:
            getattr(client, operation)(**parameters)

    return milliseconds(ask, tape, client.meta.events)


def milliseconds(work: Callable[[], object], tape: Tape, events: BaseEventHooks) -> float:
    """Measure the processor time of some work whose answers are on a tape."""
    spent = []
    for _ in range(CALLS_PER_ROUND):
        with tape.playing(events):
            started_at = time.process_time()
            work()
            spent.append(time.process_time() - started_at)
    return min(spent) * 1000


def _events() -> BaseEventHooks:
    """Return the hooks of the client that the records share."""
    events: BaseEventHooks = table_of(StateRecord).connection.client.meta.events
    return events


@contextmanager
def _registered(register: Callable[..., None], events: BaseEventHooks, name: str, note: Any) -> Iterator[None]:
    register(f"{name}.{EVENTS}", note)
    try:
        yield
    finally:
        events.unregister(f"{name}.{EVENTS}", note)
