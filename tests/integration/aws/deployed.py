"""Nightlatch as it is deployed, in one process: the real functions over AWS as moto plays it, a target in memory."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from mypy_boto3_dynamodb import DynamoDBClient

from nightlatch import bootstrap
from nightlatch.adapters.dynamodb.records import StateRecord
from nightlatch.bootstrap import asking, aws, known, provisioning, state, targets
from nightlatch.bootstrap import clock as real_clock
from nightlatch.bootstrap.ledger import ledger
from nightlatch.domain.access_flow import FlowRegister
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.change import Change
from nightlatch.domain.connector import Entitlement
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.identity import Principal
from nightlatch.domain.ledger import Head, LedgerEntry, first_break
from nightlatch.entrypoints.api.openapi import load_function
from nightlatch.entrypoints.wakes import WakeFailedError
from tests.builders import (
    API,
    MAYA,
    NOA,
    SPARE_ROLES,
    FakeClock,
    KilledError,
    OneConnector,
    a_flow,
    a_resource,
    an_integration,
)
from tests.fakes.connector import FakeConnector, FakeSharedConnector
from tests.functions.client import ROOT, Answer, Context, an_api_event, claims_of
from tests.integration.aws.outbound import Outbound
from tests.integration.aws.tables import make_anew, table_definition

MINUTE = timedelta(minutes=1)
FUNCTIONS = (
    "access_requests",
    "approvals",
    "access_flows",
    "integrations",
    "provisioning",
    "expiry",
    "ledger",
    "sign_ins",
    "anomaly_detection",
    "destinations",
    "webhook_delivery",
)
TABLES = {"state": table_definition("StateTable"), "ledger": table_definition("LedgerTable")}
ROLES = ("role1", "role3", *SPARE_ROLES)
ITEM = {"resource_type": "database", "resource": "orders", "permission": "role1"}
ASK = {
    "integration": "orders-db",
    "items": [ITEM],
    "justification": "a customer cannot pay",
    "duration": "PT1H",
}


@dataclass(frozen=True)
class FunctionContext(Context):
    """What Lambda tells a function of itself, which has all its time left."""

    def get_remaining_time_in_millis(self) -> int:
        """Tell how long it may still run."""
        return 60_000


@dataclass
class HandedOn:
    """The integrations that a sweep called another invocation for."""

    integrations: list[str] = field(default_factory=list)

    def work_off(self, integration_id: str) -> None:
        """Remember one."""
        self.integrations.append(integration_id)


@dataclass
class Deployed:
    """One integration, `orders-db`, with one database and one flow that needs one approval."""

    dynamodb: DynamoDBClient
    functions: Mapping[str, ModuleType]
    clock: FakeClock
    target: OneConnector
    handed_on: "HandedOn"
    outbound: Outbound = field(default_factory=Outbound)
    unasked: Iterator[str] = field(default_factory=lambda: iter(()))

    @property
    def connector(self) -> FakeConnector:
        """The target as it is now."""
        target: FakeConnector = self.target.connector
        return target

    def share(self, *, before: Iterable[str] = ()) -> FakeSharedConnector:
        """Let the target be one where people have accounts of their own, and Maya some roles before anything."""
        held = {(MAYA.id, shared(role)) for role in before}
        self.target.connector = shared_target = FakeSharedConnector(roles=ROLES, before=held)
        return shared_target

    def reset(self) -> None:
        """Begin anew, with empty tables and the time of the beginning."""
        self.unasked = iter(["role1", *SPARE_ROLES])
        self.outbound.clear()
        self.target.connector = FakeConnector(roles=ROLES)
        self.clock.at(FakeClock().now)
        make_anew(self.dynamodb, TABLES)
        flow = Change(a_flow(), (), (an_integration(), FlowRegister(version=1)))
        state.unit_of_work().commit(flow, origin=API)
        asking.asking.cache_clear()
        known.catalogue().replace_resources("orders-db", [a_resource("orders", *ROLES)])
        self.outbound.clear()

    # What people do

    def call(self, function: str, method: str, path: str, body: object, *, by: Principal, **headers: str) -> Answer:
        """Call a route of a function as somebody."""
        event = an_api_event(method, path, claims=claims_of(by), body=body, headers=headers)
        module = self.functions[function]
        with in_its_own_process(module.api):
            answer = module.handler(event, FunctionContext())
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def submit(self, *permissions: str, by: Principal = MAYA, key: str = "") -> Answer:
        """Ask for roles on orders, or for role3."""
        body = {**ASK, "items": [{**ITEM, "permission": permission} for permission in permissions or ("role3",)]}
        return self.call("access_requests", "POST", "/v1/requests", body, by=by, **_headers(key))

    def command(self, request_id: str, verb: str, *, by: Principal, key: str = "", **body: Any) -> Answer:
        """Carry out a command on a request."""
        function = "approvals" if verb in {"approve", "reject"} else "access_requests"
        return self.call(function, "POST", f"/v1/requests/{request_id}/{verb}", body, by=by, **_headers(key))

    def submitted(self, *permissions: str) -> str:
        """Ask (for role1, and then each time for another, when none is named), and return the request's id."""
        return str(self.submit(*(permissions or [next(self.unasked)])).json["id"])

    def approved(self, *permissions: str) -> str:
        """Ask, let an approver say yes, and return the request's id."""
        request_id = self.submitted(*permissions)
        assert self.command(request_id, "approve", by=NOA).status == 200
        return request_id

    def granted(self, *permissions: str) -> str:
        """Ask, approve and provision."""
        request_id = self.approved(*permissions)
        self.ring(request_id)
        return request_id

    # What Lambda does

    def invoke(self, function: str, event: Mapping[str, Any]) -> None:
        """Call a function that no person calls; its errors come through."""
        self.functions[function].handler(event, FunctionContext())

    def ring(self, request_id: str) -> None:
        """Ring provisioning for a request."""
        image = {"id": {"S": request_id}, "integration_id": {"S": "orders-db"}}
        with surviving():
            self.invoke("provisioning", {"Records": [{"eventName": "MODIFY", "dynamodb": {"NewImage": image}}]})

    def wake(self, request_id: str) -> None:
        """Let a request's timer go off."""
        with surviving():
            self.invoke("expiry", {"request_id": request_id})

    def sweep(self, *, minutes: int = 1) -> None:
        """Let the sweep of requests run every minute, for so long, and then that of events."""
        for _ in range(minutes):
            with surviving():
                self.invoke("expiry", {"sweep": True})
            while self.handed_on.integrations:
                with surviving():
                    self.invoke("expiry", {"integration": self.handed_on.integrations.pop()})
            self.clock.advance(MINUTE)
        with surviving():
            self.invoke("ledger", {"sweep": True})

    # What is then so

    def request(self, request_id: str) -> AccessRequest:
        """Read a request."""
        return state.requests().request(request_id)

    def trail(self) -> list[LedgerEntry]:
        """Read the ledger, and see that it is contiguous and chained, and that nothing waits."""
        kept = ledger().kept()
        head, entries = kept.head, list(kept.entries(1, kept.head.seq))
        assert [entry.seq for entry in entries] == list(range(1, head.seq + 1))
        assert first_break(entries, after=Head()) is None
        assert not list(StateRecord.query("OUTBOX#0", consistent_read=True))
        return entries

    def told(self, request_id: str) -> list[str]:
        """List the names of a request's events."""
        return [entry.event_type for entry in self.trail() if entry.request_id == request_id]


