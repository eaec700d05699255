"""Lets the function that makes PDFs make one, and waits for it."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nightlatch.domain.errors import NotPrintableError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaReportPrinter:
    """Invokes `function` (an ARN). The client must be as patient as that function may take."""

    def __init__(self, client: Callable[[], "LambdaClient"], *, function: str) -> None:
        self._client = cache(client)
        self._function = function

    def print_records(self, records: str, *, to: str) -> None:
        """Make a PDF of the JSON document in one file, as another file, and wait for it; again replaces it."""
        payload = json.dumps({"records": records, "target": to}).encode()
        try:
            answer = self._client().invoke(FunctionName=self._function, Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailableError(f"no PDF can be made just now: {type(error).__name__}") from error
        outcome = json.load(answer["Payload"])
        if "FunctionError" in answer:  # it was killed, or has a fault: it would be again
            raise NotPrintableError(f"the PDF could not be made ({outcome.get('errorType', 'unknown')})")
        if refusal := outcome["refusal"]:
            raise NotPrintableError(refusal)
