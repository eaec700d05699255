"""Makes the tables that template.yaml describes, so that template and code cannot drift apart."""

from pathlib import Path
from typing import Any

import yaml
from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
TAKEN = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (!Ref, !Sub …) as nothing: the tables do not depend on them."""


TemplateLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table_definition(logical_id: str) -> dict[str, Any]:
    """Take a table's keys and indexes out of the template."""
    template = yaml.load(TEMPLATE.read_text(), TemplateLoader)
    properties = template["Resources"][logical_id]["Properties"]
    return {name: properties[name] for name in TAKEN}


def make_anew(client: DynamoDBClient, tables: dict[str, dict[str, Any]]) -> None:
    """Make the tables, empty, whether they are there or not."""
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    for name, definition in tables.items():
        client.create_table(TableName=name, **definition)
