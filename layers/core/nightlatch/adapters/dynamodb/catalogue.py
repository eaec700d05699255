"""Integrations and what was found in them."""

from collections.abc import Iterable

from nightlatch.adapters.dynamodb.keys import INTEGRATIONS, RESOURCES, resource_key, resources_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.integration import Integration, Resource


class DynamoCatalogue:
    """Reads integrations; reads and replaces their resources."""

    def integrations(self) -> list[Integration]:
        """Read every integration, by id."""
        return [value_of(record, Integration) for record in StateRecord.query(INTEGRATIONS, consistent_read=True)]

    def integration(self, integration_id: str) -> Integration | None:
        """Read one integration."""
        record = read_one(StateRecord, (INTEGRATIONS, integration_id))
        return value_of(record, Integration) if record else None

    def resources(self, integration_id: str) -> list[Resource]:
        """Read everything that the last scan found, by type and id."""
        found = [value_of(record, Resource) for record in _stored(integration_id)]
        return sorted(found, key=lambda resource: (resource.type, resource.id))

    def replace_resources(self, integration_id: str, resources: Iterable[Resource]) -> None:
        """Make `resources` everything there is; what is gone is removed last. What is as before is not written."""
        records = (_record_of(integration_id, resource) for resource in resources)
        new = {record.sk: record for record in records}
        old = {record.sk: record for record in _stored(integration_id)}
        with StateRecord.batch_write() as batch:
            for sk, record in new.items():
                if sk not in old or old[sk].body != record.body:
                    batch.save(record)
        with StateRecord.batch_write() as batch:
            for sk in old.keys() - new.keys():
                batch.delete(old[sk])


def _stored(integration_id: str) -> Iterable[StateRecord]:
    return StateRecord.query(resources_of(integration_id), StateRecord.sk.startswith(RESOURCES), consistent_read=True)


def _record_of(integration_id: str, resource: Resource) -> StateRecord:
    key = resource_key(integration_id, resource.type, resource.id)
    return StateRecord(*key, body=resource.model_dump_json())
