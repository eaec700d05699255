"""Nothing is lost, nothing doubled, nothing left open: whatever people, time, targets and accidents do, in any order.

A run is some dozen steps of people who ask, vote, extend and end, of administrators who change the rules meanwhile, of
time, and of everything that can go wrong. After each step `truth.py` looks at what came of it; at the end the faults
stop, the sweep runs until nothing is due, and nothing may be left. `NIGHTLATCH_PROOF_MINUTES=60` runs it for an hour.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from nightlatch.domain.access_flow import ExtensionRule, FlowDefinition
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.connector import Entitlement
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.selectors import PeopleSelector, TargetSelector
from nightlatch.services.access_requests import Outcome
from nightlatch.services.asking import Changes, Submission, WantedItem
from nightlatch.services.call import Call
from tests.builders import API, HOUR, SECOND, a_definition, groups_are
from tests.proof.long_runs import prove
from tests.proof.stage import (
    ADA,
    PEOPLE,
    PERMISSIONS,
    SESSIONS,
    SHARED,
    Caller,
    Desk,
    Pair,
    Stage,
    Twist,
    Unreliable,
    act,
    pairs_of,
)
from tests.proof.truth import ENDED, Truth

MINUTE, DAY = HOUR / 60, 24 * HOUR
REACHED: Counter[str] = Counter()
"""What the runs came to: rules that did something, how requests ended, what was told."""

ASKERS = ("maya", "tim", "lea")
GROUPS = ("developers", "leads", "approvers", "owners", "admins")
NOA = PEOPLE["noa"].id

# What people may say

askers = st.sampled_from([*ASKERS, "maya", "maya", "eve"])
anybody = st.sampled_from(sorted(PEOPLE))
integrations = st.sampled_from([SHARED, SHARED, SESSIONS])
wanted = st.sampled_from([("role1",), ("role3",), ("role1", "role3")])
durations = st.sampled_from([None, None, HOUR / 2, 2 * HOUR, 9 * HOUR])
starts = st.sampled_from([None, None, None, HOUR, 20 * HOUR])
nth = st.integers(0, 5)

steps = st.sampled_from(
    [
        ApprovalStep(needed=1, groups=("approvers", "admins")),
        ApprovalStep(needed=2, groups=("approvers", "owners")),
        ApprovalStep(needed="all", people=(NOA,), groups=("owners",)),
        ApprovalStep(needed=1, people=(NOA,), escalation=Escalation(after=2 * HOUR, groups=("owners",))),
    ]
)
rules = st.builds(ApprovalRule, steps=st.lists(steps, max_size=2).map(tuple), window=st.sampled_from([3 * HOUR, DAY]))
extension_rules = st.sampled_from(
    [None, ExtensionRule(count=1, longest=HOUR), ExtensionRule(count=2, longest=2 * HOUR)]
)
hours = st.sampled_from([None, None, None, OpeningHours(zone="UTC", start="08:00", end="18:00")])


def a_flow_for(integration: str, **more: Any) -> FlowDefinition:
    """Build what is in force at first: developers may have anything for a while, one approval each."""
    easy: dict[str, Any] = {
        "who": groups_are("developers"),
        "on_behalf": PeopleSelector(groups=("leads",)),
        "what": TargetSelector(integration=integration, names=("orders",), permissions=("*",)),
        "approvers": ("approvers", "admins", "owners"),
        "extensions": ExtensionRule(count=2, longest=2 * HOUR),
    }
    return a_definition(**easy | more)


FLOWS = (SESSIONS, SHARED, "extra")
EASY = a_flow_for(SHARED)
definitions = st.builds(
    a_flow_for,
    integrations,
    approve=rules,
    maximum=st.sampled_from([HOUR, 8 * HOUR]),
    extensions=extension_rules,
    when=hours,
    who=st.sampled_from([groups_are("developers"), groups_are("developers", "owners"), groups_are("leads")]),
)

# What may come between

RIVALS = ("approve", "cancel", "revoke", "give back", "extend", "wake", "sweep", "tighten")
FAULTS = ("slow", "deadly", "deaf", "unseen", "refused", "fail", "lost reply", "down")
calls = st.integers(0, 14) | st.integers(0, 40)
twists = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries({"dies_at": calls, "after_effect": st.booleans()}),
    st.fixed_dictionaries({"dies_at": calls, "after_effect": st.booleans(), "store_fails": st.just(True)}),
    st.fixed_dictionaries(
        {
            "rival": st.tuples(st.sampled_from([*RIVALS, "wake"]), nth),
            "at_commit": st.sampled_from([0, 0, 1, 2]),
            "then_refused": st.sampled_from([False, False, True]),
        }
    ),
)


class Nightlatch(RuleBasedStateMachine):
    """Everything that can happen, one step at a time."""

    @initialize(
        tells_own_apart=st.booleans(),
        given=st.lists(st.tuples(st.sampled_from(ASKERS), integrations, wanted, durations), max_size=4),
        dead=st.sampled_from(["", "", SESSIONS, SHARED]),
    )
    def begin(self, tells_own_apart: bool, given: list[tuple[str, str, tuple[str, ...], Any]], dead: str) -> None:
        self.truth, self.is_well, self.calls, self.dead = Truth(), True, 0, dead
        self.stopped = set[str]()
        self.stage = Stage(tells_own_apart=tells_own_apart)
        self.rung = 0
        for name in PEOPLE:
            self.do("note", name, lambda desk, call: desk.acquaintances.note(call))
        for name in (SESSIONS, SHARED):
            self.write(name, a_flow_for(name))
        for who, where, what, span in given:
            self.be_given(who=who, where=where, what=what, span=span, is_worked_on=True)

    # Asking

    @rule(who=askers, where=integrations, what=wanted, span=durations, ahead=starts, by_lea=st.booleans(), twist=twists)
    def ask(
        self, *, who: str, where: str, what: tuple[str, ...], span: Any, ahead: Any, by_lea: bool, twist: Any
    ) -> None:
        """Ask for oneself, or let Lea ask, who may do so for others and may vote too."""
        wish = self.wish(where, what, span, ahead, whom=who if by_lea else None)
        asker = "lea" if by_lea else who
        if self.do("ask", asker, lambda desk, call: desk.asking.submit(wish, call), twist, span=span) == "done":
            REACHED["on behalf"] += asker != who
            self.do("approve", "lea", lambda desk, call: desk.approvals.approve(self.pick(0).id, call))

    @rule(who=askers, where=integrations, span=durations, ahead=starts, twist=twists)
    def ask_for_a_bundle(self, who: str, where: str, span: Any, ahead: Any, twist: Any) -> None:
        wishes = [self.wish(where, (permission,), span, ahead) for permission in PERMISSIONS]
        self.do("bundle", who, lambda desk, call: desk.asking.submit_bundle(wishes, call), twist, span=span)

    @precondition(lambda self: self.requests)
    @rule(n=nth, span=durations, ahead=starts, twist=twists)
    def ask_again(self, n: int, span: Any, ahead: Any, twist: Any) -> None:
        request, starts_at = self.pick(n), ahead and self.stage.clock.now + ahead
        who = self.name_of((request.asked_by or request.requester).id)
        changes = Changes(duration=span, starts_at=starts_at)
        again = lambda desk, call: desk.asking.ask_again(request.id, call, changes=changes)  # noqa: E731
        self.do("again", who, again, twist, span=span, about=request.id)

    @rule(who=askers, where=integrations, what=wanted, span=durations, is_worked_on=st.booleans())
    def be_given(self, who: str, where: str, what: tuple[str, ...], span: Any, is_worked_on: bool) -> None:
        """Ask, be approved by whoever may, and be worked on: what goes well, so that there is something to go wrong."""
        wish = self.wish(where, what, span, None)
        if self.do("ask", who, lambda desk, call: desk.asking.submit(wish, call), span=span) == "done":
            self.everybody_agrees(0, first=who)
            if is_worked_on:
                self.ring("once")

    @rule(who=st.sampled_from(ASKERS), where=integrations, what=wanted, twist=twists)
    def be_given_and_want_too_much(self, who: str, where: str, what: tuple[str, ...], twist: Any) -> None:
        """Ask for longer than any flow lets anybody extend."""
        self.be_given(who=who, where=where, what=what, span=None, is_worked_on=True)
        if self.open:
            request = self.pick(0, open_only=True)
            self.on(request, "extend", self.name_of(request.requester.id), 3 * HOUR, twist)

    # Deciding

    @precondition(lambda self: self.open)
    @rule(
        n=nth, who=anybody, verb=st.sampled_from(["approve", "approve", "reject"]), item=st.integers(0, 2), twist=twists
    )
    def vote(self, n: int, who: str, verb: str, item: int, twist: Any) -> None:
        request = self.pick(n, open_only=True)
        items = tuple(one.id for one in request.items)[item - 1 : item] if item else ()
        say = lambda desk, call: getattr(desk.approvals, verb)(request.id, call, items=items)  # noqa: E731
        self.do(verb, who, say, twist, items=items)

    @precondition(lambda self: self.open)
    @rule(n=nth, first=anybody)
    def everybody_agrees(self, n: int, first: str) -> None:
        """Let everybody say yes until that is enough; first of all somebody who may have no word in it."""
        request = self.pick(n, open_only=True)
        for who in (first, "noa", "omar", "lea", "ada", "tim"):
            if self.stage.store.request(request.id).is_pending:
                self.do("approve", who, lambda desk, call: desk.approvals.approve(request.id, call))

    # Ending and extending

    @precondition(lambda self: self.open)
    @rule(
        n=nth,
        verb=st.sampled_from(["cancel", "give back", "revoke", "extend", "extend"]),
        who=st.sampled_from(["owner", "owner", "owner", "ada", "eve"]),
        span=st.sampled_from([HOUR / 2, HOUR, 2 * HOUR, 3 * HOUR]),
        twist=twists,
    )
    def command(self, n: int, verb: str, who: str, span: timedelta, twist: Any) -> None:
        fitting = [
            one for one in self.open if (one.status in {"PENDING", "APPROVED"}) == (verb == "cancel")
        ] or self.open
        request = fitting[-1 - n % len(fitting)]
        if who == "owner":
            who = "ada" if verb == "revoke" else self.name_of(request.requester.id)
        self.on(request, verb, who, span, twist)

    @precondition(lambda self: self.open)
    @rule(twist=twists)
    def revoke_all(self, twist: Any) -> None:
        wanted_ids = [request.id for request in self.requests][-6:]
        end = lambda desk, call: desk.requests.revoke_many(wanted_ids, call, reason="leak")  # noqa: E731
        self.do("revoke", "ada", end, twist, keyed=False)

    @precondition(lambda self: self.open)
    @rule(whom=st.sampled_from(ASKERS), twist=twists)
    def stop(self, whom: str, twist: Any) -> None:
        self.stop_all_of(whom, twist)

    @rule(who=st.sampled_from(ASKERS), where=integrations, what=wanted, at=st.integers(0, 3), fault=st.booleans())
    def somebody_is_stopped_while_they_are_given_something(
        self, *, who: str, where: str, what: tuple[str, ...], at: int, fault: bool
    ) -> None:
        """Let everything of a person be stopped before a commit of the worker that grants it, or afterwards."""
        if fault:
            self.target(where).fail_next(times=1)
        self.be_given(who=who, where=where, what=what, span=None, is_worked_on=False)
        self.ring("once", {"rival": ("stop", 0), "at_commit": at, "then_refused": False})
        self.stop_all_of(who, None)

    @precondition(lambda self: any(request.quarantined for request in self.requests))
    @rule(twist=twists)
    def close_by_hand(self, twist: Any) -> None:
        """Remove by hand what is left, and say so."""
        request = next(request for request in self.requests if request.quarantined)
        self.stage.remove_by_hand(request)
        self.on(request, "close", "ada", HOUR, twist)

    # Rules and people

    @rule(name=st.sampled_from(FLOWS), definition=st.none() | st.just(EASY) | definitions, twist=twists)
    def rewrite_a_flow(self, name: str, definition: FlowDefinition | None, twist: Any) -> None:
        if definition is None:
            self.do("delete flow", "ada", lambda desk, call: desk.delete_flow(name, call), twist)
        else:
            self.write(name, definition, twist)

    @rule(who=st.sampled_from([*ASKERS, "noa", "omar"]), groups=st.sets(st.sampled_from(GROUPS)), comes=st.booleans())
    def change_groups(self, who: str, groups: set[str], comes: bool) -> None:
        old = PEOPLE[who].groups if comes else frozenset[str]()
        changed = self.stage.people[who].model_copy(update={"groups": old | groups})
        self.stage.people[who] = changed
        self.do("note", who, lambda desk, call: desk.acquaintances.note(call))

    # Time, and who wakes

    @rule(
        unit=st.sampled_from([SECOND, MINUTE, MINUTE, HOUR, HOUR, DAY]),
        count=st.integers(1, 30),
        timers=st.booleans(),
        sweeps=st.booleans(),
    )
    def time_passes(self, unit: timedelta, count: int, timers: bool, sweeps: bool) -> None:
        """Let time pass; the timers of that time fire or are lost, the sweep runs now and then or is skipped."""
        begin = self.stage.clock.now
        until = begin + min(unit * count, 2 * DAY)
        fires = sorted((at, request_id) for request_id, at in self.stage.timer.wakes if begin < at <= until)
        for at, request_id in fires if timers else ():
            self.stage.go_to(at)
            self.wake(request_id)
        for part in range(1, 4) if sweeps else ():
            self.stage.go_to(begin + (until - begin) / 3 * part)
            self.sweep_runs(None)
        self.stage.go_to(until)

    @precondition(lambda self: any(request.due_at for request in self.requests))
    @rule(
        n=nth,
        seconds=st.sampled_from([-3, -1, 0, 0, 1, 60]),
        then=st.sampled_from(["wake", "wake", "extend", "nothing"]),
        twist=twists,
    )
    def time_comes(self, n: int, seconds: int, then: str, twist: Any) -> None:
        """Go to when something is due for a request, or just about; it is worked on, or extended at the last moment."""
        due = sorted((one.due_at, one.id) for one in self.requests if one.due_at)
        due_at, request_id = due[n % len(due)]
        self.stage.go_to(due_at + seconds * SECOND)
        if then == "wake":
            self.wake(request_id, twist)
        if then == "extend":
            request = self.stage.store.request(request_id)
            self.on(request, "extend", self.name_of(request.requester.id), HOUR, twist)

    @precondition(lambda self: self.stage.timer.wakes)
    @rule(n=st.integers(0, 20), twist=twists)
    def a_timer_fires_whenever_it_likes(self, n: int, twist: Any) -> None:
        wakes = sorted(self.stage.timer.wakes)
        self.wake(wakes[n % len(wakes)][0], twist)

    @rule(how=st.sampled_from(["once", "once", "twice", "never"]), twist=twists)
    def ring(self, how: str, twist: Any = None) -> None:
        """Let the stream ring for the requests that were written since it last did."""
        rung = dict.fromkeys(
            entity.id
            for entry in self.stage.log[self.rung :]
            for entity in getattr(entry, "entities", ())
            if isinstance(entity, AccessRequest)
        )
        self.rung = len(self.stage.log)
        for request_id in [*rung] * {"never": 0, "once": 1, "twice": 2}[how]:
            self.wake(request_id, twist)
            twist = None

    @rule(twist=twists)
    def sweep_runs(self, twist: Any) -> None:
        self.do("wake", None, lambda desk, _: desk.sweep(), twist, rule="sweep")

    @rule(twist=twists)
    def the_sequencer_runs(self, twist: Any) -> None:
        self.do("drain", None, lambda desk, _: desk.sequencer.drain(batches=2), twist)

    # What goes wrong

    @rule(
        which=st.integers(0, 1),
        fault=st.sampled_from([*FAULTS, "slow"]),
        times=st.integers(1, 6),
    )
    def a_target_fails(self, which: int, fault: str, times: int) -> None:
        target = self.stage.targets[which]
        if fault == "fail":
            target.fail_next(times=times)
        elif fault == "lost reply":
            target.lose_next_reply()
        elif fault == "down":
            target.down_until = self.stage.clock.now + times * 10 * MINUTE
        else:
            setattr(target, fault, 1 if fault in {"slow", "deadly"} else times)
        REACHED[f"fault {fault}"] += 1

    @rule(who=st.sampled_from(ASKERS), where=integrations, what=wanted, verb=st.sampled_from(["give back", "revoke"]))
    def a_slow_grant_is_ended_at_once(self, who: str, where: str, what: tuple[str, ...], verb: str) -> None:
        """Let the first grant call be under way still when what the second gave is ended again."""
        self.target(where).slow = 1
        self.be_given(who=who, where=where, what=what, span=None, is_worked_on=True)
        self.stage.go_to(self.stage.clock.now + 20 * SECOND)
        self.sweep_runs(None)
        if self.open:
            request = self.pick(0, open_only=True)
            self.on(request, verb, self.name_of(request.requester.id) if verb == "give back" else "ada", HOUR, None)
            self.wake(request.id)

    @precondition(lambda self: self.open)
    @rule(n=nth, twist=twists)
    def an_end_is_resisted(self, n: int, twist: Any) -> None:
        """Let a target be down for an hour from the end of an access on."""
        request = self.pick(n, open_only=True)
        self.target(request.integration.id).down_until = self.stage.clock.now + HOUR
        self.on(request, "revoke", "ada", HOUR, twist)
        for _ in range(7):
            self.sweep_runs(None)
            self.stage.go_to(self.stage.clock.now + 7 * MINUTE)

    @precondition(lambda self: any(target.under_way for target in self.stage.targets))
    @rule()
    def what_is_under_way_lands(self) -> None:
        for target in self.stage.targets:
            target.land(until=None)
        REACHED["landed late"] += 1

    @rule(times=st.integers(0, 3))
    def the_store_refuses(self, times: int) -> None:
        """Refuse the next commits, or none any more."""
        self.stage.store.refused_commits = times

    @rule(whom=st.sampled_from(ASKERS), permission=st.sampled_from(PERMISSIONS), gives=st.booleans())
    def others_change_the_target(self, whom: str, permission: str, gives: bool) -> None:
        """Give by hand, where nothing of ours is or may come; or take, whoever gave."""
        pair = self.pair(whom, permission)
        if not gives:
            self.stage.take_by_hand({pair})
        elif not self.stage.is_concerned(pair):
            self.stage.shared.before.add(pair)
            self.stage.handed.add(pair)
            REACHED["prior"] += 1

    @precondition(lambda self: self.stage.sessions.accesses)
    @rule()
    def others_drop_a_session_user(self) -> None:
        self.stage.drop_session_user(min(self.stage.sessions.accesses))

    # What must be so

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.is_well = False
        self.truth.hear(self.stage)
        self.is_well = True

    @invariant()
    def what_was_stopped_is_not_granted_any_more(self) -> None:
        for request_id in getattr(self, "stopped", ()):
            status = self.stage.store.request(request_id).status
            assert status in {"REVOKING", *ENDED}, f"{request_id} is {status} after the person was stopped"

    def teardown(self) -> None:
        if not getattr(self, "is_well", False):
            return
        if self.dead:
            self.let_it_be_dead(self.target(self.dead))
        self.come_to_rest()
        self.truth.hear(self.stage)
        self.truth.rest(self.stage)
        self.count()

    def let_it_be_dead(self, target: Unreliable) -> None:
        """Let a target be dead and all else be well: what it still holds is quarantined and counted.

        Only who is to have what somebody else cannot be rid of has to wait.
        """
        self.stage.store.refused_commits = 0
        for one in self.stage.targets:
            one.heal()
        target.down_until = self.stage.clock.now + 1000 * DAY

        def is_given_up_for_now(request: AccessRequest) -> bool:
            stuck = (one for one in self.requests if one.quarantined)
            alike = (one for one in stuck if not {*pairs_of(one)}.isdisjoint(pairs_of(request)))
            return request.integration.id == target.name and (request.quarantined or (request.is_open and any(alike)))

        for _ in range(500):
            due = [one.due_at for one in self.requests if one.due_at and not is_given_up_for_now(one)]
            if not due:
                break
            self.stage.go_to(max(min(due), self.stage.clock.now + MINUTE))
            assert self.do("wake", None, lambda desk, _: desk.sweep()) == "done"
        assert all(is_given_up_for_now(request) for request in self.open), "neither at its end nor quarantined"
        self.truth.hear(self.stage)
        self.truth.standstill(self.stage)
        REACHED["quarantined at a target that is dead for good"] += len(self.open)
        REACHED["closed, and never seen again"] += any(one.quarantined and not one.is_open for one in self.requests)

    def come_to_rest(self) -> None:
        """Let the faults stop, and the sweep run until nothing is due."""
        self.stage.store.refused_commits = 0
        for target in self.stage.targets:
            target.heal()
        for _ in range(500):
            due = [request.due_at for request in self.requests if request.due_at]
            if not due:
                break
            self.stage.go_to(min(due))
            assert self.do("wake", None, lambda desk, _: desk.sweep()) == "done"
        assert self.do("drain", None, lambda desk, _: desk.sequencer.drain(batches=100)) == "done"

    def count(self) -> None:
        """Count what was reached, for the test and for `--hypothesis-show-statistics`."""
        for request in self.requests:
            REACHED[request.status] += 1
            event(f"a request was {request.status}")
            REACHED["stopped while it was being granted"] += request.status == "REVOKED" and request.granted_at is None
        for told in self.truth.told:
            REACHED[told.event_type] += 1

    # Within

    @property
    def requests(self) -> list[AccessRequest]:
        return self.stage.requests()

    @property
    def open(self) -> list[AccessRequest]:
        return [request for request in self.requests if request.status not in ENDED]

    def pick(self, n: int, *, open_only: bool = False) -> AccessRequest:
        """Choose a request, the newest first."""
        choice = self.open if open_only else self.requests
        return choice[-1 - n % len(choice)]

    def target(self, name: str) -> Unreliable:
        return next(target for target in self.stage.targets if target.name == name)

    def name_of(self, person_id: str) -> str:
        return next(name for name, principal in PEOPLE.items() if principal.id == person_id)

    def pair(self, whom: str, permission: str) -> Pair:
        return PEOPLE[whom].id, Entitlement(resource_type="database", resource_id="orders", permission=permission)

    def wish(self, where: str, what: tuple[str, ...], span: Any, ahead: Any, *, whom: str | None = None) -> Submission:
        items = [WantedItem("database", "orders", permission) for permission in what]
        starts_at: datetime | None = ahead and self.stage.clock.now + ahead
        on_behalf_of = PEOPLE[whom].id if whom else None
        return Submission(where, items, "a reason", duration=span, starts_at=starts_at, on_behalf_of=on_behalf_of)

    def do(
        self,
        verb: str,
        who: str | None,
        work: Callable[[Desk, Call], object],
        twist: Any = None,
        *,
        rule: str = "",
        keyed: bool = True,
        **said: Any,
    ) -> str:
        """Let somebody do something; who was cut off calls again, with the same key."""
        self.calls += 1
        principal: Principal = self.stage.people[who] if who else ADA
        key = f"key-{self.calls}" if who and keyed else None
        caller, call = Caller(verb, principal if who else None, key=key, **said), Call(principal, API, key)
        outcome = act(self.stage, caller, lambda desk: work(desk, call), self.twisted(twist))
        is_cut_off = outcome == "killed" or (outcome == "StoreUnavailableError" and (twist or {}).get("store_fails"))
        if is_cut_off and who:
            REACHED[f"called again after: {outcome}"] += 1
            outcome = act(self.stage, caller, lambda desk: work(desk, call))
        REACHED[f"{rule or verb} {outcome}"] += 1
        REACHED["wake refused by a store that fails"] += outcome == "refused" and bool((twist or {}).get("store_fails"))
        return outcome

    def twisted(self, twist: dict[str, Any] | None) -> Twist:
        """Turn what was drawn into what happens."""
        twist = twist or {}
        if "rival" not in twist:
            return Twist(**twist)
        verb, n = twist["rival"]
        return Twist(**{**twist, "rival": lambda: self.intrude(verb, n)})

    def intrude(self, verb: str, n: int) -> None:
        if not self.requests:
            return
        REACHED[f"rival {verb}"] += 1
        request = self.pick(n)
        if verb == "sweep":
            self.sweep_runs(None)
        elif verb == "wake":
            self.wake(request.id)
        elif verb == "stop":
            self.stop_all_of(self.name_of(request.requester.id), None)
        elif verb == "tighten":
            self.write(request.flow.id, a_flow_for(request.integration.id, needed=2))
        elif verb == "approve":
            self.do("approve", "noa", lambda desk, call: desk.approvals.approve(request.id, call))
        else:
            who = "ada" if verb == "revoke" else self.name_of(request.requester.id)
            self.on(request, verb, who, HOUR, None)

    def stop_all_of(self, whom: str, twist: Any) -> None:
        """Stop a person. Whatever the answer says of a request, nothing of it goes on, now or ever."""
        outcomes = list[Outcome]()

        def end(desk: Desk, call: Call) -> None:
            outcomes.extend(desk.requests.stop_person(PEOPLE[whom].id, call, reason="left"))

        self.do("stop", "ada", end, twist, keyed=False)
        assert {type(one.error) for one in outcomes} <= {type(None), StoreUnavailableError}, "not stopped"
        self.stopped |= {one.request_id for one in outcomes if one.request}

    def write(self, flow_id: str, definition: FlowDefinition, twist: Any = None) -> None:
        self.do("put flow", "ada", lambda desk, call: desk.put_flow(flow_id, definition, call), twist)

    def on(self, request: AccessRequest, verb: str, who: str, span: timedelta, twist: Any) -> None:
        """Command something of one request."""
        commands: dict[str, Callable[[Desk, Call], object]] = {
            "cancel": lambda desk, call: desk.requests.cancel(request.id, call),
            "give back": lambda desk, call: desk.requests.give_back(request.id, call),
            "revoke": lambda desk, call: desk.requests.revoke(request.id, call, reason="leak"),
            "extend": lambda desk, call: desk.requests.extend(request.id, call, duration=span),
            "close": lambda desk, call: desk.requests.close_by_hand(request.id, call, reason="seen to"),
        }
        self.do(verb, who, commands[verb], twist, span=span)

    def wake(self, request_id: str, twist: Any = None) -> None:
        self.do("wake", None, lambda desk, _: desk.wake(request_id), twist)


MUST_BE_REACHED = {
    *ENDED,
    "stopped while it was being granted",
    "rival stop",
    *("access.revoke.failed", "access.quarantined", "access.quarantine.closed", "access.drift.detected"),
    *("access.extended", "access.extension.refused", "access.approval.refused"),
    *("on behalf", "prior", "landed late", "wake killed", "wake refused", "sweep killed", "drain killed"),
    *("called again after: killed", "called again after: StoreUnavailableError", "wake refused by a store that fails"),
    *("quarantined at a target that is dead for good", "closed, and never seen again"),
    *(f"fault {fault}" for fault in FAULTS),
    *(f"{verb} done" for verb in ("ask", "bundle", "again", "approve", "reject", "cancel", "give back", "extend")),
    *(f"{verb} done" for verb in ("revoke", "stop", "close", "put flow", "delete flow", "note", "wake", "sweep")),
    *(f"rival {verb}" for verb in RIVALS),
}


def test_whatever_happens_nothing_is_lost_doubled_or_left_open() -> None:
    """J1, J2, J3, J4, J6, D3, D4, A5, A6, A9, A10, I3."""
    REACHED.clear()

    prove(Nightlatch, cases=400, steps=50)

    assert MUST_BE_REACHED - {*+REACHED} == set(), "the runs do not come to this"
