"""DynamoDB's answers, read as botocore reads them."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.model import OperationModel, Shape
from botocore.parsers import ResponseParserError, ResponseParserFactory
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.adapters.dynamodb.answers import AnswerParsers, PlainItems

MODEL = get_session().get_service_model("dynamodb")
STOCK: Any = ResponseParserFactory().create_parser("json")
OPERATIONS = ("Query", "BatchGetItem", "GetItem", "TransactWriteItems")

ODD = [
    {"S": None},
    {"S": 1},
    {},
    {"X": "y"},
    {"S": "a", "N": "1"},
    {"__type": "t", "S": "a"},
    {"S": "a", "B": None},
    {"B": 1},
    {"B": "a"},
    {"B": "ä"},
    None,
]

names = st.text(max_size=5)
texts = st.one_of(st.text(max_size=20), st.text(max_size=5).map(json.dumps))
numbers = st.one_of(st.integers(), st.decimals(allow_nan=False, allow_infinity=False)).map(str)
binaries = st.binary(max_size=8).map(lambda value: b64encode(value).decode())
plain = st.one_of(
    texts.map(lambda value: {"S": value}),
    numbers.map(lambda value: {"N": value}),
    binaries.map(lambda value: {"B": value}),
)
other = st.one_of(
    st.lists(texts, max_size=3).map(lambda value: {"SS": value}),
    st.lists(binaries, max_size=3).map(lambda value: {"BS": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
    st.sampled_from(ODD),
)
attributes = st.recursive(
    plain | other,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda value: {"L": value}),
        st.dictionaries(names, inner, max_size=3).map(lambda value: {"M": value}),
    ),
    max_leaves=6,
)
plain_items = st.lists(st.dictionaries(names, plain, max_size=4), max_size=4)
any_items = st.lists(st.dictionaries(names, attributes, max_size=4) | st.none(), max_size=4)
rest = st.fixed_dictionaries(
    {},
    optional={
        "Count": st.integers(0, 9),
        "ScannedCount": st.integers(0, 9),
        "LastEvaluatedKey": st.dictionaries(names, plain, max_size=2),
        "ConsumedCapacity": st.just({"TableName": "t", "CapacityUnits": 0.5}),
        "UnprocessedKeys": st.just({"t": {"Keys": [{"pk": {"S": "a"}}], "ConsistentRead": True}}),
        "Unknown": st.just({"S": "x"}),
    },
)


def pages(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    lists = {"Items": items | st.none(), "Item": st.dictionaries(names, plain, max_size=3)}
    tables = {"Responses": st.dictionaries(names, items, max_size=3) | st.none()}
    answered = st.fixed_dictionaries({}, optional={**lists, **tables})
    return st.builds(lambda first, second: first | second, answered, rest)


def response(body: object, *, status: int = 200) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"x-amzn-RequestId": "R1", "X-Amz-Crc32": "1", "Content-Type": "application/x-amz-json-1.0"}
    checksum = {"checksum": {"response_algorithm": "crc32"}}
    return {"body": content, "status_code": status, "headers": headers, "context": checksum}


def shape_of(operation: str) -> Shape | None:
    model: OperationModel = MODEL.operation_model(operation)
    return model.output_shape


def outcome(parser: Any, answered: Mapping[str, Any], shape: Shape | None) -> Any:
    try:
        return parser.parse(answered, shape)
    except (ResponseParserError, ValueError, TypeError, AttributeError) as error:
        return type(error)


def assert_as_stock(answered: dict[str, Any], shape: Shape | None) -> None:
    fast = AnswerParsers().create_parser("json")
    assert outcome(fast, answered, shape) == outcome(STOCK, answered, shape)


@pytest.mark.parametrize("operation", OPERATIONS)
@given(page=pages(plain_items))
def test_plain_answers_are_read_as_botocore_reads_them(operation: str, page: dict[str, Any]) -> None:
    assert_as_stock(response(page), shape_of(operation))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(page=pages(any_items))
def test_all_other_answers_are_read_as_botocore_reads_them(operation: str, page: dict[str, Any]) -> None:
    assert_as_stock(response(page), shape_of(operation))


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_an_odd_attribute_is_read_as_botocore_reads_it(odd: object) -> None:
    assert_as_stock(response({"Items": [{"pk": {"S": "a"}, "odd": odd}]}), shape_of("Query"))


@pytest.mark.parametrize("name", ["TransactionCanceledException", "ConditionalCheckFailedException"])
@given(status=st.sampled_from([301, 400, 413, 500, 503]), page=pages(plain_items))
def test_errors_are_read_as_botocore_reads_them(name: str, status: int, page: dict[str, Any]) -> None:
    reasons = [{"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "a"}}}, {"Code": "None"}]
    body = {"__type": f"com.amazonaws#{name}", "message": "no", "CancellationReasons": reasons, **page}
    assert_as_stock(response(body, status=status), MODEL.shape_for(name))
    assert_as_stock(response(body, status=status), shape_of("Query"))


@given(body=st.binary(max_size=20) | st.sampled_from([b"", b"[]", b"null", b"1", b'"\\ud800"', b"<html>", b"{}", b"{"]))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_what_is_no_page_is_read_as_botocore_reads_it(body: bytes, status: int) -> None:
    assert_as_stock(response(body, status=status), shape_of("Query"))


def test_half_a_character_is_read_as_botocore_reads_it() -> None:
    assert_as_stock(response(b'{"Items": [{"a": {"S": "\\ud800"}}]}'), shape_of("Query"))


def test_an_answer_without_a_model_is_read_as_botocore_reads_it() -> None:
    assert_as_stock(response({"Items": []}), None)


class Watched:
    """Notes what is left to botocore's own parser."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def parse(self, answered: Mapping[str, Any], shape: Shape | None) -> Any:
        self.bodies.append(answered["body"])
        return STOCK.parse(answered, shape)


@pytest.mark.parametrize(
    ("operation", "page"),
    [
        ("Query", {"Items": [{"pk": {"S": "a"}, "version": {"N": "1"}, "body": {"B": "YQ=="}}]}),
        ("BatchGetItem", {"Responses": {"b": [{"pk": {"S": "a"}}], "a": [{"pk": {"S": "b"}}]}}),
    ],
)
def test_plain_items_never_reach_botocores_own_parser(operation: str, page: dict[str, Any]) -> None:
    stock, shape = Watched(), shape_of(operation)

    PlainItems(stock).parse(response(page), shape)

    assert [b'"S"' in body for body in stock.bodies] == [False]


def test_other_protocols_have_botocores_own_parser() -> None:
    assert not isinstance(AnswerParsers().create_parser("rest-xml"), PlainItems)
