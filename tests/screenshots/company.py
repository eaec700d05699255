"""A company of eleven people and a fortnight of what they asked for: always the same one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from nightlatch.domain.access_flow import ExtensionRule, Requirements
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.anomaly import Anomaly, AnomalyState
from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.change import Change
from nightlatch.domain.destination import DestinationKind, Selection
from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.domain.errors import DuplicateRequestError
from nightlatch.domain.identity import Principal, Role
from nightlatch.domain.integration import Integration, IntegrationStatus, Permission, Resource
from nightlatch.domain.selectors import TargetSelector
from nightlatch.services.asking import Submission, WantedItem
from nightlatch.services.call import Call
from nightlatch.services.destinations import Start, Wanted
from nightlatch.services.ports.requests import RequestFilter
from tests.builders import API, HOUR, ISSUER, NOON, World, a_definition, groups_are

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FORTNIGHT = 14


def _person(name: str, *groups: str, roles: Sequence[Role] = ()) -> Principal:
    subject = name.lower().replace(" ", ".")
    return Principal(
        issuer=ISSUER,
        subject=subject,
        name=name,
        email=f"{subject}@acme.example",
        groups=frozenset(groups),
        roles=frozenset({Role.REQUESTER, *roles}),
    )


NOA = _person("Noa Levi", "admins", "auditors", "approvers", roles=(Role.ADMIN, Role.AUDITOR))
OMAR = _person("Omar Haddad", "approvers")
MAYA = _person("Maya Cohen", "developers")
DEVELOPERS = (
    MAYA,
    _person("Priya Raman", "developers"),
    _person("Tom Becker", "developers"),
    _person("Daniel Okafor", "developers"),
    _person("Sofia Alvarez", "developers"),
    _person("Lukas Weber", "developers"),
    _person("Aiko Tanaka", "developers"),
    _person("Grace Mensah", "developers"),
)
EVERYBODY = (NOA, OMAR, *DEVELOPERS)

SYSTEMS = {
    "orders-db": ("Orders, production", "orders-primary", ("prod",), ("orders_read", "orders_write", "orders_admin")),
    "billing-db": ("Billing, production", "payments", ("prod", "pii"), ("billing_read", "billing_write")),
    "customer-db": ("Customer data", "customer-exports", ("prod", "customer"), ("export_read", "export_admin")),
    "staging-db": ("Staging", "staging", (), ("staging_read", "staging_write")),
}
"""Each integration's name, its database, that one's tags and its permissions."""

DESTINATIONS: dict[str, tuple[str, DestinationKind, str, tuple[str, ...]]] = {
    "siem": ("Splunk, security", DestinationKind.SPLUNK_HEC, "https://hec.acme.example/services/collector", ()),
    "audit-channel": ("Slack #access-audit", DestinationKind.SLACK, "https://hooks.slack.example/T0", ("access.*",)),
    "pager": (
        "On-call pager",
        DestinationKind.WEBHOOK,
        "https://pager.acme.example/in",
        ("anomaly.*", "access.quarantined"),
    ),
}

WHY = (
    "INC-2291: duplicate charges, need to inspect the ledger rows",
    "Quarterly export for finance, ticket FIN-118",
    "A customer cannot pay, order 48813",
    "Verify last night's migration",
    "INC-2304: orders stuck in `packing`",
    "Support case 7712, wrong address on an invoice",
    "Backfill after the queue was drained",
)
ADDRESSES = ("203.0.113.24", "203.0.113.9", "198.51.100.7", "203.0.113.31")


@dataclass
class Company:
    """A World with people, systems, flows, and what was asked for until now."""

    world: World = field(default_factory=World)
    chance: Random = field(default_factory=lambda: Random(20261122))

    def __post_init__(self) -> None:
        self.now = NOON + timedelta(hours=2, minutes=32)
        self.world.clock.at(self.now - FORTNIGHT * DAY)
        self._connect()
        self._write_flows()
        self._send_on()
        for person in EVERYBODY:
            self.world.acquaintances.note(self.call(person))
        self._live()
        self._today()

    @property
    def held(self) -> AccessRequest:
        """Something with several resources that somebody holds now."""
        found = self.world.requests.find(RequestFilter(statuses=frozenset({Status.GRANTED})), self.call(NOA), limit=20)
        return max(found.requests, key=lambda request: len(request.items))

    @property
    def anomaly(self) -> Anomaly:
        """The anomaly that was found last."""
        return self.world.detected()[-1]

    def call(self, person: Principal, source: Source = Source.WEB) -> Call:
        """Let somebody call from somewhere."""
        address = self.chance.choice(ADDRESSES)
        return Call(person, Origin(source=source, ip_address=address, user_agent="Firefox/145.0"))

    def ask(
        self, person: Principal, system: str, *permissions: str, hours: int = 1, source: Source = Source.WEB
    ) -> AccessRequest:
        """Ask for permissions of one system."""
        database = SYSTEMS[system][1]
        items = [WantedItem("database", database, permission) for permission in permissions]
        submission = Submission(system, items, justification=self.chance.choice(WHY), duration=hours * HOUR)
        return self.world.asking.submit(submission, self.call(person, source))

    def approve(self, request: AccessRequest, *approvers: Principal) -> None:
        """Let approvers say yes, each after a while, and grant it."""
        for approver in approvers:
            self._wait(timedelta(seconds=self.chance.randint(20, 240)))
            self.world.approvals.approve(request.id, self.call(approver), reason="fine, see the incident")
        self.world.provisioning.advance(request.id)

    def _connect(self) -> None:
        self.world.connector.roles = tuple(name for *_, names in SYSTEMS.values() for name in names)
        self.world.connector.databases = tuple(database for _, database, *_ in SYSTEMS.values())
        for integration_id, (name, database, tags, permissions) in SYSTEMS.items():
            integration = Integration(
                id=integration_id,
                name=name,
                kind="postgresql",
                settings={"host": f"{integration_id}.internal", "database": database},
                secret_reference=f"integrations/{integration_id}",
                status=IntegrationStatus.READY,
                resource_count=1,
                scanned_at=self.now - timedelta(hours=3, minutes=20),
                created_at=self.world.clock.now,
                updated_at=self.world.clock.now,
                version=2 if integration_id == "orders-db" else 1,
            )
            self.world.store.commit(Change(integration), origin=API)
            resource = Resource(
                type="database",
                id=database,
                name=database,
                tags=tags,
                permissions=tuple(Permission(name=one) for one in permissions),
            )
            self.world.store.replace_resources(integration_id, [resource])

    def _write_flows(self) -> None:
        flows = {
            "orders": ("Orders on call", "orders-db", 1, 8, ExtensionRule(count=2, longest=HOUR)),
            "billing": ("Billing, with a ticket", "billing-db", 1, 4, None),
            "customer-data": ("Customer data, two approvers", "customer-db", 2, 4, None),
            "staging": ("Staging, at once", "staging-db", 0, 24, None),
        }
        for flow_id, (name, system, needed, hours, extensions) in flows.items():
            definition = a_definition(
                name=name,
                who=groups_are("developers"),
                what=TargetSelector(integration=system, names=("*",), permissions=("*",)),
                needed=needed,
                approvers=("approvers",),
                maximum=hours * HOUR,
                extensions=extensions,
                require=Requirements(minimum_length=10) if needed == 2 else None,
            )
            self.world.flows.put(flow_id, definition, self.call(NOA), if_match=None)
        self.world.flows.delete("orders-roles", self.call(NOA), if_match=1)

    def _send_on(self) -> None:
        """Send what happens to a SIEM, to Slack and to a program of the company's own."""
        for destination_id, (name, kind, url, names) in DESTINATIONS.items():
            selection = Selection(event_types=names)
            choices = DestinationChoices(name=name, settings={"url": url}, selection=selection)
            wanted = Wanted(destination_id, DestinationKind.WEBHOOK, choices, "", Start())
            made = self.world.destinations.create(wanted, self.call(NOA)).shown.standing.destination
            self.world.store.commit(Change(made.changed(kind=kind)), origin=API)

    def _deliver(self) -> None:
        for destination_id in DESTINATIONS:
            self.world.delivering.work_off(destination_id, has_time=lambda: True)

    def _live(self) -> None:
        """Let people work, mostly by day, until this morning."""
        while self.world.clock.now < self.now - timedelta(hours=6):
            hour = self.world.clock.now.hour
            is_quiet = hour < 7 or hour > 18 or self.world.clock.now.weekday() > 4
            self._wait(MINUTE * self.chance.randint(*((120, 420) if is_quiet else (8, 75))))
            with suppress(DuplicateRequestError):  # they have it already
                self._one_more()
            self._look_into_what_was_found()

    def _wait(self, span: timedelta) -> None:
        self._wait_until(self.world.clock.now + span)

    def _wait_until(self, until: datetime) -> None:
        """Let time pass, and everything end when it should."""
        granted = self.world.store.find(RequestFilter(statuses=frozenset({Status.GRANTED})))
        ends = [request.ends_at for request in granted if request.ends_at and request.ends_at <= until]
        for moment in (*sorted(ends), until):
            self.world.clock.at(max(moment, self.world.clock.now))
            for request_id in self.world.provisioning.due():
                self.world.provisioning.advance(request_id)

    def _look_into_what_was_found(self) -> None:
        for anomaly in self.world.detected():
            if anomaly.state is AnomalyState.OPEN:
                self.world.anomaly_desk.resolve(anomaly.id, self.call(NOA), note="part of the incident")

    def _one_more(self) -> None:
        person, system = self.chance.choice(DEVELOPERS), self.chance.choice(list(SYSTEMS))
        permission = self.chance.choice(SYSTEMS[system][3])
        source = self.chance.choice((Source.WEB, Source.WEB, Source.CLI, Source.SLACK))
        request = self.ask(person, system, permission, hours=self.chance.choice((1, 2, 4)), source=source)
        if request.status is not Status.PENDING:
            self.world.provisioning.advance(request.id)
            return
        fate = self.chance.random()
        if fate < 0.08:
            self.world.approvals.reject(request.id, self.call(NOA), reason="use the masked copy")
        elif fate < 0.12:
            self.world.requests.cancel(request.id, self.call(person))
        else:
            self.approve(request, *((NOA, OMAR) if system == "customer-db" else (OMAR,)))
            if self.chance.random() < 0.3:
                self._wait(MINUTE * 20)
                self.world.requests.give_back(request.id, self.call(person))
                self.world.provisioning.advance(request.id)

    def _today(self) -> None:
        """Let happen what is going on at the moment."""
        for person, system, permissions, hours in (
            (DEVELOPERS[3], "orders-db", ("orders_read",), 8),
            (DEVELOPERS[1], "customer-db", ("export_read", "export_admin"), 4),
            (MAYA, "orders-db", ("orders_read", "orders_write"), 2),
            (DEVELOPERS[6], "staging-db", ("staging_write",), 24),
        ):
            self._wait_until(self.now - timedelta(minutes=self.chance.randint(50, 110)))
            request = self.ask(person, system, *permissions, hours=hours)
            if request.status is Status.PENDING:
                self.approve(request, *((NOA, OMAR) if system == "customer-db" else (NOA,)))
            else:
                self.world.provisioning.advance(request.id)
        self._close()
        self._wait_until(self.now - MINUTE * 21)
        self.ask(DEVELOPERS[4], "billing-db", "billing_read", hours=2, source=Source.SLACK)
        self._wait_until(self.now - MINUTE * 11)
        self.ask(DEVELOPERS[2], "orders-db", "orders_admin", hours=4, source=Source.CLI)
        self._wait_until(self.now - MINUTE * 4)
        self.ask(DEVELOPERS[7], "customer-db", "export_read", hours=1)
        self.world.detected()
        self.world.events()
        self._deliver()
        self.world.clock.at(self.now)

    def _close(self) -> None:
        """Seal everything but the last steps."""
        self._wait_until(self.now - MINUTE * 30)
        self.world.detected()
        while self.world.sealing.seal_next():
            pass
        self.world.self_check.run(has_time=lambda: True)
        self.world.events()