def shared(role: str) -> Entitlement:
    """Say how a role is known to a target that shares."""
    return Entitlement(resource_type="database", resource_id="orders", permission=role)


def _headers(key: str) -> dict[str, str]:
    return {"idempotency-key": key} if key else {}


@contextmanager
def in_its_own_process(api: APIGatewayHttpResolver) -> Iterator[None]:
    """Let a call in the midst of another one leave what is the other's alone: here they share one resolver's state."""
    context, event = api.context.copy(), vars(BaseRouter).get("current_event")
    api.context.clear()
    try:
        yield
    finally:
        api.context.update(context)
        if event:
            BaseRouter.current_event = event


@contextmanager
def surviving() -> Iterator[None]:
    """Let a function die or fail as a function may: Lambda goes on."""
    with suppress(KilledError, WakeFailedError, StoreUnavailableError):
        yield


@contextmanager
def deployed(dynamodb: DynamoDBClient, environment: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Wire the real functions to moto and to a target in memory."""
    clock, handed_on = FakeClock(), HandedOn()
    target = OneConnector(FakeConnector(roles=ROLES))
    for name, value in _variables().items():
        environment.setenv(f"NIGHTLATCH_{name}", value)
    environment.setattr(real_clock, "now", clock)
    environment.setattr(targets, "connectors", lambda: target)
    environment.setattr(provisioning, "fan_out", lambda: handed_on)
    _forget_wiring()
    try:
        outbound = Outbound()
        outbound.watch(aws.session().get_component("event_emitter"))
        aws.bind_tables()
        functions = {name: load_function(name, ROOT / "functions") for name in FUNCTIONS}
        yield Deployed(dynamodb, functions, clock, target, handed_on, outbound)
    finally:
        _forget_wiring()


def _variables() -> dict[str, str]:
    boto3.client("scheduler").create_schedule_group(Name="nightlatch")
    return {
        "STATE_TABLE": "state",
        "LEDGER_TABLE": "ledger",
        "RETENTION_DAYS": "90",
        "TIME_ZONE": "UTC",
        "GROUPS_CLAIM": "cognito:groups",
        "ADMIN_GROUPS": "admins",
        "AUDITOR_GROUPS": "auditors",
        "CURSOR_SECRET": boto3.client("secretsmanager").create_secret(Name="cursors", SecretString="a key")["ARN"],
        "CREDENTIALS_KEY": boto3.client("kms").create_key()["KeyMetadata"]["KeyId"],
        "SECRET_PREFIX": "nightlatch/integrations/",
        "SCHEDULE_GROUP": "nightlatch",
        "SCHEDULE_ROLE": "arn:aws:iam::123456789012:role/scheduler",
        "OPEN_REQUESTS": "25",
        "EGRESS_EXCEPTIONS": "",
        "API_URL": "https://api1.execute-api.eu-west-1.amazonaws.com",
        "CODE": "arn:aws:lambda:eu-central-1:123456789012:layer:nightlatch-core:1",
        "EVIDENCE_BUCKET": "evidence",
        "SEAL_KEY": "seals",
        "EXPORTS_BUCKET": "exports",
        "EXPORT_JOBS_FUNCTION": "export-jobs",
        "ANOMALY_DETECTION_FUNCTION": "anomaly-detection",
        "REPORTS_FUNCTION": "reports",
        "DELIVERY_QUEUE": boto3.client("sqs").create_queue(QueueName="deliveries")["QueueUrl"],
        "DESTINATION_SECRET_PREFIX": "nightlatch/destinations/",
        "EXPIRY_FUNCTION": "arn:aws:lambda:eu-central-1:123456789012:function:nightlatch-expiry",
    }


def _forget_wiring() -> None:
    for found in iter_modules(bootstrap.__path__):
        for wired in vars(import_module(f"{bootstrap.__name__}.{found.name}")).values():
            if hasattr(wired, "cache_clear"):
                wired.cache_clear()
