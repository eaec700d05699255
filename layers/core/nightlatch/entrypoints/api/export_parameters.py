"""The parameters of an export."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from nightlatch.domain.export import ExportFormat

Format = Annotated[ExportFormat, Query(description="How the entries are written.")]
IncludeFilters = Annotated[
    bool, Query(description="Whether the filters are applied; else everything of the time is exported.")
]
