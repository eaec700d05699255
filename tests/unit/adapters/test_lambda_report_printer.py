"""Whoever wants a PDF waits for it, and is told why there is none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.session import get_session
from botocore.stub import Stubber

from nightlatch.adapters.lambda_report_printer import LambdaReportPrinter
from nightlatch.domain.errors import NotPrintableError, StoreUnavailableError

ASKED = {"FunctionName": "reports", "Payload": b'{"records": "a.pdf.records.json", "target": "a.pdf"}'}


@contextmanager
def a_printer() -> Iterator[tuple[LambdaReportPrinter, Stubber]]:
    client: Any = get_session().create_client(
        "lambda", "eu-central-1", aws_access_key_id="an id", aws_secret_access_key="a key"
    )
    with Stubber(client) as stub:
        yield LambdaReportPrinter(lambda: client, function="reports"), stub
        stub.assert_no_pending_responses()


def answered(outcome: dict[str, str], **more: str) -> dict[str, Any]:
    content = json.dumps(outcome).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(BytesIO(content), len(content)), **more}


def test_the_function_is_called_with_both_names_and_waited_for() -> None:
    with a_printer() as (printer, stub):
        stub.add_response("invoke", answered({"refusal": ""}), ASKED)

        printer.print_records("a.pdf.records.json", to="a.pdf")


def test_a_refusal_is_passed_on_in_its_words() -> None:
    with a_printer() as (printer, stub):
        stub.add_response("invoke", answered({"refusal": "12,000 entries are too many"}), ASKED)

        with pytest.raises(NotPrintableError, match="12,000 entries are too many"):
            printer.print_records("a.pdf.records.json", to="a.pdf")


@pytest.mark.parametrize("fault", ["Runtime.ExitError", "Sandbox.Timedout", "KeyError"])
def test_a_function_that_dies_is_not_asked_again(fault: str) -> None:
    with a_printer() as (printer, stub):
        stub.add_response("invoke", answered({"errorType": fault}, FunctionError="Unhandled"), ASKED)

        with pytest.raises(NotPrintableError, match=fault):
            printer.print_records("a.pdf.records.json", to="a.pdf")


def test_a_function_that_cannot_be_called_may_be_later() -> None:
    with a_printer() as (printer, stub):
        stub.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)

        with pytest.raises(StoreUnavailableError, match="no PDF can be made just now"):
            printer.print_records("a.pdf.records.json", to="a.pdf")
