"""A call names a file of records and the PDF that is to be made of it."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from nightlatch.domain.errors import NotPrintableError
from nightlatch.services.reports import Reports


def make_report(
    event: Mapping[str, Any], context: LambdaContext, *, reports: Reports, logger: Logger
) -> dict[str, str]:
    """Make a PDF; answer why none can be made, or nothing."""
    _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
    try:
        reports.make(records=event["records"], target=event["target"], place=f"{region}, account {account}")
    except NotPrintableError as error:
        logger.warning("report refused", target=event["target"], refusal=str(error))
        return {"refusal": str(error)}
    logger.info("report made", target=event["target"])
    return {"refusal": ""}
