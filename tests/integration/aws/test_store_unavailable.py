"""When DynamoDB does not take part, whoever asks is told that the store is unavailable, and by no other name."""

import socket
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pynamodb.exceptions import GetError

from nightlatch.adapters.dynamodb.connection import HASTY, bind
from nightlatch.adapters.dynamodb.ledger import DynamoKeptEntries
from nightlatch.domain.change import Change
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.ledger import Head
from nightlatch.domain.tally import Tally, TallyKind
from nightlatch.services.ports.facts import Wanted
from nightlatch.services.ports.requests import RequestFilter
from tests.integration.aws.builders import NOW, ORIGIN, Clock, a_request, a_resource, an_event
from tests.integration.aws.conftest import RETENTION, Store, on_dynamodb

Use = Callable[[Store], object]

AT_ONE = Head(seq=1, hash="a")
KEPT = DynamoKeptEntries(Head(seq=9), at=NOW, since=NOW - RETENTION)
A_TIME = Tally.of(TallyKind.SIGN_INS, an_event(), about="usr_maya", origin=ORIGIN)

USES: dict[str, tuple[str, Use]] = {
    "commit": ("transact_write_items", lambda store: store.work.commit(Change(a_request()), origin=ORIGIN)),
    "record": ("transact_write_items", lambda store: store.work.record(an_event(), origin=ORIGIN)),
    "receipt": ("get_item", lambda store: store.work.receipt("usr_maya", "k-1")),
    "request": ("get_item", lambda store: store.requests.request("req_1")),
    "grant": ("get_item", lambda store: store.requests.grant("req_1")),
    "find": ("query", lambda store: list(store.requests.find(RequestFilter(requesters=frozenset({"usr_maya"}))))),
    "due": ("query", lambda store: list(store.requests.due(NOW))),
    "flows": ("query", lambda store: store.flows.in_force()),
    "open_of": ("get_item", lambda store: store.requests.open_of("usr_maya")),
    "person": ("get_item", lambda store: store.people.person("usr_maya")),
    "people": ("query", lambda store: store.people.people()),
    "known": (
        "batch_get_item",
        lambda store: store.facts.known(Wanted(frozenset({"orders-db"}), frozenset(), frozenset())),
    ),
    "resources": ("query", lambda store: store.catalogue.resources("orders-db")),
    "replace_resources": ("query", lambda store: store.catalogue.replace_resources("orders-db", [a_resource("a")])),
    "standing": ("batch_get_item", lambda store: store.outbox.standing()),
    "waiting": ("query", lambda store: store.outbox.waiting(taken=())),
    "append": (
        "transact_write_items",
        lambda store: store.outbox.append([], taking=[], after=Head(), head=Head(seq=1, hash="a"), retention=RETENTION),
    ),
    "clear": ("batch_write_item", lambda store: store.outbox.clear(["a row"])),
    "count": ("update_item", lambda store: store.tallies.count(A_TIME)),
    "count_tokens": ("update_item", lambda store: store.tallies.count_tokens(A_TIME)),
    "kept": ("batch_get_item", lambda store: store.ledger.kept()),
    "entries": ("query", lambda _: list(KEPT.entries(1, 9))),
    "by_numbers": ("batch_get_item", lambda _: KEPT.by_numbers([1, 2])),
}
REFUSALS = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
    "UnrecognizedClientException",
]

pytestmark = pytest.mark.usefixtures("dynamodb")


@pytest.fixture
def store(clock: Clock) -> Store:
    """Only the real one can be unavailable."""
    return on_dynamodb(clock)


@pytest.fixture
def nowhere(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the records look for DynamoDB where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
        bind(state_table="state", ledger_table="ledger", region=aws, patience=HASTY)
        yield
    monkeypatch.undo()
    bind(state_table="state", ledger_table="ledger", region=aws)


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("use", USES)
def test_a_refusal_that_is_not_about_the_items_is_an_unavailable_store(
    stubber: Stubber, store: Store, use: str, code: str
) -> None:
    """J2."""
    operation, call = USES[use]
    stubber.add_client_error(operation, code, "the arn of a role, or how many units there are")

    with pytest.raises(StoreUnavailableError, match=f"^DynamoDB refused [A-Za-z]+: {code}$"):
        call(store)

    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("use", USES)
@pytest.mark.usefixtures("nowhere")
def test_a_dynamodb_that_cannot_be_reached_is_an_unavailable_store(store: Store, use: str) -> None:
    """J2."""
    with pytest.raises(StoreUnavailableError, match=r"^DynamoDB cannot be reached: EndpointConnectionError$"):
        USES[use][1](store)


@pytest.mark.parametrize(
    "codes",
    [["ThrottlingError"], ["None", "ProvisionedThroughputExceeded"], ["ThrottlingError", "None"]],
    ids="+".join,
)
def test_a_write_that_stays_throttled_is_an_unavailable_store_and_no_rivals_change(
    stubber: Stubber, store: Store, codes: list[str]
) -> None:
    """J2."""
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    for _ in range(4):
        stubber.add_client_error("transact_write_items", "TransactionCanceledException", modeled_fields=reasons)

    with pytest.raises(StoreUnavailableError, match="too busy"):
        store.put(*(a_request(number) for number in range(len(codes))))

    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException"])
def test_a_mistake_of_ours_is_not_called_an_unavailable_store(stubber: Stubber, store: Store, code: str) -> None:
    stubber.add_client_error("get_item", code)

    with pytest.raises(GetError) as caught:
        store.requests.request("req_1")

    assert isinstance(caught.value.cause, ClientError)
