"""A request and its life: what moves it, what refuses to, and what the ledger hears of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.domain.access_request import AT_WORK, CLOSED, TRANSITIONS, AccessRequest, EndReason, Status
from nightlatch.domain.audit_event import EventType, Scope, Severity
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError, NotAllowedError
from nightlatch.domain.identity import SYSTEM, Principal
from nightlatch.domain.item import ItemStatus
from nightlatch.domain.value import rfc3339
from tests.builders import (
    ADA,
    EVE,
    HOUR,
    IVO,
    MAYA,
    NOA,
    NOON,
    ROBOT,
    SECOND,
    a_failure,
    a_handle,
    a_history,
    a_request,
)

Command = Callable[[AccessRequest, datetime], Change[AccessRequest]]

COMMANDS: dict[str, Command] = {
    "approve": lambda request, at: request.approve(by=NOA, at=at),
    "reject": lambda request, at: request.reject(by=NOA, at=at),
    "cancel": lambda request, at: request.cancel(by=MAYA, at=at),
    "lapse": lambda request, at: request.lapse(at=request.lapses_at or at),
    "begin_granting": lambda request, at: request.begin_granting(at=at, due_at=at),
    "grant": lambda request, at: request.grant(a_handle(), at=at),
    "fail": lambda request, at: request.fail(a_failure(), at=at, watch_until=at),
    "give_back": lambda request, at: request.give_back(by=MAYA, at=at),
    "revoke": lambda request, at: request.revoke(by=ADA, reason="leak", at=at),
    "expire": lambda request, at: request.expire(at=request.ends_at or at, due_at=at),
    "end": lambda request, at: request.end(at=at, watch_until=at),
    "extend": lambda request, at: request.extend(HOUR, by=MAYA, at=at),
    "told": lambda request, at: request.told(at=at),
    "close_by_hand": lambda request, at: request.close_by_hand(by=ADA, reason="seen to", at=at),
}
OUTCOMES: dict[tuple[Status, str], Status] = {
    (Status.PENDING, "approve"): Status.APPROVED,
    (Status.PENDING, "reject"): Status.REJECTED,
    (Status.PENDING, "cancel"): Status.CANCELED,
    (Status.PENDING, "lapse"): Status.LAPSED,
    (Status.APPROVED, "cancel"): Status.CANCELED,
    (Status.APPROVED, "begin_granting"): Status.GRANTING,
    (Status.APPROVED, "fail"): Status.FAILED,
    (Status.GRANTING, "grant"): Status.GRANTED,
    (Status.GRANTING, "revoke"): Status.REVOKING,
    (Status.GRANTING, "fail"): Status.FAILED,
    (Status.GRANTED, "give_back"): Status.REVOKING,
    (Status.GRANTED, "revoke"): Status.REVOKING,
    (Status.GRANTED, "expire"): Status.REVOKING,
    (Status.REVOKING, "end"): Status.REVOKED,
    (Status.GRANTED, "extend"): Status.GRANTED,
    (Status.GRANTED, "told"): Status.GRANTED,
}
EVENTS_ON_ARRIVAL: dict[Status, tuple[EventType, ...]] = {
    Status.PENDING: (EventType.ACCESS_REQUESTED,),
    Status.APPROVED: (EventType.ROLE_APPROVED, EventType.ACCESS_APPROVED),
    Status.GRANTING: (),
    Status.GRANTED: (EventType.ACCESS_GRANTED,),
    Status.REVOKING: (EventType.ACCESS_REVOKING,),
    Status.REJECTED: (EventType.ROLE_REJECTED, EventType.ACCESS_REJECTED),
    Status.CANCELED: (EventType.ACCESS_CANCELED,),
    Status.LAPSED: (EventType.ACCESS_LAPSED,),
    Status.FAILED: (EventType.GRANT_FAILED,),
    Status.EXPIRED: (EventType.ACCESS_EXPIRED,),
    Status.REVOKED: (EventType.ACCESS_REVOKED,),
}
HISTORY = a_history(a_request())


def names_of(change: Change[AccessRequest]) -> list[str]:
    return [event.event_type.value for event in change.events]


# States


@pytest.mark.parametrize(("status", "command"), [(status, command) for status in HISTORY for command in COMMANDS])
def test_a_command_moves_a_request_as_the_table_says_or_is_refused(status: Status, command: str) -> None:
    """A6."""
    request = HISTORY[status].state
    expected = OUTCOMES.get((status, command))

    if expected is None:
        with pytest.raises(ConflictError, match=f"{status}|not reached its end"):
            COMMANDS[command](request, NOON)
        return
    moved = COMMANDS[command](request, NOON).state

    assert moved.status is expected
    assert expected in {status, *TRANSITIONS[status]}


@pytest.mark.parametrize(("status", "command"), OUTCOMES)
def test_what_is_open_is_looked_at_again_some_time_and_so_listed(status: Status, command: str) -> None:
    before = HISTORY[status].state
    after = COMMANDS[command](before, NOON).state

    assert all(request.due_at is not None for request in (before, after) if request.is_open)


def test_the_table_speaks_of_every_state_and_of_no_other() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert set().union(*TRANSITIONS.values()) <= set(Status)


def test_every_state_that_the_table_leads_to_can_be_reached_by_a_command() -> None:
    moves = {(before, after) for (before, _), after in OUTCOMES.items() if before is not after}
    moves |= {(Status.REVOKING, Status.EXPIRED), (Status.REVOKING, Status.CANCELED)}
    moves |= {(Status.PENDING, Status.LAPSED)}

    assert moves == {(before, after) for before, following in TRANSITIONS.items() for after in following}


def test_closed_are_the_states_that_people_see_as_final() -> None:
    closed = {"REJECTED", "CANCELED", "LAPSED", "FAILED", "EXPIRED", "REVOKED"}

    assert {status.value for status in CLOSED} == closed


@pytest.mark.parametrize("status", [status for status in HISTORY if status in CLOSED])
def test_a_closed_request_is_done_with(status: Status) -> None:
    closed = HISTORY[status].state

    assert closed.closed_at == closed.updated_at
    assert not closed.quarantined


@pytest.mark.parametrize("status", [status for status in HISTORY if status in CLOSED])
def test_a_closed_request_is_looked_at_again_only_if_something_was_done_at_the_target(status: Status) -> None:
    """J6."""
    was_at_the_target = status not in {Status.REJECTED, Status.CANCELED, Status.LAPSED}

    assert (HISTORY[status].state.due_at is not None) is was_at_the_target


@pytest.mark.parametrize("status", [status for status in HISTORY if status not in CLOSED])
def test_work_that_is_left_always_has_a_time_at_which_the_sweeper_looks(status: Status) -> None:
    """D4."""
    assert HISTORY[status].state.due_at is not None


@pytest.mark.parametrize("status", HISTORY)
def test_each_change_is_the_next_version(status: Status) -> None:
    request = HISTORY[status].state

    for command in COMMANDS.values():
        try:
            change = command(request, NOON)
        except ConflictError:
            continue
        assert change.state.version == request.version + 1


@pytest.mark.parametrize("status", [status for status in HISTORY if status not in AT_WORK])
def test_where_nothing_is_being_done_nothing_is_put_off(status: Status) -> None:
    request = HISTORY[status].state

    with pytest.raises(ConflictError, match=f"is {status}, and nothing"):
        request.wait(at=NOON, due_at=NOON)
    with pytest.raises(ConflictError, match=f"is {status}, and nothing"):
        request.postpone_end(a_failure(), quarantine=False, at=NOON, due_at=NOON)


@pytest.mark.parametrize("status", sorted(AT_WORK))
def test_work_that_is_put_off_goes_on_where_it_was(status: Status) -> None:
    waiting = HISTORY[status].state.wait(at=NOON, due_at=NOON + HOUR)

    assert (waiting.state.status, waiting.state.due_at, waiting.events) == (status, NOON + HOUR, ())


@pytest.mark.parametrize("status", [status for status in HISTORY if status not in CLOSED])
def test_only_what_is_closed_is_watched(status: Status) -> None:
    """J6."""
    with pytest.raises(ConflictError, match=f"is {status}, which is not closed"):
        HISTORY[status].state.watch_on(at=NOON, due_at=NOON)


def test_a_watch_changes_nothing_but_when_it_is_due() -> None:
    """J6."""
    closed = HISTORY[Status.EXPIRED].state

    watched = closed.watch_on(at=NOON + 2 * HOUR, due_at=None)

    assert watched.events == ()
    assert watched.state == closed.model_copy(
        update={"due_at": None, "version": closed.version + 1, "updated_at": NOON + 2 * HOUR}
    )


def test_access_that_is_found_after_its_end_is_told_as_drift() -> None:
    """J6."""
    closed = HISTORY[Status.EXPIRED].state

    change = closed.drifted(at=NOON + 2 * HOUR, due_at=NOON + 3 * HOUR)

    (event,) = change.events
    assert (change.state.quarantined, change.state.drift_told) == (True, True)
    assert change.state.due_at == NOON + 3 * HOUR
    assert (event.event_type, event.severity, event.actor, event.timestamp, event.request_id) == (
        EventType.DRIFT_DETECTED,
        Severity.WARNING,
        SYSTEM,
        NOON + 2 * HOUR,
        closed.id,
    )
    assert event.details.items() >= {("found", "present"), ("expected", "absent"), ("session_user", "nl_maya")}


def test_what_cannot_be_looked_at_after_its_end_is_quarantined_until_it_can() -> None:
    """J2. J6."""
    closed = HISTORY[Status.EXPIRED].state

    change = closed.unseen(a_failure(), at=NOON + 2 * HOUR, due_at=NOON + 3 * HOUR)
    seen = change.state.watch_on(at=NOON + 3 * HOUR, due_at=None).state

    assert [event.event_type for event in change.events] == [EventType.ACCESS_QUARANTINED]
    assert (change.state.quarantined, change.state.drift_told, change.state.due_at) == (True, False, NOON + 3 * HOUR)
    assert (seen.quarantined, seen.due_at) == (False, None)


def test_a_submitted_request_is_its_first_version_also_when_approved_at_once() -> None:
    versions = [a_request(needed=needed).submitted(by=MAYA).state.version for needed in (0, 1)]

    assert versions == [1, 1]


# Events


@pytest.mark.parametrize("status", HISTORY)
def test_each_arrival_tells_the_ledger_what_the_catalogue_says(status: Status) -> None:
    assert tuple(event.event_type for event in HISTORY[status].events) == EVENTS_ON_ARRIVAL[status]


@pytest.mark.parametrize("status", HISTORY)
def test_every_event_names_the_request_the_integration_and_its_session(status: Status) -> None:
    for event in HISTORY[status].events:
        assert (event.request_id, event.resource.id, event.integration) == (
            HISTORY[status].state.id,
            HISTORY[status].state.id,
            "orders-db",
        )
        if event.scope is Scope.SESSION:
            assert {"session_user", "start", "end"} <= set(event.details)


@pytest.mark.parametrize(
    ("status", "severities"),
    [
        (Status.PENDING, ["info"]),
        (Status.APPROVED, ["info", "info"]),
        (Status.GRANTED, ["info"]),
        (Status.REVOKING, ["info"]),
        (Status.REJECTED, ["warning", "warning"]),
        (Status.CANCELED, ["info"]),
        (Status.FAILED, ["error"]),
        (Status.EXPIRED, ["info"]),
        (Status.REVOKED, ["info"]),
    ],
)
def test_events_are_as_severe_as_the_catalogue_says(status: Status, severities: list[str]) -> None:
    assert [event.severity.value for event in HISTORY[status].events] == severities


def test_asking_tells_all_that_was_asked_for() -> None:
    request = a_request("role1", "role3").changed(ticket="OPS-7")

    (event,) = request.submitted(by=MAYA).events

    assert event.actor == MAYA.as_actor()
    assert event.details == {
        "session_user": "TBD",
        "start": None,
        "end": None,
        "requester": {"id": MAYA.id, "name": "Maya", "email": "maya@example.com"},
        "items": [_told("item-1", "role1"), _told("item-2", "role3")],
        "duration_seconds": 3600,
        "starts_at": None,
        "bundle": None,
        "justification": "a customer cannot pay",
        "ticket": "OPS-7",
        "flow": {"id": "orders-roles", "name": "Orders roles", "version": 1, "reason": ""},
    }


def _told(item: str, permission: str) -> dict[str, object]:
    return {
        "id": item,
        "resource_type": "database",
        "resource_id": "orders",
        "resource": "orders",
        "tags": [],
        "permission": permission,
        "permission_tags": [],
    }


def test_every_event_of_a_request_tells_who_asked_for_what_and_for_how_long() -> None:
    (requested,) = HISTORY[Status.PENDING].events
    told = ("requester", "items", "duration_seconds")

    for change in HISTORY.values():
        for event in change.events:
            assert {name: event.details[name] for name in told} == {name: requested.details[name] for name in told}
            assert isinstance(flow := event.details["flow"], dict)
            assert flow["id"] == "orders-roles"


def test_a_grant_tells_who_is_there_from_when_to_when() -> None:
    granted = HISTORY[Status.GRANTED]
    assert granted.state.granted_at is not None
    assert granted.state.ends_at is not None

    (event,) = granted.events

    assert event.details["session_user"] == "nl_maya"
    assert event.details["start"] == rfc3339(granted.state.granted_at)
    assert event.details["end"] == rfc3339(granted.state.ends_at)
    assert event.details["handle"] == {"roles": ["role1"]}


def test_a_failure_tells_the_error_the_attempts_and_that_nothing_is_left() -> None:
    (event,) = HISTORY[Status.FAILED].events

    assert event.details.items() >= {
        ("error", "refused"),
        ("error_class", "PermanentConnectorError"),
        ("attempts", 5),
        ("verified", "absent"),
    }


# Approval by nobody


def test_a_flow_that_needs_no_approval_approves_at_once_and_says_so() -> None:
    """A10."""
    change = a_request("role1", "role3", needed=0).submitted(by=MAYA)

    assert change.state.status is Status.APPROVED
    assert names_of(change) == ["access.requested", "access.approved"]
    assert change.events[1].actor == SYSTEM
    assert change.events[1].details["automatic"] is True


def test_a_flow_that_needs_approval_approves_nothing_at_once() -> None:
    """A10."""
    request = a_request(needed=1).submitted(by=MAYA).state

    assert request.status is Status.PENDING
    assert request.items[0].status is ItemStatus.PENDING


# Before and after the grant


@pytest.mark.parametrize("somebody", [NOA, IVO, EVE], ids=lambda somebody: str(somebody.subject))
def test_who_has_not_asked_may_not_withdraw_a_request(somebody: Principal) -> None:
    with pytest.raises(NotAllowedError):
        HISTORY[Status.PENDING].state.cancel(by=somebody, at=NOON)


def test_only_the_requester_may_give_access_back() -> None:
    with pytest.raises(NotAllowedError):
        HISTORY[Status.GRANTED].state.give_back(by=ADA, at=NOON)


@pytest.mark.parametrize("somebody", [MAYA, NOA, IVO], ids=lambda somebody: str(somebody.subject))
def test_only_an_administrator_may_revoke(somebody: Principal) -> None:
    """C5."""
    with pytest.raises(NotAllowedError):
        HISTORY[Status.GRANTED].state.revoke(by=somebody, reason="leak", at=NOON)


@pytest.mark.parametrize(
    ("end_reason", "status", "event"),
    [
        (EndReason.EXPIRED, Status.EXPIRED, "access.expired"),
        (EndReason.REVOKED, Status.REVOKED, "access.revoked"),
        (EndReason.CANCELED, Status.CANCELED, "access.returned"),
    ],
)
def test_access_ends_in_the_state_and_the_event_of_its_reason(
    end_reason: EndReason, status: Status, event: str
) -> None:
    revoking = HISTORY[Status.REVOKING].state.model_copy(update={"end_reason": end_reason})

    ended = revoking.end(at=NOON, watch_until=None)

    assert (ended.state.status, names_of(ended)) == (status, [event])


def test_whoever_ended_access_is_the_actor_of_its_end() -> None:
    (ended,) = HISTORY[Status.REVOKED].events

    assert ended.actor == ADA.as_actor()


def test_the_reason_of_an_early_end_is_told() -> None:
    (event,) = HISTORY[Status.REVOKING].events

    assert event.details.items() >= {("end_reason", "revoked"), ("reason", "leak")}


@pytest.mark.parametrize(("late", "seconds"), [(timedelta(), 0), (SECOND / 2, 0), (90 * SECOND, 90)])
def test_the_end_tells_how_late_it_was_and_that_it_was_read_back(late: timedelta, seconds: int) -> None:
    granted = HISTORY[Status.GRANTED].state
    assert granted.ends_at is not None
    expiring = granted.expire(at=granted.ends_at, due_at=granted.ends_at).state

    (event,) = expiring.end(at=granted.ends_at + late, watch_until=None).events

    assert event.details.items() >= {("lateness_seconds", seconds), ("read_back", "absent")}


@pytest.mark.parametrize(("late", "seconds"), [(timedelta(), 0), (90 * SECOND, 90)])
def test_an_early_end_is_as_late_as_it_came_after_it_was_asked_for(late: timedelta, seconds: int) -> None:
    revoking = HISTORY[Status.REVOKING].state
    assert revoking.ending_at is not None

    (event,) = revoking.end(at=revoking.ending_at + late, watch_until=None).events

    assert event.details["lateness_seconds"] == seconds


def test_an_end_that_was_asked_for_too_late_is_late_from_the_end_that_was_promised() -> None:
    granted = HISTORY[Status.GRANTED].state
    assert granted.ends_at is not None
    expiring = granted.expire(at=granted.ends_at + 60 * SECOND, due_at=granted.ends_at).state

    (event,) = expiring.end(at=granted.ends_at + 90 * SECOND, watch_until=None).events

    assert event.details["lateness_seconds"] == 90


@given(
    seconds=st.integers(1, 30 * 86400),
    waited=st.integers(0, 10**7),
    jitter=st.timedeltas(timedelta(), timedelta(seconds=1)),
)
def test_access_lasts_as_long_as_was_asked_from_the_grant_on_and_no_longer(
    seconds: int, waited: int, jitter: timedelta
) -> None:
    duration = timedelta(seconds=seconds)
    granting = HISTORY[Status.GRANTING].state.model_copy(update={"duration": duration})

    granted = granting.grant(a_handle(), at=NOON + timedelta(seconds=waited) + jitter).state

    assert granted.granted_at is not None
    assert granted.ends_at is not None
    assert granted.ends_at - granted.granted_at == duration
    assert granted.due_at == granted.ends_at


def test_access_is_over_at_its_end_and_not_a_millisecond_before() -> None:
    """D3."""
    granted = HISTORY[Status.GRANTED].state
    assert granted.ends_at is not None

    over = [granted.is_over(granted.ends_at + timedelta(milliseconds=away)) for away in (-1, 0, 1)]

    assert over == [False, True, True]


def test_access_does_not_expire_before_its_end() -> None:
    """D4."""
    granted = HISTORY[Status.GRANTED].state
    assert granted.ends_at is not None

    with pytest.raises(ConflictError):
        granted.expire(at=granted.ends_at - timedelta(milliseconds=1), due_at=granted.ends_at)


def test_a_target_that_resists_is_told_with_the_next_attempt() -> None:
    """J2."""
    resisting = HISTORY[Status.REVOKING].state

    change = resisting.postpone_end(a_failure("locked", attempts=2), quarantine=False, at=NOON, due_at=NOON + HOUR)

    assert (change.state.status, change.state.due_at, change.state.quarantined) == (
        Status.REVOKING,
        NOON + HOUR,
        False,
    )
    assert names_of(change) == ["access.revoke.failed"]
    assert change.events[0].severity is Severity.ERROR
    assert change.events[0].details.items() >= {
        ("error", "locked"),
        ("error_class", "PermanentConnectorError"),
        ("attempts", 2),
        ("next_attempt", rfc3339(NOON + HOUR)),
    }


def test_a_quarantine_is_told_once_and_the_failures_go_on_being_told() -> None:
    """J2."""
    once = HISTORY[Status.REVOKING].state.postpone_end(
        a_failure("locked", attempts=5), quarantine=True, at=NOON, due_at=NOON
    )

    twice = once.state.postpone_end(a_failure("locked", attempts=6), quarantine=True, at=NOON, due_at=NOON)

    assert names_of(once) == ["access.revoke.failed", "access.quarantined"]
    assert names_of(twice) == ["access.revoke.failed"]


def test_a_quarantined_request_that_ends_after_all_is_no_longer_quarantined() -> None:
    quarantined = (
        HISTORY[Status.REVOKING]
        .state.postpone_end(a_failure("locked", attempts=5), quarantine=True, at=NOON, due_at=NOON)
        .state
    )

    assert not quarantined.end(at=NOON, watch_until=None).state.quarantined


# Credentials


def test_the_requester_may_look_at_the_credentials_while_access_lasts() -> None:
    event = HISTORY[Status.GRANTED].state.viewed_credentials(by=MAYA, at=NOON + SECOND)

    assert (event.event_type, event.actor, event.timestamp) == (
        EventType.CREDENTIALS_VIEWED,
        MAYA.as_actor(),
        NOON + SECOND,
    )


@pytest.mark.parametrize("status", [status for status in HISTORY if status is not Status.GRANTED])
def test_there_are_no_credentials_unless_access_is_granted(status: Status) -> None:
    with pytest.raises(ConflictError, match=f"is {status}, not GRANTED"):
        HISTORY[status].state.viewed_credentials(by=MAYA, at=NOON)


def test_there_are_no_credentials_once_the_end_has_come_even_if_nobody_ended_it_yet() -> None:
    """D4."""
    granted = HISTORY[Status.GRANTED].state
    assert granted.ends_at is not None

    with pytest.raises(ConflictError):
        granted.viewed_credentials(by=MAYA, at=granted.ends_at)


@pytest.mark.parametrize("somebody", [NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_nobody_else_sees_the_credentials(somebody: Principal) -> None:
    with pytest.raises(NotAllowedError):
        HISTORY[Status.GRANTED].state.viewed_credentials(by=somebody, at=NOON)


# Time


def events_of_a_whole_life(ticks: list[int]) -> list[datetime]:
    """Lead a request from asking to its end by clocks that are off by `ticks`, and list when things happened."""
    clocks = iter(ticks)

    def at() -> datetime:
        return NOON + timedelta(milliseconds=next(clocks))

    change = a_request("role1", "role3").submitted(by=MAYA)
    events = [*change.events]
    steps: list[Callable[[AccessRequest], Change[AccessRequest]]] = [
        lambda request: request.approve(by=NOA, items=["item-2"], at=at()),
        lambda request: request.approve(by=ADA, items=["item-1"], at=at()),
        lambda request: request.begin_granting(at=at(), due_at=NOON),
        lambda request: request.wait(at=at(), due_at=NOON),
        lambda request: request.grant(a_handle(), at=at()),
        lambda request: request.revoke(by=ADA, reason="leak", at=at()),
        lambda request: request.postpone_end(a_failure("locked"), quarantine=False, at=at(), due_at=NOON),
        lambda request: request.end(at=at(), watch_until=None),
    ]
    for step in steps:
        before = change.state
        change = step(before)
        assert change.state.updated_at > before.updated_at
        events.extend(change.events)
    return [event.timestamp for event in events]


@given(ticks=st.lists(st.integers(-86_399_000, 86_399_000), min_size=8, max_size=8))
def test_the_events_of_a_request_are_in_order_whatever_the_clocks_say(ticks: list[int]) -> None:
    """D4."""
    moments = events_of_a_whole_life(ticks)

    assert all(earlier < later for earlier, later in pairwise(moments))


# The worked example


def test_the_worked_example_comes_out_exactly_so() -> None:
    """FEATURES, section 3: two roles, an approval each, granted, given back."""
    asked = a_request("role1", "role3").submitted(by=MAYA)
    first = asked.state.approve(by=ADA, items=["item-2"], at=NOON + SECOND)
    second = first.state.approve(by=NOA, items=["item-1"], at=NOON + 2 * SECOND)
    begun = second.state.begin_granting(at=NOON + 3 * SECOND, due_at=NOON + HOUR)
    granted = begun.state.grant(a_handle(), at=NOON + 4 * SECOND)
    returned = granted.state.give_back(by=MAYA, at=NOON + 5 * SECOND)
    ended = returned.state.end(at=NOON + 6 * SECOND, watch_until=None)

    told = [
        (
            event.event_type.value,
            event.scope,
            event.actor.id,
            event.details.get("permission"),
            event.details.get("session_user"),
        )
        for change in (asked, first, second, begun, granted, returned, ended)
        for event in change.events
    ]

    assert told == [
        ("access.requested", Scope.SESSION, MAYA.id, None, "TBD"),
        ("access.role.approved", Scope.ROLE, ADA.id, "role3", None),
        ("access.role.approved", Scope.ROLE, NOA.id, "role1", None),
        ("access.approved", Scope.SESSION, NOA.id, None, "TBD"),
        ("access.granted", Scope.SESSION, SYSTEM.id, None, "nl_maya"),
        ("access.revoking", Scope.SESSION, MAYA.id, None, "nl_maya"),
        ("access.returned", Scope.SESSION, MAYA.id, None, "nl_maya"),
    ]
    assert ended.state.status is Status.CANCELED


def test_a_role_has_no_start_and_no_end_of_its_own() -> None:
    (vote, _) = HISTORY[Status.APPROVED].events

    assert not {"start", "end", "session_user"} & set(vote.details)


# Seeing


@pytest.mark.parametrize("somebody", [MAYA, NOA, ADA, IVO], ids=lambda somebody: str(somebody.subject))
def test_a_request_is_seen_by_who_has_to_do_with_it(somebody: Principal) -> None:
    assert HISTORY[Status.PENDING].state.is_visible_to(somebody)


def test_a_service_among_the_approvers_sees_the_request_that_it_may_not_decide() -> None:
    """A12."""
    pending = HISTORY[Status.PENDING].state

    assert (pending.is_visible_to(ROBOT), pending.awaits(ROBOT, at=NOON)) == (True, False)


# Stopped while it is being granted


def test_what_is_stopped_while_it_is_being_granted_was_never_granted() -> None:
    granting = HISTORY[Status.GRANTING].state

    revoking = granting.revoke(by=ADA, reason="left us", at=NOON)
    revoked = revoking.state.end(at=NOON, watch_until=NOON + HOUR)

    assert [*names_of(revoking), *names_of(revoked)] == ["access.revoking", "access.revoked"]
    assert (revoked.state.status, revoked.state.granted_at, revoked.state.ends_at) == (Status.REVOKED, None, None)
    assert {event.details["session_user"] for event in (*revoking.events, *revoked.events)} == {"TBD"}
    assert revoking.events[0].description == "access of Maya is being ended: revoked"
    assert revoked.events[0].description == "access of Maya is gone from Orders database"
    assert revoked.events[0].details["lateness_seconds"] == 0


def test_what_is_stopped_while_it_is_being_granted_is_looked_at_at_once() -> None:
    """The pause between two attempts may be long."""
    waiting = HISTORY[Status.GRANTING].state.wait(at=NOON, due_at=NOON + HOUR).state

    assert waiting.revoke(by=ADA, reason="left us", at=NOON).state.rings


def test_who_waits_for_access_cannot_give_it_back_yet() -> None:
    with pytest.raises(ConflictError, match="is GRANTING, not GRANTED"):
        HISTORY[Status.GRANTING].state.give_back(by=MAYA, at=NOON)
