"""The places of open requests: one item for each person, with a place for each request and their number.

    OPEN#<person>  OPEN   { open: 2, at_<content key>: <request id>, at_<content key>: <request id> }

A place is taken and given up in the transaction that opens or closes its request, and so exactly once. Taking one fails
when it is taken, or when there are too many; giving one up never fails, for nothing may keep a request from closing.
"""

from collections import defaultdict
from collections.abc import Iterable

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from nightlatch.adapters.dynamodb.connection import table_of
from nightlatch.adapters.dynamodb.keys import open_key
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.adapters.dynamodb.transaction import Transaction
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.errors import DuplicateRequestError, LimitReachedError
from nightlatch.domain.value import Entity

PLACE = "at_"


class OpenRecord(StateRecord):
    """The count of one person's open requests; the places are attributes whose names are made of their content."""

    open = NumberAttribute(null=True)


def move(transaction: Transaction, entities: Iterable[Entity], *, limit: int) -> None:
    """Take a place for each request that opens, and give up that of each that closes."""
    moving: dict[str, list[AccessRequest]] = defaultdict(list)
    for entity in entities:
        if isinstance(entity, AccessRequest) and (_opens(entity) or _closes(entity)):
            moving[entity.requester.id].append(entity)
    for person_id, requests in moving.items():
        actions, condition = _steps(requests, limit)
        transaction.update(OpenRecord(*open_key(person_id)), actions, condition)


def explain(entities: Iterable[Entity], *, limit: int) -> None:
    """Say why places could not be taken: raise DuplicateRequestError or LimitReachedError, if it was for that."""
    opening: dict[str, list[AccessRequest]] = defaultdict(list)
    for entity in entities:
        if isinstance(entity, AccessRequest) and _opens(entity):
            opening[entity.requester.id].append(entity)
    for person_id, requests in opening.items():
        item = _stored(person_id)
        for request in requests:
            taken = item.get(_place(request), {}).get("S", request.id)
            if taken != request.id:
                raise DuplicateRequestError(taken)
        if int(item.get("open", {}).get("N", 0)) + len(requests) > limit:
            raise LimitReachedError(f"{requests[0].requester.name} may have {limit} open requests, and no more")


def of_person(person_id: str) -> dict[str, str]:
    """Read the ids of somebody's open requests, by their content."""
    return {
        name.removeprefix(PLACE): value["S"] for name, value in _stored(person_id).items() if name.startswith(PLACE)
    }


def _opens(request: AccessRequest) -> bool:
    return request.version == 1 and request.is_open


def _closes(request: AccessRequest) -> bool:
    return request.version > 1 and request.has_just_closed


def _steps(requests: list[AccessRequest], limit: int) -> tuple[list[Action], Condition | None]:
    places = {request.id: Path([_place(request)]) for request in requests}
    opening = [request for request in requests if _opens(request)]
    actions: list[Action] = [
        places[request.id].set(request.id) if _opens(request) else places[request.id].remove() for request in requests
    ]
    if change := 2 * len(opening) - len(requests):
        actions.append(OpenRecord.open.add(change))
    if not opening:
        return actions, None
    condition: Condition = OpenRecord.open.does_not_exist() | (OpenRecord.open <= limit - len(opening))
    for request in opening:
        condition &= places[request.id].does_not_exist()
    return actions, condition


def _place(request: AccessRequest) -> str:
    return PLACE + request.content_key


def _stored(person_id: str) -> dict[str, dict[str, str]]:
    pk, sk = open_key(person_id)
    answer = table_of(StateRecord).get_item(pk, sk, consistent_read=True)
    item: dict[str, dict[str, str]] = answer.get("Item", {})
    return item
