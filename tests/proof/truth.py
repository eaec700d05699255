"""What must be so: an independent ledger of what people did, and what may have come of it.

It reads the log of the stage. What a request demanded, who agreed to it, how long it may last, who may end it: all of
that is worked out here once more, naively, and never by asking the product.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep
from nightlatch.domain.grant import Grant
from nightlatch.domain.identity import Principal
from nightlatch.domain.lease import Lease
from nightlatch.domain.ledger import LedgerEntry, PendingEvent
from nightlatch.domain.opening_hours import OpeningHours
from nightlatch.domain.people import KnownPerson
from nightlatch.services.ports.requests import RequestFilter
from tests.fakes.store import Key, key_of
from tests.proof.stage import (
    SESSIONS,
    SHARED,
    Caller,
    Committed,
    Done,
    Looked,
    Stage,
    TakenByHand,
    Told,
    is_minded,
    pairs_of,
)

ENDED = frozenset({"REJECTED", "CANCELED", "LAPSED", "FAILED", "EXPIRED", "REVOKED"})

MEANINGS = {
    "-> PENDING": "requested",
    "-> APPROVED": "requested approved",
    "PENDING PENDING": "(role.approved )*role.approved",
    "PENDING APPROVED": "(role.approved )+approved",
    "PENDING REJECTED": "(role.rejected )+rejected",
    "PENDING CANCELED": "canceled",
    "PENDING LAPSED": "lapsed",
    "APPROVED APPROVED": "",
    "APPROVED CANCELED": "canceled",
    "APPROVED GRANTING": "",
    "APPROVED FAILED": "grant.failed",
    "GRANTING GRANTING": "|revoke.failed( quarantined)?",
    "GRANTING GRANTED": "granted",
    "GRANTING REVOKING": "revoking",
    "GRANTING FAILED": "(quarantine.closed )?grant.failed",
    "GRANTED GRANTED": "|extended|drift.detected",
    "GRANTED REVOKING": "revoking",
    "REVOKING REVOKING": "|revoke.failed( quarantined)?",
    "REVOKING EXPIRED": "(quarantine.closed )?expired",
    "REVOKING REVOKED": "(quarantine.closed )?revoked",
    "REVOKING CANCELED": "(quarantine.closed )?returned",
    **{
        f"{status} {status}": "|drift.detected|quarantined|quarantine.closed"
        for status in ("FAILED", "EXPIRED", "REVOKED")
    },
    "CANCELED CANCELED": "|drift.detected|quarantined|quarantine.closed",
}
"""Which events each step of a request is told by, exactly. There is no other step."""

CAUSES = {
    "requested": {"ask", "bundle", "again"},
    "role.approved": {"approve"},
    "role.rejected": {"reject"},
    "canceled": {"cancel", "stop"},
    "lapsed": {"wake"},
    "grant.failed": {"wake"},
    "granted": {"wake"},
    "extended": {"extend"},
    "drift.detected": {"wake"},
    "revoking": {"wake", "give back", "revoke", "stop"},
    "revoke.failed": {"wake"},
    "quarantined": {"wake"},
    "expired": {"wake"},
    "revoked": {"wake"},
    "returned": {"wake"},
    "quarantine.closed": {"close"},
    "approval.refused": {"approve", "reject"},
    "extension.refused": {"extend"},
    "": {"wake"},
}
"""Who causes what; a step that is not told is a worker's own business."""

ENDINGS = {"wake": "EXPIRED", "give back": "CANCELED", "revoke": "REVOKED", "stop": "REVOKED"}


@dataclass(frozen=True)
class Cast:
    """A yes as it was said."""

    voter: Principal
    items: tuple[str, ...]
    at: datetime


@dataclass
class Story:
    """What people did about one request. `looked` is False once others took away what it relies on."""

    demanded: FlowDefinition
    asked_for: timedelta
    born_at: datetime
    casts: list[Cast] = field(default_factory=list)
    extensions: list[timedelta] = field(default_factory=list)
    ended_by: str | None = None
    looked: bool = True


