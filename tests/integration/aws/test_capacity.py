"""The benchmarks count what DynamoDB would charge: by its own rules, and by what it would be asked."""

import boto3
import pytest

from tests.benchmarks._metered_tables import metered
from tests.benchmarks.capacity import Item, item_size, units_of_gets, units_of_query
from tests.benchmarks.trail_cost import _counted, head_of, item_of, ways_to_read

LENGTH = 200


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({}, 0),
        ({"pk": {"S": "abc"}}, 5),
        ({"pé": {"S": "é"}}, 3 + 2),
        ({"n": {"N": "0"}}, 1 + 2),
        ({"n": {"N": "-123.45"}}, 1 + 4),
        ({"body": {"B": b"12345"}}, 4 + 5),
        ({"is": {"BOOL": True}, "no": {"NULL": True}}, 2 + 1 + 2 + 1),
        ({"l": {"L": [{"S": "ab"}, {"N": "7"}]}}, 1 + 3 + (1 + 2) + (1 + 2)),
        ({"m": {"M": {"k": {"S": "ab"}}}}, 1 + 3 + (1 + 1 + 2)),
    ],
)
def test_an_item_is_as_large_as_the_documentation_says(item: Item, size: int) -> None:
    assert item_size(item) == size


def of(size: int) -> Item:
    return {"a": {"S": "x" * (size - 1)}}


def test_a_query_counts_all_that_it_went_through_together() -> None:
    assert units_of_query([of(2048), of(2048)], consistent=True) == 1
    assert units_of_query([of(2048), of(2049)], consistent=True) == 2
    assert units_of_query([of(2048), of(2049)], consistent=False) == 1
    assert units_of_query([], consistent=False) == 0.5


def test_what_is_read_by_its_key_counts_for_itself_and_also_when_it_is_absent() -> None:
    assert units_of_gets([of(1), of(4096), None], consistent=True) == 3
    assert units_of_gets([of(4097)], consistent=True) == 2
    assert units_of_gets([of(4097)], consistent=False) == 1


def test_a_computed_ledger_is_asked_and_answers_as_a_played_one() -> None:
    computed = dict(_counted(LENGTH))

    with metered() as meter:
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.put_item(TableName="state", Item=head_of(LENGTH))
        for seq in range(1, LENGTH + 1):
            client.put_item(TableName="ledger", Item=item_of(seq, LENGTH))
        meter.take()
        played = {}
        for what, read in ways_to_read().items():
            read()
            taken = meter.take()
            played[what] = (taken.calls, taken.read_units)

    assert played == computed
    assert len({*computed.values()}) > 5
