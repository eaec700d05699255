"""The ledger on the running stack: nobody can change it, and whoever follows it misses nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nightlatch.domain.ledger import GENESIS, Head, LedgerEntry, first_break
from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.conftest import ROOT
from tests.e2e.person import Person

FUNCTIONS = sorted(app.parent.name for app in (ROOT / "functions").glob("*/app.py"))
NO_RIGHT_TO_UPDATE = [name for name in FUNCTIONS if name != "retention"]
NO_RIGHT_TO_APPEND = [name for name in FUNCTIONS if name != "ledger"]
UPDATES = {"update", "update in a transaction"}
KEY = {"pk": {"S": "0#0"}, "sk": {"S": f"{1:020}"}}


def _attempts(dynamodb: Any, table: str) -> dict[str, Callable[[], Any]]:
    change = {"TableName": table, "Key": KEY, "UpdateExpression": "SET body = :b"}
    values = {":b": {"S": "forged"}}
    return {
        "update": lambda: dynamodb.update_item(**change, ExpressionAttributeValues=values),
        "delete": lambda: dynamodb.delete_item(TableName=table, Key=KEY),
        "delete in a batch": lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": KEY}}]}),
        "delete in a transaction": lambda: dynamodb.transact_write_items(
            TransactItems=[{"Delete": {"TableName": table, "Key": KEY}}]
        ),
        "update in a transaction": lambda: dynamodb.transact_write_items(
            TransactItems=[{"Update": {**change, "ExpressionAttributeValues": values}}]
        ),
        "delete by PartiQL": lambda: dynamodb.execute_statement(
            Statement=f'DELETE FROM "{table}" WHERE pk=? AND sk=?', Parameters=[KEY["pk"], KEY["sk"]]
        ),
        "drop the table": lambda: dynamodb.delete_table(TableName=table),
        "let it expire": lambda: dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "seq"}
        ),
    }


@pytest.mark.parametrize("function", NO_RIGHT_TO_UPDATE)
def test_no_function_may_change_or_remove_an_entry(
    function: str, facts: StackFacts, as_role: Callable[[str, str], Any], client: Callable[[str], Any]
) -> None:
    """I1: update or delete on the ledger from every function's role is denied."""
    before = client("dynamodb").get_item(TableName=facts.ledger_table, Key=KEY)["Item"]

    refused = {}
    for name, attempt in _attempts(as_role(function, "dynamodb"), facts.ledger_table).items():
        with pytest.raises(ClientError) as refusal:
            attempt()
        refused[name] = refusal.value.response["Error"]["Code"]

    assert set(refused.values()) == {"AccessDeniedException"}, refused
    assert client("dynamodb").get_item(TableName=facts.ledger_table, Key=KEY)["Item"] == before


@pytest.mark.parametrize("function", NO_RIGHT_TO_APPEND)
def test_only_the_sequencer_may_append(function: str, facts: StackFacts, as_role: Callable[[str, str], Any]) -> None:
    """I1: no other function may put anything into the ledger."""
    item = {"pk": {"S": "0#0"}, "sk": {"S": f"{10**9:020}"}}

    with pytest.raises(ClientError) as refusal:
        as_role(function, "dynamodb").put_item(TableName=facts.ledger_table, Item=item)

    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"


def test_retention_may_remove_nothing_either(
    facts: StackFacts, as_role: Callable[[str, str], Any], client: Callable[[str], Any]
) -> None:
    """I1: of updates the emulator does not see which attributes they name; tests/unit/template/test_rights.py does."""
    before = client("dynamodb").get_item(TableName=facts.ledger_table, Key=KEY)["Item"]

    refused = {}
    for name, attempt in _attempts(as_role("retention", "dynamodb"), facts.ledger_table).items():
        if name not in UPDATES:
            with pytest.raises(ClientError) as refusal:
                attempt()
            refused[name] = refusal.value.response["Error"]["Code"]

    assert set(refused.values()) == {"AccessDeniedException"}, refused
    assert client("dynamodb").get_item(TableName=facts.ledger_table, Key=KEY)["Item"] == before


def test_retention_may_move_the_time_of_an_entry(
    facts: StackFacts, as_role: Callable[[str, str], Any], client: Callable[[str], Any]
) -> None:
    """I1: what it is for, and all it may."""
    ours = client("dynamodb")
    before = ours.get_item(TableName=facts.ledger_table, Key=KEY)["Item"]

    as_role("retention", "dynamodb").update_item(
        TableName=facts.ledger_table,
        Key=KEY,
        UpdateExpression="SET expires_at = :t",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":t": {"N": "4102444800"}},
    )
    moved = ours.get_item(TableName=facts.ledger_table, Key=KEY)["Item"]
    ours.put_item(TableName=facts.ledger_table, Item=before)

    assert moved == before | {"expires_at": {"N": "4102444800"}}


def test_the_feed_is_complete_contiguous_and_chained_from_the_first_event(person: Callable[[str], Person]) -> None:
    ivo = person("ivo")

    entries: list[LedgerEntry] = []
    href = "/v1/audit?limit=7"
    while True:
        page = ivo.get(href)
        entries.extend(LedgerEntry.model_validate(event) for event in page["events"])
        href = page["_links"]["next"]["href"]
        if not page["has_more"]:
            break

    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert first_break(entries, after=Head(seq=0, hash=GENESIS)) is None


def test_a_requester_may_not_read_the_trail(person: Callable[[str], Person]) -> None:
    """C5: the trail is for auditors and administrators."""
    assert person("maya").api.get("/v1/audit").status_code == 403
