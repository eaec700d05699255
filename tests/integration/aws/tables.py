"""Makes the tables that template.yaml describes, so that template and code cannot drift apart."""

from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from tests.cloudformation import template

TAKEN = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


def table_definition(logical_id: str) -> dict[str, Any]:
    """Take a table's keys and indexes out of the template."""
    properties = template()["Resources"][logical_id]["Properties"]
    return {name: properties[name] for name in TAKEN}


def make_anew(client: DynamoDBClient, tables: dict[str, dict[str, Any]]) -> None:
    """Make the tables, empty, whether they are there or not."""
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    for name, definition in tables.items():
        client.create_table(TableName=name, **definition)
