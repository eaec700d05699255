"""What every store promises about filters: each alone, all together, and how little is read for them."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient
from pynamodb.exceptions import QueryError

from nightlatch.domain.access_request import AccessRequest, IntegrationReference, Status
from nightlatch.domain.audit_event import Source
from nightlatch.domain.identity import Person
from nightlatch.domain.item import Item
from nightlatch.services.ports.requests import RequestFilter
from tests.integration.aws.builders import HOUR, NOW, Clock, a_request
from tests.integration.aws.conftest import Store, on_dynamodb

PEOPLE = {"usr_maya": "Maya Cohen", "usr_noa": "Noa Levi", "usr_omar": "Ömer Straße"}
INTEGRATIONS = {"orders-db": "Orders", "hr-db": "People"}
FLOWS = {"orders-roles": "Sales and billing", "hr-reading": "Personnel"}
STATUSES = (Status.PENDING, Status.GRANTED, Status.REVOKING, Status.EXPIRED, Status.REJECTED)
TYPES, RESOURCES, PERMISSIONS = ("database", "schema"), ("orders", "billing", "payroll"), ("read", "write")
TEXTS = ("STRASSE", "levi", "req_", "@EXAMPLE", "people", "sales", "PAYROLL", "rea", "INC-7", "customer", "100%", "z")


def an_item(number: int, resource_type: str, resource: str, permission: str) -> Item:
    """Build an item whose resource's name is its id in capitals."""
    return Item(
        id=f"item-{number}",
        resource_type=resource_type,
        resource_id=resource,
        resource_name=resource.upper(),
        permission=permission,
    )


def a_varied_request(number: int, chance: Random) -> AccessRequest:
    """Build a request of which everything that can be filtered is left to chance."""
    person, integration, flow = (chance.choice(sorted(names)) for names in (PEOPLE, INTEGRATIONS, FLOWS))
    made = a_request(number, at=NOW - chance.randrange(900) * 3 * HOUR, status=chance.choice(STATUSES))
    items = [
        an_item(position, chance.choice(TYPES), chance.choice(RESOURCES), chance.choice(PERMISSIONS))
        for position in range(1, chance.randrange(2, 5))
    ]
    return made.model_copy(
        update={
            "requester": Person(id=person, name=PEOPLE[person], email=f"{person}@example.com"),
            "integration": IntegrationReference(id=integration, name=INTEGRATIONS[integration], kind="postgresql"),
            "flow": made.flow.model_copy(update={"id": flow, "name": FLOWS[flow]}),
            "items": tuple(items),
            "starts_at": NOW + number * HOUR,
            "source": chance.choice([Source.WEB, Source.CLI, Source.API]),
            "closed_at": made.closed_at and NOW,
            **perhaps_quarantined(made, chance),
            "justification": chance.choice(["a Customer cannot pay", "100% of it", ""]),
            "ticket": chance.choice(["", "inc-7"]),
        }
    )


def perhaps_quarantined(request: AccessRequest, chance: Random) -> dict[str, object]:
    """Make some of those under way quarantined: due again and again, until the access is gone."""
    if request.is_pending or not request.is_open or chance.random() > 0.5:
        return {}
    return {"quarantined": True, "due_at": NOW + HOUR}


CHANCE = Random(7)
STORED = sorted(
    (a_varied_request(number, CHANCE) for number in range(120)), key=lambda request: request.id, reverse=True
)
"""The same in every run, newest first."""


def some(values: Iterable[str]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(sorted(values)), max_size=3)


moments = st.none() | st.integers(-24, 2700).map(lambda hours: NOW - hours * HOUR)
filters = st.builds(
    RequestFilter,
    requesters=some([*PEOPLE, "usr_nobody"]),
    statuses=st.none() | st.frozensets(st.sampled_from(STATUSES), max_size=4),
    integrations=some([*INTEGRATIONS, "nothing"]),
    flows=some([*FLOWS, "nothing"]),
    sources=st.none() | st.frozensets(st.sampled_from(Source), max_size=3),
    resource_types=some(TYPES),
    resources=some([*RESOURCES, "ORDERS"]),
    permissions=some(PERMISSIONS),
    text=st.none() | st.sampled_from(TEXTS),
    quarantined=st.none() | st.booleans(),
    since=moments,
    until=moments,
    before_id=st.none() | st.sampled_from(STORED).map(lambda request: request.id),
)


def matches(request: AccessRequest, wanted: RequestFilter) -> bool:
    """Say it once more, as plainly as it can be said."""
    texts = [request.id, request.requester.name, request.requester.email, request.integration.name, request.flow.name]
    texts += [request.justification, request.ticket]
    texts += [item.resource_name for item in request.items] + [item.permission for item in request.items]
    items = [
        item
        for item in request.items
        if (wanted.resource_types is None or item.resource_type in wanted.resource_types)
        and (wanted.resources is None or {item.resource_id, item.resource_name} & wanted.resources)
        and (wanted.permissions is None or item.permission in wanted.permissions)
    ]
    return bool(
        items
        and (wanted.requesters is None or request.requester.id in wanted.requesters)
        and (wanted.statuses is None or request.status in wanted.statuses)
        and (wanted.integrations is None or request.integration.id in wanted.integrations)
        and (wanted.flows is None or request.flow.id in wanted.flows)
        and (wanted.sources is None or request.source in wanted.sources)
        and (wanted.quarantined is None or request.quarantined == wanted.quarantined)
        and (wanted.text is None or wanted.text.casefold() in "\n".join(texts).casefold())
        and (wanted.since is None or wanted.since <= request.created_at)
        and (wanted.until is None or request.created_at < wanted.until)
        and (wanted.before_id is None or request.id < wanted.before_id)
    )