@dataclass
class Truth:
    """Reads the log, entry by entry, and refuses what must not be."""

    requests: dict[str, AccessRequest] = field(default_factory=dict)
    stories: dict[str, Story] = field(default_factory=dict)
    flows: dict[str, list[AccessFlow]] = field(default_factory=dict)
    looked: dict[Caller, dict[str, AccessFlow]] = field(default_factory=dict)
    people: dict[str, KnownPerson] = field(default_factory=dict)
    versions: Counter[Key] = field(default_factory=Counter)
    told: list[PendingEvent] = field(default_factory=list)
    steps: dict[str, list[str]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    read: int = 0
    numbered: list[LedgerEntry] = field(default_factory=list)

    def hear(self, stage: Stage) -> None:
        """Read what is new in the log, then look at how things stand."""
        for entry in stage.log[self.read :]:
            self.read += 1
            match entry:
                case Committed():
                    self._committed(entry)
                case Told():
                    self._told(entry)
                case Looked():
                    self.looked[entry.caller] = {flow_id: versions[-1] for flow_id, versions in self.flows.items()}
                case Done():
                    self._done(entry)
                case TakenByHand():
                    self._taken_by_hand(entry)
        self._check_targets(stage)
        self._check_open()
        self._check_ledger(stage)

    # What was committed

    def _committed(self, entry: Committed) -> None:
        for entity in entry.entities:
            self.versions[key_of(entity)] += 1
            assert entity.version == self.versions[key_of(entity)], f"{key_of(entity)} skipped a version"
        if entry.caller.key and any(isinstance(entity, AccessRequest) for entity in entry.entities):
            assert entry.caller.key not in self.keys, "one call took effect twice"
            self.keys.add(entry.caller.key)
        self.told.extend(entry.events)
        expected = 0
        for entity in entry.entities:
            if isinstance(entity, AccessFlow):
                self.flows.setdefault(entity.id, []).append(entity)
                expected += entry.caller.verb != "setup"
            if isinstance(entity, KnownPerson):
                self.people[entity.id] = entity
                expected += 1
        for entity in entry.entities:
            if isinstance(entity, AccessRequest):
                events = [event for event in entry.events if event.request_id == entity.id]
                expected += len(events)
                self._stepped(self.requests.get(entity.id), entity, events, entry)
                self.requests[entity.id] = entity
        assert len(entry.events) == expected, "events of nothing that happened, or nothing told of what did"

    def _told(self, entry: Told) -> None:
        self.told.extend(entry.events)
        for event in entry.events:
            assert short(event) in {"approval.refused", "extension.refused"}, f"{event.event_type} without a step"
            assert entry.caller.verb in CAUSES[short(event)]

    def _stepped(
        self, before: AccessRequest | None, after: AccessRequest, events: Sequence[PendingEvent], entry: Committed
    ) -> None:
        step = f"{before.status} {after.status}" if before else f"-> {after.status}"
        names, caller = [short(event) for event in events], entry.caller
        assert step in MEANINGS, f"{step} is no step"
        assert re.fullmatch(MEANINGS[step], " ".join(names)), f"{step} was told as {names}"
        assert caller.verb in CAUSES[names[0] if names else ""], f"{caller.verb} did {step} {names}"
        self.steps.setdefault(after.id, []).extend(event.id for event in events)
        if before is None:
            self._asked(after, caller)
        story = self.stories[after.id]
        if caller.verb == "approve":
            self._voted(before, after, names, entry)
        self._check_right(caller, after, names)
        self._check_end(before, after, names, caller)
        is_new = after.quarantined and not (before and before.quarantined)
        assert is_new == ("quarantined" in names or (is_new and names == ["drift.detected"])), (
            "quarantined without a word, or the other way round"
        )
        if step == "PENDING LAPSED":
            assert after.updated_at >= story.born_at + story.demanded.approve.window, "lapsed too early"
        if after.status is Status.APPROVED:
            assert self._is_agreed(after), "approved without the approvals that it needs"
        if step == "APPROVED GRANTING":
            self._check_begin(after)
        assert after.due_at is not None or after.status in ENDED, "open, and never looked at again"
        if names == ["drift.detected"] and after.status in ENDED:
            assert not self._is_all_of_others(after), "what another grant holds was told as left behind"

    def _asked(self, request: AccessRequest, caller: Caller) -> None:
        flow = self.looked[caller][request.flow.id]
        definition, requester, principal = flow.definition, request.requester.id, caller.principal
        assert principal is not None
        assert (flow.version, flow.is_deleted) == (request.flow.version, False), (
            "made under a flow that was not in force when they asked"
        )
        assert definition.what.integration == request.integration.id
        if request.asked_by:
            assert definition.on_behalf is not None
            assert request.asked_by.id == principal.id
            assert principal.groups & set(definition.on_behalf.groups), "who asked for another was not allowed to"
        else:
            assert requester == principal.id
        groups = self.people[requester].groups if request.asked_by else principal.groups
        assert _lets_ask(definition, groups), "asked by whom the flow does not name"
        before = self.requests[caller.about].duration if caller.about else definition.grant.default
        asked_for = caller.span or before
        assert request.duration == asked_for <= definition.grant.maximum, "longer than allowed"
        self.stories[request.id] = Story(definition, asked_for, request.created_at)

    def _voted(
        self, before: AccessRequest | None, after: AccessRequest, names: Sequence[str], entry: Committed
    ) -> None:
        assert before is not None
        assert entry.caller.principal is not None
        new = sum(len(item.votes) for item in after.items) - sum(len(item.votes) for item in before.items)
        assert names.count("role.approved") == new, "votes and their events differ"
        story, at = self.stories[after.id], after.updated_at
        assert at < story.born_at + story.demanded.approve.window, "voted too late"
        story.casts.append(Cast(entry.caller.principal, entry.caller.items, at))

    def _check_right(self, caller: Caller, request: AccessRequest, names: Sequence[str]) -> None:
        involved = {person.id for person in (request.requester, request.asked_by) if person}
        principal_id = caller.principal.id if caller.principal else ""
        is_admin = caller.principal is not None and "admin" in caller.principal.roles
        if caller.verb in {"approve", "reject"}:
            assert caller.principal is not None
            assert principal_id not in involved, "somebody decided on a request of their own"
            assert "service" not in caller.principal.roles, "a machine decided"
            assert _may_vote(self.stories[request.id].demanded.approve, caller.principal)
        if caller.verb == "cancel":
            assert is_admin or principal_id in involved
        if caller.verb in {"extend", "give back"}:
            assert principal_id == request.requester.id
        if caller.verb in {"revoke", "stop", "close"}:
            assert is_admin
        if caller.verb == "wake" and "revoking" in names:
            assert request.ends_at is not None
            assert request.updated_at >= request.ends_at, "ended too early"

    def _check_begin(self, request: AccessRequest) -> None:
        """A flow that is tighter by now binds as well, and so do the requester's groups as they are by now."""
        flow, at = self.flows[request.flow.id][-1], request.updated_at
        assert not flow.is_deleted, "begun under a flow that is gone"
        assert _lets_ask(flow.definition, self.people[request.requester.id].groups), "begun for whom it is not any more"
        assert request.duration <= flow.definition.grant.maximum
        assert request.starts_at is None or at >= request.starts_at, "begun before its start"
        for hours in (flow.definition.when, self.stories[request.id].demanded.when):
            assert hours is None or _are_open(hours, at), "begun outside of the hours"
        voters = {one.voter.id for one in self.stories[request.id].casts} - _involved(request)
        places = sum(_places(step, _involved(request)) for step in flow.definition.approve.steps)
        assert len(voters) >= places, "begun with fewer approvals than the flow in force needs"

    def _check_end(
        self, before: AccessRequest | None, after: AccessRequest, names: Sequence[str], caller: Caller
    ) -> None:
        """Access has an end, and it moves only by an extension that was accepted (D3)."""
        story, flow = self.stories[after.id], self.flows[after.flow.id][-1]
        if names == ["extended"]:
            assert caller.span is not None
            assert not flow.is_deleted
            for extensions in (story.demanded.grant.extensions, flow.definition.grant.extensions):
                assert extensions is not None, "extended though nobody may"
                assert len(story.extensions) < extensions.count, "extended too often"
                assert caller.span <= extensions.longest, "extended by too much"
            assert before is not None
            assert before.ends_at is not None
            assert after.updated_at - timedelta(seconds=1) < before.ends_at, "extended after its end"
            story.extensions.append(caller.span)
        if after.granted_at is None:
            assert (after.ends_at, after.status is Status.GRANTED) == (None, False)
            assert "revoking" not in names or caller.verb in {"revoke", "stop"}, "stopped by somebody who may not"
        else:
            promised = after.granted_at + story.asked_for + sum(story.extensions, timedelta())
            assert after.ends_at == promised, "the end is another than was promised"
        if "revoking" in names:
            story.ended_by = caller.verb
        if before and before.status is Status.REVOKING and after.status is not Status.REVOKING:
            assert after.status == ENDINGS[story.ended_by or ""], "it ended as something else"

    # What was agreed to

    def _is_agreed(self, request: AccessRequest) -> bool:
        story = self.stories[request.id]
        return all(
            agreed(
                story.demanded.approve,
                [cast for cast in story.casts if not cast.items or item.id in cast.items],
                since=story.born_at,
                without=_involved(request),
            )
            for item in request.items
        )

    # What was done at targets

    def _done(self, entry: Done) -> None:
        request = self.requests[entry.grant_id]
        if entry.given:
            assert self._is_agreed(request), "given without the approvals that were demanded"
            assert entry.pairs <= set(pairs_of(request)), "given what nobody asked for"
        if entry.integration == SESSIONS:
            return
        assert entry.pairs <= set(pairs_of(request)), "taken what was never given"
        if not entry.given:
            for other in self._at(SHARED):
                is_live = other.status is Status.GRANTED and other.id != request.id
                assert not (is_live and entry.pairs & set(pairs_of(other))), "taken from another grant that goes on"

    def _is_all_of_others(self, request: AccessRequest) -> bool:
        live = [one for one in self._at(SHARED) if one.status is Status.GRANTED and one.id != request.id]
        return request.integration.id == SHARED and {*pairs_of(request)} <= {
            pair for one in live for pair in pairs_of(one)
        }

    def _taken_by_hand(self, entry: TakenByHand) -> None:
        for request in self._at(entry.integration):
            is_about = request.id == entry.grant_id or entry.pairs & set(pairs_of(request))
            if is_about and request.status in {Status.GRANTING, Status.GRANTED}:
                self.stories[request.id].looked = False

    def _check_targets(self, stage: Stage) -> None:
        now = stage.clock.now
        assert stage.handed <= stage.shared.before, "what others gave was taken away"
        for request in self.requests.values():
            is_on = request.status is Status.GRANTED and request.ends_at is not None and now < request.ends_at
            if is_on and self.stories[request.id].looked:
                assert _has_access(stage, request), f"{request.id} is GRANTED and has nothing"
        for grant_id in (access.handle.grant_id for access in stage.sessions.accesses.values()):
            assert is_minded(self.requests[grant_id]), f"access of {grant_id} is left, and nobody minds it"
        for pair in stage.shared.held:
            assert any(pair in pairs_of(one) and is_minded(one) for one in self._at(SHARED)), (
                f"{pair} is left, and nobody minds it"
            )

    def _at(self, integration_id: str) -> list[AccessRequest]:
        return [request for request in self.requests.values() if request.integration.id == integration_id]

    def _check_open(self) -> None:
        open_ones = Counter(
            (one.requester.id, one.integration.id, frozenset(pairs_of(one)), one.starts_at)
            for one in self.requests.values()
            if one.status not in ENDED
        )
        assert not open_ones or max(open_ones.values()) == 1, "the same is asked for twice"

    # The ledger

    def _check_ledger(self, stage: Stage) -> None:
        """Every event once; numbers and hashes go on without a gap; a request's events are in order."""
        ledger, outbox, taken = stage.store.ledger, stage.store.outbox, stage.store.taken
        for number in range(len(self.numbered) + 1, len(ledger) + 1):
            entry = ledger[number]
            previous = self.numbered[-1].hash if self.numbered else "0" * 64
            assert (entry.seq, entry.prev_hash, entry.hash) == (number, previous, _hash(entry)), "the chain is broken"
            self.numbered.append(entry)
        # What the head names has its numbers, and is only not cleared yet.
        waiting = (event.id for key, row in outbox.items() if key not in taken for event in row.events)
        there = [*(entry.event_id for entry in self.numbered), *waiting]
        assert sorted(there) == sorted(event.id for event in self.told), "events were lost, doubled or made up"
        position = {event_id: number for number, event_id in enumerate(entry.event_id for entry in self.numbered)}
        for request_id, steps in self.steps.items():
            places = [position[event_id] for event_id in steps if event_id in position]
            assert places == sorted(places), f"the events of {request_id} are out of order"

    # In the end

    def standstill(self, stage: Stage) -> None:
        """When a target is dead for good: what is left there is quarantined, was told, and is counted and listed."""
        quarantined = [one for one in self.requests.values() if one.quarantined]
        ids = {one.id for one in quarantined}
        pairs = {pair for one in quarantined if one.integration.id == SHARED for pair in pairs_of(one)}
        told = {event.request_id for event in self.told if short(event) in {"quarantined", "drift.detected"}}
        assert ids <= told, "quarantined without a word"
        assert {one.id for one in stage.store.find(RequestFilter(quarantined=True))} == ids, "quarantined, not listed"
        assert stage.store.quarantined() == len(ids), "quarantined, and not counted for the alarm"
        assert {one.handle.grant_id for one in stage.sessions.accesses.values()} <= ids, "left there, nobody alarmed"
        assert stage.shared.held <= pairs, "left there, nobody alarmed"

    def rest(self, stage: Stage) -> None:
        """When all is done: nothing is left open, held or untold, and nothing is at the targets but what was before."""
        assert {one.id: one.status for one in self.requests.values() if one.status not in ENDED} == {}, "left open"
        assert [one.id for one in self.requests.values() if one.due_at or one.quarantined] == [], "left due"
        assert stage.sessions.accesses == {}, "left at the target"
        assert (stage.shared.held, stage.shared.before) == (set(), stage.handed), "left at the target"
        for entity in stage.store.entities.values():
            if isinstance(entity, Lease):
                assert entity.holders == frozenset(), "a lease is held"
                assert entity.leaving is entity.watched is None, "a lease is left"
            if isinstance(entity, Grant):
                assert entity.sealed_secret is None, "a secret is left"
        assert stage.store.outbox == {}, "left untold"


# What a rule demands


def agreed(rule: ApprovalRule, casts: Iterable[Cast], *, since: datetime, without: Iterable[str]) -> bool:
    """Whether enough different people said yes in each step, when it was its turn, whoever may not left out."""
    waiting, said, counted = list(rule.steps), list[Cast](), set(without)
    for cast in casts:
        if not waiting or cast.voter.id in counted or not _asks(waiting[0], cast.voter, waited=cast.at - since):
            continue
        counted.add(cast.voter.id)
        said.append(cast)
        if _are_enough(waiting[0], said, set(without)):
            waiting, said, since = waiting[1:], [], cast.at
    return not waiting


def _asks(step: ApprovalStep, voter: Principal, *, waited: timedelta) -> bool:
    late = step.escalation and waited >= step.escalation.after and _is_among(step.escalation, voter)
    return _is_among(step, voter) or bool(late)


def _is_among(named: object, voter: Principal) -> bool:
    people, groups = getattr(named, "people", ()), getattr(named, "groups", ())
    return voter.id in people or bool(voter.groups & set(groups))


def _are_enough(step: ApprovalStep, said: Sequence[Cast], without: set[str]) -> bool:
    if isinstance(step.needed, int):
        return len(said) >= step.needed
    places = [*(one for one in step.people if one not in without), *step.groups]
    return any(
        all(_fills(step, cast.voter, place) for cast, place in zip(order, places, strict=True))
        for order in permutations(said, len(places))
    )


def _fills(step: ApprovalStep, voter: Principal, place: str) -> bool:
    return place == voter.id or place in voter.groups or not _is_among(step, voter)


def _places(step: ApprovalStep, without: set[str]) -> int:
    return step.needed if isinstance(step.needed, int) else len({*step.people} - without) + len(step.groups)


def _may_vote(rule: ApprovalRule, voter: Principal) -> bool:
    return any(_is_among(step, voter) or _is_among(step.escalation, voter) for step in rule.steps)


def _lets_ask(definition: FlowDefinition, groups: Iterable[str]) -> bool:
    # The flows of the machine know one kind of condition: group is one of these.
    return bool({name for condition in definition.who.conditions for name in condition.values} & set(groups))


def _are_open(hours: OpeningHours, at: datetime) -> bool:
    # Those of the machine are every day's, in UTC.
    return hours.start <= f"{at:%H:%M}" < hours.end


# Reading


def short(event: PendingEvent) -> str:
    """Name an event without what all have in common."""
    return event.event_type.removeprefix("access.")


def _involved(request: AccessRequest) -> set[str]:
    return {person.id for person in (request.requester, request.asked_by) if person}


def _has_access(stage: Stage, request: AccessRequest) -> bool:
    if request.integration.id == SHARED:
        return all(pair in stage.shared.held | stage.shared.before for pair in pairs_of(request))
    return any(access.handle.grant_id == request.id for access in stage.sessions.accesses.values())


def _hash(entry: LedgerEntry) -> str:
    content = {name: value for name, value in entry.model_dump(mode="json").items() if name != "hash"}
    told = [content[name] for name in ("recorded_at", "event_type", "severity")]
    whose = [content["actor"]["id"], content["resource"]["id"]]
    parts = [*told, *whose, *(content[name] for name in ("request_id", "integration", "source")), content]
    names = [
        "recorded_at",
        "event_type",
        "severity",
        "actor",
        "resource",
        "request_id",
        "integration",
        "source",
        "entry",
    ]
    chain = hashlib.sha256(f"{entry.prev_hash}{entry.seq}".encode())
    for name, part in zip(names, parts, strict=True):
        text = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        chain.update(hashlib.sha256(hashlib.sha256((entry.salt + name).encode()).digest() + text.encode()).digest())
    return chain.hexdigest()
