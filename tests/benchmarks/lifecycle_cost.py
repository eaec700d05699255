"""What one request costs in DynamoDB from asking to the end: calls and capacity, step by step.

Somebody asks for two roles, two people approve one each, access is granted and ends, and every event is sequenced and
indexed. Names are as long as those of the demo.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

from nightlatch.adapters.dynamodb.audit_settings import DynamoAuditSettings
from nightlatch.adapters.dynamodb.catalogue import DynamoCatalogue
from nightlatch.adapters.dynamodb.facts import DynamoFacts
from nightlatch.adapters.dynamodb.flows import DynamoFlows
from nightlatch.adapters.dynamodb.outbox import DynamoOutbox
from nightlatch.adapters.dynamodb.people import DynamoPeople
from nightlatch.adapters.dynamodb.requests import DynamoRequests
from nightlatch.adapters.dynamodb.unit_of_work import DynamoUnitOfWork
from nightlatch.domain.access_flow import FlowRegister
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking, Submission, WantedItem
from nightlatch.services.call import Call
from nightlatch.services.provisioning import Provisioning
from nightlatch.services.sequencer import Sequencer
from tests.benchmarks._metered_tables import Meter, metered
from tests.benchmarks.row import Row
from tests.builders import (
    API,
    MAYA,
    NOA,
    OMAR,
    OneConnector,
    World,
    a_call,
    a_definition,
    a_flow,
    a_resource,
    an_integration,
)

AIM = 100
RETENTION = timedelta(days=90)
BROWSER = Origin(
    source=Source.WEB,
    ip_address="192.0.2.50",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    call={"method": "POST", "path": "/v1/requests", "referer": "https://nightlatch.example.com/requests"},
)


class Bench:
    """Nightlatch over metered tables, with a target in memory."""

    def __init__(self) -> None:
        self.world = World()
        clock = self.world.clock
        settings = DynamoAuditSettings(retention=RETENTION)
        self.work = DynamoUnitOfWork(clock=clock, random=os.urandom, settings=settings, open_requests=25)
        self.requests, self.flows, self.people = DynamoRequests(clock=clock), DynamoFlows(), DynamoPeople()
        self.catalogue, self.facts = DynamoCatalogue(), DynamoFacts(clock=clock)
        self.outbox = DynamoOutbox(random=os.urandom, retention=RETENTION)
        self.asking = Asking(
            unit_of_work=self.work,
            requests=self.requests,
            flows=self.flows,
            catalogue=self.catalogue,
            facts=self.facts,
            clock=clock,
            randomness=os.urandom,
        )

    def prepare(self) -> None:
        """Write what is there before anybody asks, and ask once, so that the function is warm."""
        flow = a_flow(definition=a_definition())
        self.work.commit(Change(an_integration(), (), (flow, FlowRegister(version=1))), origin=API)
        self.catalogue.replace_resources("orders-db", [a_resource("orders", "role1", "role3")])
        self.asking.submit(self.submission("role3"), a_call(MAYA))
        self.sequence()

    def submission(self, *permissions: str) -> Submission:
        """Ask for roles on orders."""
        items = [WantedItem("database", "orders", permission) for permission in permissions]
        return Submission("orders-db", items, justification="INC-2291 duplicate charges", ticket="INC-2291")

    def approve(self, request_id: str, item: str, approver: Call) -> None:
        """Say yes to one item."""
        approvals = Approvals(unit_of_work=self.work, requests=self.requests, clock=self.world.clock)
        approvals.approve(request_id, approver, items=[item])

    def advance(self, request_id: str) -> None:
        """Do what is due."""
        self.provisioning.advance(request_id)

    def sequence(self) -> None:
        """Let the sequencer run, as each doorbell makes it."""
        Sequencer(outbox=self.outbox, clock=self.world.clock, random=os.urandom).drain(batches=9)

    @property
    def provisioning(self) -> Provisioning:
        """Build a worker."""
        return Provisioning(
            unit_of_work=self.work,
            requests=self.requests,
            flows=self.flows,
            people=self.people,
            catalogue=self.catalogue,
            connectors=OneConnector(self.world.connector),
            timer=self.world.timer,
            vault=self.world.vault,
            clock=self.world.clock,
            randomness=os.urandom,
            origin=Origin(source=Source.SYSTEM),
        )


def rows(*, rounds: int) -> Iterator[Row]:
    """Measure one lifecycle; it costs the same each time."""
    del rounds
    with metered() as meter:
        bench = Bench()
        bench.prepare()
        meter.take()
        total = Meter()
        for name, step in _steps(bench):
            step()
            taken = meter.take()
            yield from _told(name, taken)
            total = _together(total, taken)
        yield from _told("whole lifecycle", total)
        yield from (Row(f"  of that, {what}", units, "WU") for what, units in sorted(total.written.items()))


def _steps(bench: Bench) -> Iterator[tuple[str, Callable[[], None]]]:
    made: list[str] = []
    submission, call = bench.submission("role1", "role3"), a_call(MAYA)

    def submit() -> None:
        made.append(bench.asking.submit(submission, replace(call, origin=BROWSER)).id)

    def end() -> None:
        bench.world.clock.advance(timedelta(hours=2))
        bench.advance(made[0])

    yield "submit", submit
    yield "  its events sequenced", bench.sequence
    for item, approver in (("item-2", NOA), ("item-1", OMAR)):
        yield f"approve {item}", partial(_approve, bench, made, item, a_call(approver))
        yield "  its events sequenced", bench.sequence
    yield "grant", lambda: bench.advance(made[0])
    yield "  its events sequenced", bench.sequence
    yield "end", end
    yield "  its events sequenced", bench.sequence


def _approve(bench: Bench, made: list[str], item: str, approver: Call) -> None:
    bench.approve(made[0], item, approver)


def _told(name: str, taken: Meter) -> Iterator[Row]:
    ratios = {f"the aim of {AIM}": taken.write_units / AIM} if name == "whole lifecycle" else {}
    yield Row(f"{name}: writes", taken.write_units, "WU", ratios)
    yield Row(f"{name}: reads", taken.read_units, "RU")
    yield Row(f"{name}: calls", taken.calls, "calls")


def _together(one: Meter, other: Meter) -> Meter:
    written = {name: one.written.get(name, 0) + other.written.get(name, 0) for name in {**one.written, **other.written}}
    return Meter(
        one.calls + other.calls, one.write_units + other.write_units, one.read_units + other.read_units, written
    )
