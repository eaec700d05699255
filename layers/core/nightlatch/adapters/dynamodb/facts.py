"""Reading things of different kinds at once: whatever an answer needs, in one BatchGetItem."""

from collections.abc import Mapping
from typing import TypeVar

from nightlatch.adapters.dynamodb.keys import FLOW_REGISTER, INTEGRATIONS, PEOPLE, Key, receipt_key, resource_key
from nightlatch.adapters.dynamodb.reading import read_many
from nightlatch.adapters.dynamodb.records import Holder, StateRecord, value_of
from nightlatch.domain.access_flow import FlowRegister
from nightlatch.domain.integration import Integration, Resource
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.value import Value
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.facts import Known, Wanted
from nightlatch.services.ports.writing import Receipt

N = TypeVar("N")
V = TypeVar("V", bound=Value)


class DynamoFacts:
    """Reads what is wanted, but nothing whose time is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def known(self, wanted: Wanted) -> Known:
        """Read, consistently and in one call, all that is wanted."""
        integrations = {name: (INTEGRATIONS, name) for name in wanted.integrations}
        resources = {key: resource_key(*key) for key in wanted.resources}
        people = {name: (PEOPLE, name) for name in wanted.people}
        receipts = {wanted.receipt: receipt_key(*wanted.receipt)} if wanted.receipt else {}
        groups = (integrations, resources, people, receipts)
        records = read_many(StateRecord, [FLOW_REGISTER, *(key for group in groups for key in group.values())])
        now = self._clock()
        live = {key: record for key, record in records.items() if record.is_live(now)}
        return Known(
            integrations=_found(integrations, live, Integration),
            resources=_found(resources, live, Resource),
            people=_found(people, live, KnownPerson),
            receipt=next(iter(_found(receipts, live, Receipt).values()), None),
            flows=value_of(records[FLOW_REGISTER], FlowRegister) if FLOW_REGISTER in records else FlowRegister(),
        )


def _found(named: Mapping[N, Key], records: Mapping[Key, Holder], kind: type[V]) -> dict[N, V]:
    return {name: value_of(records[key], kind) for name, key in named.items() if key in records}
