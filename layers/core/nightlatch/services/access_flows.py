"""What an administrator does with access flows: write them, and look back at every version."""

from pydantic import JsonValue

from nightlatch.domain.access_flow import AccessFlow, FlowDefinition, FlowRegister
from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.errors import NotFoundError, StaleVersionError, VersionRequiredError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports import Clock, Flows, UnitOfWork


class AccessFlows:
    """The use cases of those who configure, and of those who look."""

    def __init__(self, *, unit_of_work: UnitOfWork, flows: Flows, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._flows = flows
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
        """Read every version of a flow, newest first."""
        self.show(flow_id)
        return self._flows.versions(flow_id)

    def put(self, flow_id: str, definition: FlowDefinition, call: Call, *, if_match: int | None) -> AccessFlow:
        """Write a flow. To overwrite one, `if_match` must name its version; the same definition changes nothing."""
        return despite_rivals(lambda: self._put(flow_id, definition, call, if_match))

    def _put(self, flow_id: str, definition: FlowDefinition, call: Call, if_match: int | None) -> AccessFlow:
        in_force = self._flows.in_force()
        current = next((flow for flow in in_force.flows if flow.id == flow_id), None)
        if current is None and if_match is not None:
            raise StaleVersionError(f"there is no flow {flow_id}, so not in version {if_match}")
        if current is None:
            return self._commit(self._new(flow_id, definition, call), None, in_force.register, call)
        if current.definition == definition:
            return current
        if if_match is None:
            raise VersionRequiredError(f"flow {flow_id} exists: send If-Match with its ETag")
        if if_match != current.version:
            raise StaleVersionError(f"flow {flow_id} is at version {current.version}, not {if_match}")
        changed = current.changed(
            definition=definition, updated_at=self._clock(), updated_by=call.principal.as_person()
        )
        return self._commit(changed, current, in_force.register, call)

    def _new(self, flow_id: str, definition: FlowDefinition, call: Call) -> AccessFlow:
        return AccessFlow(
            id=flow_id, definition=definition, updated_at=self._clock(), updated_by=call.principal.as_person()
        )

    def _commit(self, flow: AccessFlow, before: AccessFlow | None, register: FlowRegister, call: Call) -> AccessFlow:
        event = AuditEvent(
            event_type=EventType.FLOW_UPDATED if before else EventType.FLOW_CREATED,
            timestamp=flow.updated_at,
            actor=call.principal.as_actor(),
            resource=ResourceReference(type="flow", id=flow.id, name=flow.definition.name),
            description=f"{call.principal.label} wrote access flow {flow.id}, version {flow.version}",
            integration=flow.definition.what.integration,
            details={"version": flow.version, "before": _json(before), "after": _json(flow)},
        )
        self._unit_of_work.commit(Change(flow, (event,), (register.changed(),)), origin=call.origin)
        return flow


def _json(flow: AccessFlow | None) -> JsonValue:
    return flow.definition.model_dump(mode="json") if flow else None
