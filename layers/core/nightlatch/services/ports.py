"""What the services need from the world. Each port has one contract suite that its adapter and its fake both pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from nightlatch.domain.access_flow import AccessFlow, FlowsInForce
from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.audit_event import AuditEvent, ForeignEvent, Origin, Source
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.change import Change
from nightlatch.domain.connector import (
    Capabilities,
    CheckResult,
    DiscoveryPage,
    GrantIntent,
    Handle,
    Presence,
)
from nightlatch.domain.deployment import Deployment
from nightlatch.domain.export import Export, ExportFormat, Manifest
from nightlatch.domain.grant import Grant
from nightlatch.domain.integration import Integration, Resource
from nightlatch.domain.lease import Lease
from nightlatch.domain.ledger import ForeignId, Head, LedgerEntry, OutboxRow
from nightlatch.domain.local_time import LocalTime
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.retention_walk import RetentionWalk
from nightlatch.domain.seal import SealState
from nightlatch.domain.tally import Tally
from nightlatch.domain.value import Entity, Value

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""

Randomness = Callable[[int], bytes]
"""Gives so many unpredictable bytes."""


class Receipt(Value):
    """The proof that a command was carried out: kept in the same transaction, so that it cannot happen twice.

    `fingerprint` is a hash of what was sent, `result` the id of what came of it.
    """

    principal_id: str
    key: str
    fingerprint: str
    result: str


class UnitOfWork(Protocol):
    """The only way to write."""

    def commit(self, change: Change[Any], *, origin: Origin, receipt: Receipt | None = None) -> None:
        """Write the change's entities and events in one transaction, or nothing at all.

        Each entity must follow the stored version by exactly one (version 1: must not exist yet), and each that the
        change takes as given must still be stored at its version (version 0: must not exist). Raises RivalChangeError
        when either is not so, or when a receipt of the same key exists already.

        An open request has a place among those of its requester, and gives it up when it closes. Raises
        DuplicateRequestError when another has the same place, LimitReachedError when there are too many.
        """
        ...

    def record(self, *events: AuditEvent | ForeignEvent, origin: Origin, ending: Sequence[Entity] = ()) -> None:
        """Write events that go with no change of state (a refusal, a look at credentials).

        What they put an end to is removed in the same transaction; raises RivalChangeError when any of `ending` is no
        longer stored at its version.
        """
        ...

    def receipt(self, principal_id: str, key: str) -> Receipt | None:
        """Find the receipt of an earlier command."""
        ...


@dataclass(frozen=True)
class RequestFilter:
    """Which requests are wanted. None means any; of several values one is enough; all that is not None must be so.

    One item must be of a wanted resource type, resource (id or name) and permission all at once. `text` is found
    anywhere, in any case. `since` is inclusive, `until` exclusive, both by creation and in whole milliseconds.
    `before_id` goes on below a request that was listed last.
    """

    requesters: frozenset[str] | None = None
    statuses: frozenset[Status] | None = None
    integrations: frozenset[str] | None = None
    flows: frozenset[str] | None = None
    sources: frozenset[Source] | None = None
    resource_types: frozenset[str] | None = None
    resources: frozenset[str] | None = None
    permissions: frozenset[str] | None = None
    text: str | None = None
    quarantined: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: str | None = None

    def admits(self, request: AccessRequest) -> bool:
        """Whether a request is wanted."""
        return (
            _is_one_of(self.requesters, request.requester.id)
            and _is_one_of(self.statuses, request.status)
            and _is_one_of(self.integrations, request.integration.id)
            and _is_one_of(self.flows, request.flow.id)
            and _is_one_of(self.sources, request.source)
            and self.quarantined in {None, request.quarantined}
            and (self.since is None or request.created_at >= self.since)
            and (self.until is None or request.created_at < self.until)
            and (self.before_id is None or request.id < self.before_id)
            and self._admits_an_item_of(request)
            and (self.text is None or any(self.text.casefold() in text.casefold() for text in _texts_of(request)))
        )

    def _admits_an_item_of(self, request: AccessRequest) -> bool:
        if (self.resource_types, self.resources, self.permissions) == (None, None, None):
            return True
        return any(
            _is_one_of(self.resource_types, item.resource_type)
            and _is_one_of(self.resources, item.resource_id, item.resource_name)
            and _is_one_of(self.permissions, item.permission)
            for item in request.items
        )


def _is_one_of(wanted: frozenset[str] | None, *values: str) -> bool:
    return wanted is None or not wanted.isdisjoint(values)


def _texts_of(request: AccessRequest) -> Iterator[str]:
    yield from (request.id, request.requester.name, request.requester.email, request.integration.name)
    yield from (request.flow.name, request.justification, request.ticket)
    for item in request.items:
        yield from (item.resource_name, item.permission)


@dataclass(frozen=True)
class DueRequest:
    """A request that somebody must look at, and at which target the work will be. `due_at` is its `listed_at`."""

    request_id: str
    integration_id: str
    due_at: datetime


class Requests(Protocol):
    """Reading requests and grants. Every read of one thing is consistent."""

    def request(self, request_id: str) -> AccessRequest:
        """Read one request; raise RequestNotFoundError when there is none."""
        ...

    def grant(self, request_id: str) -> Grant:
        """Read the grant of a request; raise NotFoundError when there is none."""
        ...

    def open_of(self, person_id: str) -> Mapping[str, str]:
        """Read, consistently, the ids of somebody's open requests, by `content_key`."""
        ...

    def find(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Find requests, newest first, reading no further than is consumed (a page of 100 at a time)."""
        ...

    def candidates(self, wanted: RequestFilter) -> Iterator[AccessRequest]:
        """Read what `find` chooses from, in the same order: more than is wanted where no index serves the filter."""
        ...

    def due(self, at: datetime) -> Iterator[DueRequest]:
        """List the requests whose `listed_at` has come, longest overdue first, reading no further than consumed."""
        ...

    def quarantined(self) -> int:
        """Count the requests whose access resists its end, from an index that lags behind a little."""
        ...

    def leases(self, grant: Grant) -> tuple[Lease, ...]:
        """Read, consistently, the lease of each entitlement of a grant; of what was never held, version 0."""
        ...


class Flows(Protocol):
    """Reading access flows."""

    def in_force(self) -> FlowsInForce:
        """Read every flow in force."""
        ...

    def one(self, flow_id: str) -> AccessFlow | None:
        """Read the flow in force."""
        ...

    def versions(self, flow_id: str) -> list[AccessFlow]:
        """Read every version there was, newest first."""
        ...


class Catalogue(Protocol):
    """Integrations and what was found in them. Resources are observations: a scan replaces them as a whole."""

    def integrations(self) -> list[Integration]:
        """Read every integration, by id."""
        ...

    def integration(self, integration_id: str) -> Integration | None:
        """Read one integration."""
        ...

    def resources(self, integration_id: str) -> list[Resource]:
        """Read everything that the last scan found, by type and id."""
        ...

    def replace_resources(self, integration_id: str, resources: Iterable[Resource]) -> None:
        """Make `resources` everything there is; what is gone is removed last."""
        ...


class People(Protocol):
    """Reading the people whom Nightlatch has met."""

    def person(self, person_id: str) -> KnownPerson | None:
        """Read what is known of one."""
        ...

    def people(self) -> list[KnownPerson]:
        """Read everybody, by id."""
        ...


ResourceKey = tuple[str, str, str]
"""An integration's id, a resource's type and its id."""


@dataclass(frozen=True)
class Wanted:
    """What must be known before an answer can be given to somebody who asks."""

    integrations: frozenset[str]
    resources: frozenset[ResourceKey]
    people: frozenset[str]
    receipt: tuple[str, str] | None = None


@dataclass(frozen=True)
class Known:
    """What is known of what was wanted; what does not exist is left out."""

    integrations: Mapping[str, Integration]
    resources: Mapping[ResourceKey, Resource]
    people: Mapping[str, KnownPerson]
    receipt: Receipt | None


class Facts(Protocol):
    """Reading things of different kinds at once."""

    def known(self, wanted: Wanted) -> Known:
        """Read, consistently and in one call, all that is wanted."""
        ...


class AuditSettingsStore(Protocol):
    """Reading what is decided about the audit trail."""

    def audit_settings(self) -> AuditSettings:
        """Read, consistently, the settings in force; version 0 when nobody has chosen anything."""
        ...


class ForeignIds(Protocol):
    """By what ids other systems know the entries that they wrote, for 30 days at least."""

    def fingerprints(self, ids: Iterable[ForeignId]) -> Mapping[ForeignId, str]:
        """Read, consistently, which of these are in the ledger, each with the SHA-256 of what was sent."""
        ...


@dataclass(frozen=True)
class Standing:
    """Where the chain stands, and how long its entries are to be kept."""

    head: Head
    retention: timedelta


class Outbox(ForeignIds, Protocol):
    """What the sequencer works on: committed events, the head of the chain, and the ledger's end."""

    def standing(self) -> Standing:
        """Read, consistently and in one call, where the chain stands and which retention is in force."""
        ...

    def waiting(self) -> list[OutboxRow]:
        """Read, consistently, the rows that wait, oldest first, as many as can be appended at once."""
        ...

    def append(
        self, entries: Sequence[LedgerEntry], *, clearing: Sequence[str], after: Head, head: Head, retention: timedelta
    ) -> None:
        """Move the head, write the entries, to be kept for `retention`, and clear the rows of these keys at once.

        Entries of other systems are known by their foreign ids from then on.

        Raises RivalChangeError when the chain no longer stands at `after`, when one of the rows is gone, or
        when a foreign id is known already.
        """
        ...


class Tallies(Protocol):
    """What is counted, to be told when its window is over."""

    def count(self, tally: Tally) -> None:
        """Add one time to the tally of the same window, or begin it.

        A reply that is lost may count one time twice; none that was counted is ever lost.
        """
        ...

    def closed(self, at: datetime) -> Iterator[Tally]:
        """Read, consistently, the tallies whose windows are closed, those first that were closed first."""
        ...


class Deployments(Protocol):
    """Reading what was deployed when somebody last looked."""

    def deployment(self) -> Deployment | None:
        """Read it, consistently; None before anybody looked."""
        ...


class LedgerIndex(StrEnum):
    """By what the ledger can be searched without reading all of it.

    A request is found by REQUEST, not by RESOURCE. SEVERITY knows warnings and errors only.
    """

    ACTOR = "actor"
    RESOURCE = "resource"
    REQUEST = "request"
    TYPE_AND_DAY = "type_and_day"
    SEVERITY = "severity"


@dataclass(frozen=True)
class Bearings:
    """Where the walk of retention has come to, by which settings it should go, and where the ledger ends."""

    settings: AuditSettings
    head: Head
    walk: RetentionWalk | None


@dataclass(frozen=True)
class StoredTime:
    """When a stored entry was recorded, and when it expires."""

    seq: int
    recorded_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class StoredTimes:
    """Some stored entries in order, and the number at which the others go on."""

    times: Sequence[StoredTime]
    next: int


class Keeping(Protocol):
    """The times at which stored entries expire."""

    def bearings(self) -> Bearings:
        """Read, consistently and in one call, the settings, the head of the chain and the walk."""
        ...

    def stored(self, first: int) -> StoredTimes:
        """Read the times of some entries from a number on, also of such as are served no longer."""
        ...

    def let_expire(self, seq: int, *, at: datetime) -> None:
        """Move the time of an entry, and nothing else of it; one that is not stored any more stays away."""
        ...


class KeptEntries(Protocol):
    """The ledger at one moment, as long as it is kept by the retention in force then.

    Older entries are not served, even while they are still stored. Those that came later are not known of here.
    """

    @property
    def head(self) -> Head:
        """Say where the chain stood."""
        ...

    @property
    def at(self) -> datetime:
        """Say which moment it was."""
        ...

    @property
    def since(self) -> datetime:
        """Say since when entries are kept: only what was recorded later is served."""
        ...

    def entry(self, seq: int) -> LedgerEntry | None:
        """Read the entry of a number."""
        ...

    def entries(self, first: int, last: int, *, newest_first: bool = False) -> Iterator[LedgerEntry]:
        """Read the stored entries numbered first..last, in order, consistently and no further than consumed."""
        ...

    def by_numbers(self, numbers: Iterable[int]) -> list[LedgerEntry]:
        """Read these entries, in the order given."""
        ...

    def indexed(self, index: LedgerIndex, value: str, first: int, last: int) -> Iterator[int]:
        """List the numbers within first..last that an index holds for `value`, highest first.

        ACTOR holds nothing for `identity.SYSTEM`: what Nightlatch itself did is half of all, and found by reading all.
        The value of TYPE_AND_DAY is `access.granted#2026-11-22` (the UTC day of `recorded_at`).
        """
        ...


class Seals(Protocol):
    """Reading where sealing stands."""

    def seal_state(self) -> SealState:
        """Read, consistently, where sealing stands; version 0 before the first seal."""
        ...


class Evidence(Protocol):
    """Objects that nobody can change or remove until their time is over."""

    def put(self, key: str, content: bytes) -> bool:
        """Keep something under a key, unless there is something already; say whether it was kept.

        Raises StoreUnavailableError when nothing can be said.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """Read what is kept under a key; None when there is nothing."""
        ...

    def keys(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """List so many keys that begin with `prefix` and come after `after`, in order."""
        ...


class Signer(Protocol):
    """A signing key that never leaves its vault (ECDSA over P-256 with SHA-256)."""

    @property
    def key_id(self) -> str:
        """Name the key."""
        ...

    def sign(self, content: bytes) -> str:
        """Sign, and write the signature (DER) in base 64."""
        ...

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Whether a signature is this key's, over this content."""
        ...

    def public_key(self) -> str:
        """Write the public key as PEM."""
        ...


class Ledger(Protocol):
    """Reading the ledger."""

    def kept(self) -> KeptEntries:
        """Read, consistently and in one call, where the chain stands and which retention is in force."""
        ...


class Exports(Protocol):
    """Reading exports. Each is its owner's alone: somebody else's is as one that does not exist."""

    def export(self, person_id: str, export_id: str) -> Export:
        """Read, consistently, one export; raise NotFoundError when there is none, or none that is kept any longer."""
        ...

    def latest_exports(self, person_id: str, *, limit: int) -> list[Export]:
        """Read, consistently, somebody's exports, newest first."""
        ...


class Files(Protocol):
    """Where the files of exports are. Every call raises StoreUnavailableError when the store does not take part."""

    def begin(self, name: str, *, content_type: str) -> str:
        """Begin a file that is written in parts, and return the id of the upload."""
        ...

    def put_part(self, name: str, upload_id: str, number: int, content: bytes) -> str:
        """Write a part (from 1; all but the last at least 5 MiB) and return its mark; again replaces it."""
        ...

    def complete(self, name: str, upload_id: str, marks: Sequence[str]) -> None:
        """Make the parts one file. Again for what is a file already is no error."""
        ...

    def put(self, name: str, content: bytes, *, content_type: str) -> None:
        """Write a small file at once; again replaces it."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """Read a file, a piece at a time; raise NotFoundError when there is none."""
        ...

    def link(self, name: str, *, file_name: str) -> str:
        """Make an address from which whoever has it can fetch a file for a few minutes, to be kept under a name."""
        ...


class ExportWorkers(Protocol):
    """Whoever writes exports that are too large for an answer."""

    def work_on(self, person_id: str, export_id: str) -> None:
        """Let a worker go on with an export, without waiting; raise StoreUnavailableError when none can be woken."""
        ...


class ExportWriter(Protocol):
    """One format of exports: text before the entries, for each entry, between two of them, and after the last."""

    content_type: str
    extension: str
    separator: str

    def header(self) -> str:
        """Write what comes before the first entry."""
        ...

    def row(self, entry: LedgerEntry) -> str:
        """Write one entry."""
        ...

    def footer(self, manifest: Manifest) -> str:
        """Write what comes after the last entry. The manifest does not know the file's size and hash yet."""
        ...


class ReportPrinter(Protocol):
    """Whoever makes PDFs of exports."""

    def print_records(self, records: str, *, to: str) -> None:
        """Make a PDF of the JSON document in one file, as another file, and wait for it; again replaces it.

        Raises NotPrintableError when no PDF can be made of it, StoreUnavailableError when it cannot be tried now.
        """
        ...


ExportWriters = Mapping[ExportFormat, Callable[[LocalTime], ExportWriter]]
"""Every format there is, made for how times are to be written."""


class Timer(Protocol):
    """A schedule that wakes. It carries an id and decides nothing."""

    def wake(self, request_id: str, *, at: datetime) -> None:
        """Wake the expiry function for a request at a time; again for the same time is one wake."""
        ...


class FanOut(Protocol):
    """Hands work to others, and does not wait for it."""

    def work_off(self, integration_id: str) -> None:
        """Let somebody else work off what is due at one integration."""
        ...


class Vault(Protocol):
    """Encryption of session secrets, bound to their request."""

    def seal(self, secret: str, *, request_id: str) -> str:
        """Encrypt."""
        ...

    def open(self, sealed: str, *, request_id: str) -> str:
        """Decrypt what was sealed for this request, and nothing else."""
        ...


class Secrets(Protocol):
    """Where integrations' own secrets are kept. They are written and used, never returned to a caller."""

    def put(self, name: str, secret: str) -> str:
        """Keep a secret under a name (again: replace it) and return the reference to read it by."""
        ...

    def get(self, reference: str) -> str:
        """Read a secret; raise NotFoundError when there is none, StoreUnavailableError when it cannot be read."""
        ...


class Connectors(Protocol):
    """Makes the connector for an integration."""

    def validate(self, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Check the settings of a kind and return their full form; raise InvalidInputError naming /settings/…."""
        ...

    def connect(self, integration: Integration) -> "Connector":
        """Make the connector of an integration. It calls nothing yet but the secret store."""
        ...


class Connector(Protocol):
    """One target system. Every call raises RetryableConnectorError, TargetGoneError or PermanentConnectorError only."""

    def describe(self) -> Capabilities:
        """Say what this kind of connector is and can do."""
        ...

    def check(self) -> CheckResult:
        """Try the connection and the rights it needs, without changing anything."""
        ...

    def discover(self, cursor: str | None) -> DiscoveryPage:
        """List what is at the target, a page at a time."""
        ...

    def prepare(self, intent: GrantIntent) -> Handle:
        """Name what `grant` will make, without calling the target: it is stored before the effect."""
        ...

    def grant(self, intent: GrantIntent) -> str | None:
        """Make the access exist, and return its secret if it has one. Again for the same grant id: the same access,
        with a new secret.
        """
        ...

    def extend(self, handle: Handle, *, until: datetime) -> None:
        """Tell a target that holds an end by itself a later one; an earlier one changes nothing. Where none is held
        there is nothing to tell. Raises TargetGoneError when the access is not there.
        """
        ...

    def revoke(self, handle: Handle) -> None:
        """End the access and what lives on from it. Access that is already gone is success.

        Where entitlements are shared, exactly the handle's are taken away, whichever grant gave them.
        """
        ...

    def observe(self, handle: Handle) -> Presence:
        """Read back whether the access is there: any of the handle's entitlements, where they are shared."""
        ...

    def list_managed(self) -> Iterator[Handle]:
        """List every access at the target that Nightlatch made; `grant_id` is empty where the target cannot know it."""
        ...

    def credentials(self, handle: Handle, secret: str | None) -> dict[str, str]:
        """Say how the person connects, ready to be shown. `secret` is what `grant` returned."""
        ...
