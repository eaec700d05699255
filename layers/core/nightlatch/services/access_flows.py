"""What an administrator does with access flows: write them, and look back at every version."""

from pydantic import JsonValue

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition, FlowRegister
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError, NotFoundError, StaleVersionError, VersionRequiredError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import Flows
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.writing import UnitOfWork


class AccessFlows:
    """The use cases of those who configure, and of those who look."""

    def __init__(self, *, unit_of_work: UnitOfWork, flows: Flows, requests: Requests, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._flows = flows
        self._requests = requests
        self._clock = clock

    def all(self) -> list[AccessFlow]:
        """Read every flow in force."""
        return [*self._flows.in_force().flows]

    def show(self, flow_id: str) -> AccessFlow:
        """Read the flow in force."""
        flow = self._flows.one(flow_id)
        if flow is None:
            raise NotFoundError(f"no access flow {flow_id}")
        return flow

    def versions(self, flow_id: str) -> list[AccessFlow]:
        """Read every version of a flow, newest first; also of one that was deleted."""
        versions = self._flows.versions(flow_id)
        if not versions:
            raise NotFoundError(f"no access flow {flow_id}")
        return versions

    def put(self, flow_id: str, definition: FlowDefinition, call: Call, *, if_match: int | None) -> AccessFlow:
        """Write a flow. To overwrite one, `if_match` must name its version; the same definition changes nothing."""
        return despite_rivals(lambda: self._put(flow_id, definition, call, if_match))

    def delete(self, flow_id: str, call: Call, *, if_match: int | None) -> None:
        """Take a flow out of force. What was asked for under it can no longer begin."""
        despite_rivals(lambda: self._delete(flow_id, call, if_match))

    def _put(self, flow_id: str, definition: FlowDefinition, call: Call, if_match: int | None) -> AccessFlow:
        register = self._flows.in_force().register
        last = next(iter(self._flows.versions(flow_id)), None)
        current = last if last and not last.is_deleted else None
        if current is None and if_match is not None:
            raise StaleVersionError(f"there is no flow {flow_id}, so not in version {if_match}")
        if current and current.definition == definition:
            return current
        if current:
            self._admit_change(current, call, if_match)
        return self._commit(self._next(flow_id, last, definition, call), current, register, call)

    def _delete(self, flow_id: str, call: Call, if_match: int | None) -> None:
        register, current = self._flows.in_force().register, self.show(flow_id)
        self._admit_change(current, call, if_match)
        deleted = self._next(flow_id, current, current.definition, call).model_copy(update={"is_deleted": True})
        self._commit(deleted, current, register, call)

    def _admit_change(self, current: AccessFlow, call: Call, if_match: int | None) -> None:
        """Let a change pass that was made for this very version, by somebody who does not wait under it."""
        if if_match is None:
            raise VersionRequiredError(f"flow {current.id} exists: send If-Match with its ETag")
        if if_match != current.version:
            raise StaleVersionError(f"flow {current.id} is at version {current.version}, not {if_match}")
        for request_id in self._requests.open_of(call.principal.id).values():
            request = self._requests.request(request_id)
            if request.is_pending and request.flow.id == current.id:
                raise ConflictError(f"your own request {request_id} waits for approval under flow {current.id}")

    def _next(self, flow_id: str, last: AccessFlow | None, definition: FlowDefinition, call: Call) -> AccessFlow:
        return AccessFlow(
            id=flow_id,
            version=last.version + 1 if last else 1,
            definition=definition,
            updated_at=self._clock(),
            updated_by=call.principal.as_person(),
        )

    def _commit(self, flow: AccessFlow, before: AccessFlow | None, register: FlowRegister, call: Call) -> AccessFlow:
        after = None if flow.is_deleted else flow
        event = AuditEvent(
            event_type=_event_type(before, after),
            timestamp=flow.updated_at,
            actor=call.principal.as_actor(),
            resource=ResourceReference(type="flow", id=flow.id, name=flow.definition.name),
            description=f"{call.principal.label} {_verb(before, after)} access flow {flow.id}, version {flow.version}",
            integration=flow.definition.what.integration,
            details={"version": flow.version, "before": _json(before), "after": _json(after)},
        )
        self._unit_of_work.commit(Change(flow, (event,), (register.changed(),)), origin=call.origin)
        return flow


def _event_type(before: AccessFlow | None, after: AccessFlow | None) -> EventType:
    if after is None:
        return EventType.FLOW_DELETED
    return EventType.FLOW_UPDATED if before else EventType.FLOW_CREATED


def _verb(before: AccessFlow | None, after: AccessFlow | None) -> str:
    return "deleted" if after is None else "changed" if before else "created"


def _json(flow: AccessFlow | None) -> JsonValue:
    return flow.definition.model_dump(mode="json") if flow else None
