"""Called for an export that is to be a PDF: makes it, and says if it cannot."""

from typing import Any

from nightlatch.bootstrap.reports import reports

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.entrypoints.report_calls import make_report

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Make the PDF that is named."""
    return make_report(event, context, reports=reports(), logger=logger)
