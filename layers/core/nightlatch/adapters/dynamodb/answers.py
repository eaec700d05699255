"""Reads DynamoDB's answers faster where they are plain, and as botocore does everywhere else.

botocore walks the model of every attribute of every item, to find in the end what the JSON already said. All that our
items hold is texts, numbers and binaries, `{"S": "..."}`, `{"N": "..."}` and `{"B": "..."}`, which need no walk.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from botocore.model import Shape
from botocore.parsers import ResponseParserFactory
from pydantic_core import from_json

Items = list[dict[str, Any]]

ITEMS_IN = {"QueryOutput": "Items", "BatchGetItemOutput": "Responses"}
"""The member that holds the items: a list, or one for each table."""

PLAIN = frozenset({"S", "N", "B"})


class Parser(Protocol):
    """What botocore asks of a parser."""

    def parse(self, response: Mapping[str, Any], shape: Shape | None) -> Any:
        """Read an answer into the form that the shape describes."""
        ...


class PlainItems:
    """Takes plain items as they are, and leaves all else of an answer, and every other answer, to another parser."""

    def __init__(self, other: Parser) -> None:
        self._other = other

    def parse(self, response: Mapping[str, Any], shape: Shape | None) -> Any:
        """Read an answer into exactly what the other parser would make of it."""
        member = ITEMS_IN.get(shape.name) if shape else None
        document = _document(response) if member else None
        lists = _lists_in(document, member)
        if not lists or not all(_is_plain(item) for items in lists for item in items) or not _decoded(lists):
            return self._other.parse(response, shape)
        kept = [items.copy() for items in lists]
        for items in lists:
            items.clear()
        parsed = self._other.parse({**response, "body": json.dumps(document).encode()}, shape)
        for items, plain in zip(_lists_in(parsed, member), kept, strict=True):
            items.extend(plain)
        return parsed


class AnswerParsers(ResponseParserFactory):
    """Makes the parsers of a botocore session."""

    def create_parser(self, protocol_name: str) -> Any:
        """Make the parser of a protocol."""
        stock: Any = super().create_parser(protocol_name)  # its stubs do not know that an answer may have no shape
        return PlainItems(stock) if protocol_name == "json" else stock


def _document(response: Mapping[str, Any]) -> Any:
    """Read the JSON of an answer that is no error; None when it is none."""
    if response["status_code"] != HTTPStatus.OK:
        return None
    try:
        return from_json(response["body"])
    except ValueError:
        return None


def _lists_in(document: Any, member: str | None) -> list[Items]:
    """Find the lists of items, in the order of their tables' names; none when there is anything else."""
    found = document.get(member) if isinstance(document, dict) else None
    lists: list[Any] = [found[table] for table in sorted(found)] if isinstance(found, dict) else [found]
    return lists if all(isinstance(items, list) for items in lists) else []


def _is_plain(item: Any) -> bool:
    return type(item) is dict and all(map(_is_plain_value, item.values()))


def _is_plain_value(value: Any) -> bool:
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    return kind in PLAIN and type(content) is str


def _decoded(lists: list[Items]) -> bool:
    """Decode the binaries in plain items; say whether all are Base64."""
    try:
        for items in lists:
            for item in items:
                for value in item.values():
                    if "B" in value:
                        value["B"] = b64decode(value["B"])
    except ValueError:
        return False
    return True
