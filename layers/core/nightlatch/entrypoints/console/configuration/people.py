"""People: who is known, what of them, and the end of everything that somebody has."""

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.domain.identity import Role
from nightlatch.domain.people import KnownPerson
from nightlatch.entrypoints.api.caller import roles_of
from nightlatch.entrypoints.console.answers import OK, Answer
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.listing import Query
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.problem_kinds import problem_of

PAGE = 25

Site = Visitor[ConfigurationDesk]


def show_all(visitor: Site) -> Answer:
    """List who is known, by name."""
    text, after = visitor.visit.asked("q"), visitor.visit.asked("after")
    everybody = sorted(visitor.desk.people().all(), key=lambda one: (one.name.casefold(), one.id))
    found = [one for one in everybody if _is_about(one, text.casefold())]
    begin = next((place + 1 for place, one in enumerate(found) if one.id == after), 0)
    shown = found[begin : begin + PAGE]
    return visitor.page(
        "configuration/people.html",
        people=[(one, special_roles(visitor, one)) for one in shown],
        text=text,
        query=Query(visitor.visit),
        number=len(found),
        begin=begin,
        after=shown[-1].id if len(found) > begin + PAGE else None,
    )


def show(visitor: Site, person_id: str) -> Answer:
    """Show what is known of one, and what they have or ask for."""
    person = visitor.desk.people().show(person_id)
    return visitor.page(
        "configuration/person.html",
        person=person,
        roles=special_roles(visitor, person),
        open_requests=visitor.desk.requests().open_of(person_id, visitor.call),
    )


def ask_to_stop(visitor: Site, person_id: str) -> Answer:
    """Show what would end."""
    return _stopping(visitor, person_id)


def stop(visitor: Site, person_id: str) -> Answer:
    """End everything that somebody has or has asked for, and tell what came of each."""
    person = visitor.desk.people().show(person_id)
    try:
        reason = _reason(visitor)
    except InvalidInputError as error:
        return _stopping(visitor, person_id, error)
    outcomes = visitor.desk.requests().stop_person(person_id, visitor.call, reason=reason)
    return visitor.page("configuration/stopped.html", person=person, outcomes=outcomes, reason=reason)


def special_roles(visitor: Site, person: KnownPerson) -> list[str]:
    """List what somebody may do beyond asking, by the groups they had when they were last seen."""
    roles = roles_of(frozenset(person.groups), visitor.desk.settings(), is_service=person.is_service)
    return sorted(role.capitalize() for role in roles - {Role.REQUESTER})


def _stopping(visitor: Site, person_id: str, error: InvalidInputError | None = None) -> Answer:
    return visitor.page(
        "configuration/stopping.html",
        problem_of(error).status if error else OK,
        person=visitor.desk.people().show(person_id),
        open_requests=visitor.desk.requests().open_of(person_id, visitor.call),
        typed=visitor.visit.said("reason"),
        fault=error.faults[0].message if error else "",
    )


def _reason(visitor: Site) -> str:
    reason = visitor.visit.reason
    if not reason:
        raise InvalidInputError(Fault("/reason", "must be given"))
    return reason


def _is_about(person: KnownPerson, text: str) -> bool:
    return any(text in place.casefold() for place in (person.name, person.email, person.id, *person.groups))
