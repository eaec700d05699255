"""Exports: those who ask for them, and the workers who write what is large."""

import os
from functools import cache

from botocore.config import Config

from nightlatch.adapters.dynamodb.exports import DynamoExports
from nightlatch.adapters.dynamodb.transaction import OF_A_WORKER
from nightlatch.adapters.exports.registry import WRITERS
from nightlatch.adapters.lambda_export_workers import LambdaExportWorkers
from nightlatch.adapters.lambda_report_printer import LambdaReportPrinter
from nightlatch.bootstrap import aws, clock, state
from nightlatch.bootstrap.files import files
from nightlatch.bootstrap.ledger import ledger
from nightlatch.bootstrap.settings import settings
from nightlatch.services.export_jobs import ExportJobs
from nightlatch.services.exports import Exports

PRINTING = Config(read_timeout=170, retries={"total_max_attempts": 1})
"""A little longer than the function may take, and never twice at the same time."""


@cache
def exports() -> Exports:
    """Wire the use cases of those who take the trail with them."""
    return Exports(
        unit_of_work=state.unit_of_work(),
        ledger=ledger(),
        exports=_stored(),
        writers=WRITERS,
        files=files(),
        workers=_workers(),
        clock=clock.now,
        randomness=os.urandom,
        zone=settings().time_zone,
    )


@cache
def export_jobs() -> ExportJobs:
    """Wire the writing of large exports."""
    return ExportJobs(
        unit_of_work=state.unit_of_work(OF_A_WORKER),
        ledger=ledger(),
        exports=_stored(),
        writers=WRITERS,
        files=files(),
        workers=_workers(),
        printer=LambdaReportPrinter(lambda: aws.client("lambda", PRINTING), function=settings().reports_function),
        clock=clock.now,
    )


@cache
def _stored() -> DynamoExports:
    aws.bind_tables()
    return DynamoExports(clock=clock.now)


@cache
def _workers() -> LambdaExportWorkers:
    return LambdaExportWorkers(lambda: aws.client("lambda"), function=settings().export_jobs_function)
