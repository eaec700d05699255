"""The two tables: kept, recoverable, and searchable by what the code asks for."""

from typing import Any

import pytest

Resources = dict[str, dict[str, Any]]

INDEXES = {
    "StateTable": {
        "by_requester": ("requester_id", "id"),
        "by_standing": ("standing", "id"),
        "by_month": ("month", "id"),
        "by_integration": ("integration_id", "id"),
        "by_flow": ("flow_id", "id"),
        "due": ("due_shard", "due_at"),
    },
    "LedgerTable": {
        "by_actor": ("actor_id", "sk"),
        "by_resource": ("resource_id", "sk"),
        "by_request": ("request_id", "sk"),
        "by_type": ("type_day", "sk"),
        "by_severity": ("severity", "sk"),
    },
}


@pytest.mark.parametrize("table", INDEXES)
def test_a_table_outlives_its_stack(resources: Resources, table: str) -> None:
    definition = resources[table]

    assert (definition["DeletionPolicy"], definition["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert definition["Properties"]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("table", INDEXES)
def test_a_table_can_be_restored_to_any_moment_and_forgets_by_itself(resources: Resources, table: str) -> None:
    properties = resources[table]["Properties"]

    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("table", INDEXES)
def test_a_table_has_the_indexes_that_the_code_asks_for(resources: Resources, table: str) -> None:
    indexes = resources[table]["Properties"]["GlobalSecondaryIndexes"]
    keys = {
        index["IndexName"]: tuple(key["AttributeName"] for key in sorted(index["KeySchema"], key=_hash_first))
        for index in indexes
    }

    assert keys == INDEXES[table]


def test_only_the_index_of_what_is_due_says_more_than_where_to_look(resources: Resources) -> None:
    projections = {
        index["IndexName"]: index["Projection"]
        for table in INDEXES
        for index in resources[table]["Properties"]["GlobalSecondaryIndexes"]
    }

    assert projections.pop("due") == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["integration_id"]}
    assert all(projection == {"ProjectionType": "KEYS_ONLY"} for projection in projections.values())


def test_the_streams_carry_what_their_readers_need(resources: Resources) -> None:
    views = {table: resources[table]["Properties"]["StreamSpecification"]["StreamViewType"] for table in INDEXES}

    assert views == {"StateTable": "NEW_AND_OLD_IMAGES", "LedgerTable": "NEW_IMAGE"}


def test_retention_is_30_to_365_days_and_90_if_nothing_is_said(template: dict[str, Any]) -> None:
    retention = template["Parameters"]["RetentionDays"]

    assert (retention["MinValue"], retention["Default"], retention["MaxValue"]) == (30, 90, 365)


def _hash_first(key: dict[str, str]) -> bool:
    return key["KeyType"] == "RANGE"
