"""Flows and wishes as plain dictionaries, made so that every outcome is met, and as the domain knows them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
from nightlatch.domain.flow_choice import Wish
from nightlatch.domain.identity import Principal
from nightlatch.domain.integration import Permission, Resource
from tests.builders import ADA, NOON, a_principal

Plain = dict[str, Any]

MINUTE = timedelta(minutes=1)
PEOPLE = {
    person.id: person
    for person in (
        a_principal("ann", groups=["dev"]),
        a_principal("ben", groups=["devops", "ops"]),
        a_principal("cid", groups=["DEV"]),
        a_principal("dot"),
    )
}
IDS = list(PEOPLE)
GROUPS = ["dev", "devops", "ops", "DEV"]
RESOURCES: list[Plain] = [
    {"type": "database", "id": "db-1", "name": "orders", "tags": []},
    {"type": "database", "id": "db-2", "name": "billing", "tags": ["pii"]},
    {"type": "schema", "id": "sc-1", "name": "orders", "tags": ["prod", "pii"]},
]
PERMISSIONS: dict[str, list[str]] = {"read": [], "write": ["prod"], "owner": ["prod", "pii"]}
TARGETS: list[Plain] = [
    {**resource, "permission": permission, "permission_tags": tags}
    for resource in RESOURCES
    for permission, tags in PERMISSIONS.items()
]

EVERYBODY: Plain = {"match": "any", "conditions": [{"attribute": "person", "operator": "is", "values": ["*"]}]}
NOTHING: Plain = {"names": [], "ids": [], "tags": []}
NO_RESTRICTION: Plain = {
    "justification": False,
    "minimum_length": 1,
    "justification_pattern": None,
    "ticket": False,
    "ticket_pattern": None,
}
ALL_ON_A: Plain = {
    "integration": "a",
    "resource_type": None,
    "permissions": ["*"],
    **NOTHING,
    "names": ["*"],
    "exclude": NOTHING,
}


def mostly(usual: object, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is usual three times of four."""
    return st.integers(0, 3).flatmap(lambda number: st.one_of(*others) if number == 0 else st.just(usual))


def some_of(values: Sequence[str], *, least: int = 0, most: int = 2) -> st.SearchStrategy[list[str]]:
    """Draw some of these."""
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


CONDITIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "attribute": st.just("person"),
            "operator": st.sampled_from(["is", "is not", "contains", "starts with"]),
            "values": some_of([*IDS, "usr_", IDS[0][4:9], IDS[1][:8]], least=1),
        }
    ),
    st.fixed_dictionaries(
        {
            "attribute": st.just("group"),
            "operator": st.sampled_from(["is", "is not", "contains", "starts with"]),
            "values": some_of([*GROUPS, "de", "ops", "E"], least=1),
        }
    ),
    st.just({"attribute": "person", "operator": "is", "values": ["*"]}),
)
WHO = st.fixed_dictionaries(
    {"match": st.sampled_from(["any", "all"]), "conditions": st.lists(CONDITIONS, min_size=1, max_size=3)}
)
SELECTORS = st.fixed_dictionaries(
    {
        "names": some_of(["orders", "billing", "*"], most=1),
        "ids": some_of(["db-1", "db-2", "sc-1", "*"], most=1),
        "tags": some_of(["prod", "pii"], most=1),
    }
)
WHAT = st.builds(
    lambda said, selector, exclude: {**said, **selector, "exclude": exclude},
    st.fixed_dictionaries(
        {
            "integration": st.sampled_from(["a", "a", "b"]),
            "resource_type": mostly(None, st.sampled_from(["database", "schema"])),
            "permissions": some_of(["read", "write", "owner", "*"], least=1),
        }
    ),
    SELECTORS.map(lambda selector: selector if any(selector.values()) else {**selector, "ids": ["*"]}),
    mostly(NOTHING, SELECTORS),
)
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 30]))
HOURS = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
        "days": some_of(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], least=1, most=7),
        "start": CLOCKS,
        "end": st.one_of(CLOCKS, st.just("24:00")),
    }
).map(lambda hours: hours if hours["start"] != hours["end"] else {**hours, "end": "24:00"})
STEPS = st.fixed_dictionaries(
    {
        "needed": st.sampled_from([1, 1, 2, "all"]),
        "people": some_of(IDS, most=3),
        "groups": mostly([], some_of(GROUPS)),
        "escalation": mostly(None, st.just({"after": 60, "people": [IDS[3]], "groups": []})),
    }
).map(lambda step: step if is_possible(step) else {**step, "needed": 1, "groups": ["ops"]})
REQUIREMENTS = st.fixed_dictionaries(
    {
        "justification": st.booleans(),
        "minimum_length": st.sampled_from([1, 6, 12]),
        "justification_pattern": mostly(None, st.sampled_from(["OPS-[0-9]+.*", "[a-z ]+"])),
        "ticket": st.booleans(),
        "ticket_pattern": mostly(None, st.just("OPS-[0-9]+")),
    }
)
FLOWS = st.fixed_dictionaries(
    {
        "who": mostly(EVERYBODY, WHO),
        "on_behalf": mostly(
            {"people": ["*"], "groups": []},
            st.none(),
            st.fixed_dictionaries({"people": some_of(IDS), "groups": some_of(GROUPS)}),
        ),
        "what": mostly(ALL_ON_A, WHAT),
        "default": st.just(30),
        "maximum": st.sampled_from([30, 60, 120]),
        "when": mostly(None, HOURS),
        "steps": st.lists(STEPS, max_size=3),
        "require": st.just(NO_RESTRICTION) | REQUIREMENTS,
    }
)
SETS_OF_FLOWS = st.lists(FLOWS, min_size=1, max_size=4).map(
    lambda flows: [{"id": f"flow-{number}", **flow} for number, flow in enumerate(flows)]
)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis)
WISHES = st.fixed_dictionaries(
    {
        "requester": st.sampled_from(IDS),
        "asker": st.none() | st.sampled_from(IDS),
        "integration": mostly("a", st.just("b")),
        "targets": st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2, unique_by=str),
        "duration": st.sampled_from([None, 30, 60, 61, 120, 121]),
        "justification": st.sampled_from(["", "  \n", "short", "long enough now", "OPS-1 is down", "OPS-2\ndown"]),
        "ticket": st.sampled_from(["", " ", "OPS-1", "CHG-1"]),
        "starts_at": st.none() | TIMES,
    }
).map(lambda wish: {**wish, **named_people(wish)})


