"""Reading access flows."""

from nightlatch.adapters.dynamodb.keys import FLOW_REGISTER, FLOWS, versions_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.access_flow import AccessFlow, FlowRegister, FlowsInForce


class DynamoFlows:
    """Reads the flows in force, and what they were."""

    def in_force(self) -> FlowsInForce:
        """Read every flow in force. The register comes first: what is changed meanwhile, it does not count yet."""
        register, flows = FlowRegister(), []
        for record in StateRecord.query(FLOWS, consistent_read=True):
            if (record.pk, record.sk) == FLOW_REGISTER:
                register = value_of(record, FlowRegister)
            else:
                flows.append(value_of(record, AccessFlow))
        return FlowsInForce(register, tuple(flow for flow in flows if not flow.is_deleted))

    def one(self, flow_id: str) -> AccessFlow | None:
        """Read the flow in force."""
        record = read_one(StateRecord, (FLOWS, flow_id))
        flow = value_of(record, AccessFlow) if record else None
        return flow if flow and not flow.is_deleted else None

    def versions(self, flow_id: str) -> list[AccessFlow]:
        """Read every version there was, newest first."""
        records = StateRecord.query(versions_of(flow_id), consistent_read=True, scan_index_forward=False)
        return [value_of(record, AccessFlow) for record in records]