def ids(requests: Iterable[AccessRequest]) -> list[str]:
    return [request.id for request in requests]


def test_any_filters_find_what_a_plain_reading_of_everything_finds(store: Store) -> None:
    store.put(*STORED)

    @given(wanted=filters)
    @settings(max_examples=60, deadline=None)
    def holds(wanted: RequestFilter) -> None:
        plain = [request for request in STORED if matches(request, wanted)]
        assert ids(store.requests.find(wanted)) == ids(plain)
        assert ids(filter(wanted.admits, store.requests.candidates(wanted))) == ids(plain)

    holds()


@pytest.mark.parametrize(
    "wanted",
    [
        RequestFilter(requesters=frozenset({"usr_noa"})),
        RequestFilter(requesters=frozenset({"usr_noa", "usr_omar"})),
        RequestFilter(statuses=frozenset({Status.EXPIRED, Status.PENDING})),
        RequestFilter(integrations=frozenset({"hr-db"})),
        RequestFilter(flows=frozenset({"orders-roles"})),
        RequestFilter(sources=frozenset({Source.WEB, Source.CLI})),
        RequestFilter(resource_types=frozenset({"schema"})),
        RequestFilter(resources=frozenset({"payroll"})),
        RequestFilter(resources=frozenset({"PAYROLL"})),
        RequestFilter(permissions=frozenset({"write"})),
        RequestFilter(text="strasse"),
        RequestFilter(text="INC-7"),
        RequestFilter(quarantined=True),
        RequestFilter(quarantined=False),
        RequestFilter(since=NOW - 900 * HOUR, until=NOW - 300 * HOUR),
    ],
)
def test_each_filter_finds_some_and_not_all(store: Store, wanted: RequestFilter) -> None:
    store.put(*STORED)
    found = ids(store.requests.find(wanted))
    assert found == ids(request for request in STORED if matches(request, wanted))
    assert 0 < len(found) < len(STORED)


def test_what_is_quarantined_is_found_though_it_is_closed(store: Store) -> None:
    found_again = a_request(1, status=Status.EXPIRED, quarantined=True, due_at=NOW + HOUR)
    store.put(found_again, a_request(2, status=Status.EXPIRED))
    assert ids(store.requests.find(RequestFilter(quarantined=True))) == [found_again.id]


def test_one_item_must_be_all_that_is_wanted_of_an_item(store: Store) -> None:
    apart = (an_item(1, "database", "orders", "read"), an_item(2, "schema", "payroll", "write"))
    store.put(a_request(1).model_copy(update={"items": apart}))
    alone = RequestFilter(resources=frozenset({"orders"}))
    assert len(list(store.requests.find(alone))) == 1
    assert list(store.requests.find(alone._replace(permissions=frozenset({"write"})))) == []
    assert len(list(store.requests.find(alone._replace(permissions=frozenset({"write", "read"}))))) == 1


MAYA, ORDERS, SALES = frozenset({"usr_maya"}), frozenset({"orders-db"}), frozenset({"orders-roles"})
OPEN, CLOSED = frozenset({Status.PENDING}), frozenset({Status.PENDING, Status.EXPIRED})
ENDING, UNDER_WAY = frozenset({Status.REVOKING}), frozenset({Status.GRANTED, Status.REVOKING})


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        (
            RequestFilter(requesters=MAYA, statuses=OPEN, flows=SALES, integrations=ORDERS),
            RequestFilter(requesters=MAYA),
        ),
        (RequestFilter(statuses=OPEN, flows=SALES, integrations=ORDERS), RequestFilter(statuses=OPEN)),
        (RequestFilter(statuses=ENDING, flows=SALES), RequestFilter(statuses=UNDER_WAY)),
        (RequestFilter(statuses=frozenset({Status.EXPIRED})), RequestFilter(statuses=frozenset({Status.EXPIRED}))),
        (RequestFilter(statuses=CLOSED, flows=SALES, integrations=ORDERS), RequestFilter(flows=SALES)),
        (RequestFilter(statuses=CLOSED, integrations=ORDERS), RequestFilter(integrations=ORDERS)),
        (RequestFilter(statuses=CLOSED, text="orders"), RequestFilter(statuses=CLOSED)),
        (RequestFilter(text="orders", quarantined=True), RequestFilter(quarantined=True)),
        (RequestFilter(statuses=CLOSED, requesters=MAYA, quarantined=True), RequestFilter(quarantined=True)),
        (RequestFilter(text="orders", quarantined=False), RequestFilter()),
    ],
)
@pytest.mark.usefixtures("dynamodb")
def test_only_what_the_most_selective_index_names_is_read(
    clock: Clock, wanted: RequestFilter, read: RequestFilter
) -> None:
    store = on_dynamodb(clock)
    store.put(*STORED)
    assert ids(store.requests.candidates(wanted)) == ids(request for request in STORED if matches(request, read))


def test_no_more_is_read_than_is_consumed(dynamodb: DynamoDBClient, clock: Clock) -> None:
    store = on_dynamodb(clock)
    requests = [a_request(at=NOW - number * timedelta(minutes=1)) for number in range(250)]
    store.put(*requests)
    found = store.requests.find(RequestFilter(integrations=ORDERS))
    first = next(found)
    dynamodb.delete_table(TableName="state")
    assert [first.id, *(next(found).id for _ in range(99))] == [made.id for made in requests[:100]]
    with pytest.raises(QueryError):
        next(found)