def is_possible(step: Plain) -> bool:
    """Whether such a step may be written at all."""
    is_known = not step["groups"] and step["escalation"] is None
    enough = step["needed"] if step["needed"] != "all" and is_known else 1
    return bool(step["groups"]) or len(step["people"]) >= int(enough)


def named_people(wish: Plain) -> Plain:
    """Say who asks and who is to have it; nobody asks for themselves on behalf of another."""
    asker = None if wish["asker"] == wish["requester"] else wish["asker"]
    return {"requester": a_plain_person(wish["requester"]), "asker": asker and a_plain_person(asker)}


def a_plain_person(person_id: str) -> Plain:
    """Say who somebody is."""
    return {"id": person_id, "groups": sorted(PEOPLE[person_id].groups)}


# As the domain knows them


def as_flow(plain: Mapping[str, Any]) -> AccessFlow:
    """Write a flow in force."""
    definition = FlowDefinition.model_validate(
        {
            "name": plain["id"],
            "who": plain["who"],
            "on_behalf": plain["on_behalf"],
            "what": plain["what"],
            "grant": {"default": plain["default"] * MINUTE, "maximum": plain["maximum"] * MINUTE},
            "when": plain["when"],
            "approve": {"steps": [as_step(step) for step in plain["steps"]]},
            "require": plain["require"],
        }
    )
    return AccessFlow(id=plain["id"], definition=definition, updated_at=NOON, updated_by=ADA.as_person())


def as_step(plain: Mapping[str, Any]) -> Plain:
    """Write a step, with minutes as durations."""
    escalation = plain["escalation"]
    return {**plain, "escalation": escalation and {**escalation, "after": escalation["after"] * MINUTE}}


def as_wish(plain: Mapping[str, Any]) -> Wish:
    """Write a wish."""
    return Wish(
        requester=as_principal(plain["requester"]),
        asked_by=as_principal(plain["asker"]) if plain["asker"] else None,
        integration=plain["integration"],
        targets=[as_target(target) for target in plain["targets"]],
        duration=None if plain["duration"] is None else plain["duration"] * MINUTE,
        justification=plain["justification"],
        ticket=plain["ticket"],
        starts_at=plain["starts_at"],
    )


def as_principal(plain: Mapping[str, Any]) -> Principal:
    """Find somebody."""
    return PEOPLE[plain["id"]]


def as_target(plain: Mapping[str, Any]) -> tuple[Resource, Permission]:
    """Write a permission on a resource that has others as well."""
    permissions = {name: Permission(name=name, tags=tuple(tags)) for name, tags in PERMISSIONS.items()}
    resource = Resource(
        type=plain["type"],
        id=plain["id"],
        name=plain["name"],
        tags=tuple(plain["tags"]),
        permissions=tuple(permissions.values()),
    )
    return resource, permissions[plain["permission"]]
