"""What a page of the console takes: processor time against botocore alone, calls to DynamoDB, and its size on the wire.

Time is measured as that of the API's calls is: DynamoDB answers from a tape. A browser that has the page already is
answered 304 and is sent nothing; here it never has.
"""

import gzip
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO

import boto3
from moto import mock_aws

from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.ledger_record import record_of_entry
from nightlatch.adapters.dynamodb.outbox import head_record
from nightlatch.adapters.dynamodb.records import record_of
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import Head
from nightlatch.domain.people import meet
from tests.benchmarks.cold_start import ENVIRONMENT
from tests.benchmarks.cold_start_in_runtime import settings_of_functions
from tests.benchmarks.cpu_per_call import BASELINE, PAGE, Handler, of_botocore, of_ours, recorded
from tests.benchmarks.layers import ROOT
from tests.benchmarks.row import Row, in_turn
from tests.builders import (
    ADA,
    API,
    MAYA,
    NOA,
    SECOND,
    a_chain,
    a_flow,
    a_principal,
    a_request,
    a_resource,
    an_integration,
)
from tests.functions.client import Context, an_api_event
from tests.integration.aws.tables import make_anew, table_definition

KILOBYTE = 1024
OK = 200
PAGES = {
    "my access": ("console", MAYA, "/"),
    "request access": ("console", MAYA, "/request"),
    "approvals": ("console", NOA, "/approvals"),
    "one request": ("console", MAYA, "/requests/{request}"),
    "activity": ("oversight", ADA, "/oversight/activity"),
    "activity with its panel": ("oversight", ADA, "/oversight/activity?open={request}"),
    "figures": ("oversight", ADA, "/oversight/activity/figures"),
    "anomalies": ("oversight", ADA, "/oversight/anomalies"),
    "audit log": ("oversight", ADA, "/oversight/audit"),
    "access flows": ("configuration", ADA, "/configuration/flows"),
    "integrations": ("configuration", ADA, "/configuration/integrations"),
    "destinations": ("configuration", ADA, "/configuration/destinations"),
    "people": ("configuration", ADA, "/configuration/people"),
    "settings": ("configuration", ADA, "/configuration/settings"),
}
"""Each page's function, reader and address."""


def rows(*, rounds: int) -> Iterable[Row]:
    """Measure every page."""
    os.environ.update(ENVIRONMENT, **settings_of_functions())
    with mock_aws():
        visits = _visits()
        sizes = {name: visit() for name, visit in visits.items()}
        tapes = {name: recorded(visit) for name, visit in visits.items()}
    os.environ.update(ENVIRONMENT)  # moto takes its own credentials away
    measures = {name: partial(of_ours, visit, tapes[name]) for name, visit in visits.items()}
    bare = {f"{name}: {BASELINE}": partial(of_botocore, tapes[name]) for name in visits}
    taken = in_turn({**measures, **bare}, rounds=rounds)
    least = {name: min(values) for name, values in taken.items()}
    for name, size in sizes.items():
        yield Row(name, least[name], "ms", {BASELINE: least[name] / least[f"{name}: {BASELINE}"]})
        yield Row(f"{name}: calls to DynamoDB", len(tapes[name].asked), "calls", {})
        yield Row(f"{name}: size, compressed", size / KILOBYTE, "KB", {})


def _visits() -> dict[str, Callable[[], int]]:
    """Fill the tables, let everybody sign in, and name what is measured."""
    from nightlatch.bootstrap.sessions import sessions  # noqa: PLC0415  (it reads the environment, which is set by now)
    from nightlatch.entrypoints.api.openapi import load_function  # noqa: PLC0415
    from nightlatch.entrypoints.console.app import logger  # noqa: PLC0415

    client = boto3.client("dynamodb")
    make_anew(client, {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")})
    begin = sessions().begin
    request = _fill()
    logger.registered_handler.setStream(StringIO())  # type: ignore[attr-defined]  # it is a StreamHandler
    cookies = {one.id: begin(one, origin=API).cookie for one in (MAYA, NOA, ADA)}
    handlers = {name: load_function(name, ROOT / "functions").handler for name, *_ in PAGES.values()}
    return {
        name: partial(_visit, handlers[function], cookies[who.id], address.format(request=request))
        for name, (function, who, address) in PAGES.items()
    }


def _fill() -> str:
    """Store people, a flow, a catalogue, a hundred requests and a ledger; return the id of a request."""
    now = datetime.now(UTC)
    developers = [a_principal(f"developer-{number}", groups=["developers"]) for number in range(PAGE // 2)]
    people: list[Principal] = [MAYA, NOA, ADA, *developers]
    requests = [
        a_request(
            "role1" if number % 2 else "role3",
            by=people[number % len(people)],
            at=now - number * SECOND,
            number=number + 1,
        )
        for number in range(PAGE)
    ]
    met = [change.state for one in people if (change := meet(one, None, at=now))]
    for entity in (a_flow(), an_integration(), *requests, *met):
        record_of(entity).save()
    DynamoCatalogue().replace_resources("orders-db", [a_resource()])
    entries = a_chain(PAGE + 1, at=now)
    for entry in entries:
        record_of_entry(entry, retention=timedelta(days=90)).save()
    head_record(Head(seq=entries[-1].seq, hash=entries[-1].hash, recorded_at=now)).save()
    return requests[0].id


def _visit(handler: Handler, cookie: str, address: str) -> int:
    """Open a page, and say how many bytes it has, compressed."""
    event = an_api_event("GET", address, headers={"host": "console.example.com"})
    event["cookies"] = [f"__Host-nightlatch={cookie}"]
    answer = handler(event, Context())
    if answer["statusCode"] != OK:
        raise AssertionError(f"{address}: {answer['statusCode']}")
    return len(gzip.compress(answer["body"].encode()))
