"""Where everything lies in the two tables.

State
pk                     sk                      what
REQUEST#<id>           REQUEST                 a request
REQUEST#<id>           GRANT                   its grant
LEASE#<hash>           LEASE                   who holds one entitlement of one person in one integration
OPEN#<person>          OPEN                    which open requests somebody has, and how many
PERSON                 <id>                    somebody whom we have met
FLOW                   #REGISTER               how often any flow was changed
FLOW                   <id>                    an access flow in force
FLOW#<id>              VERSION#<n>             each version that it ever had
INTEGRATION            <id>                    an integration
INTEGRATION#<id>       RESOURCE#<type>#<id>    a resource that the last scan found in it
EXPORTS#<person>       <id>                    an export of the trail, and how far it has come
DESTINATION            <id>                    where events are sent on to
DESTINATION#<id>       PROGRESS                how far it has come along the ledger
DELIVERIES#<id>        <id of the delivery>    what came of an attempt to deliver
OUTBOX#0               <id of the first>       events of one commit that wait for their numbers
UNREADABLE             <as it was there>       a row of the outbox that could not be read
LEDGER                 HEAD                    where the chain stands
LEDGER                 SEAL                    where sealing stands
RECEIPT#<principal>    <idempotency key>       the proof that a command was carried out
SETTINGS               AUDIT                   what is decided about the audit trail
FOREIGN#<writer>       <id>                    that an event of another system is in the ledger
LEDGER                 RETENTION               how far the stored entries follow the retention that was decided
TALLY                  <window's end>#<hash>   how often something happened in a window
DEPLOYMENT             DEPLOYMENT              what was deployed when a sweep last looked
SETTINGS               ANOMALIES               what is decided about the finding of anomalies
LANE                   <id>                    how far a run of the detectors has come
MEMORY#<lane>#<kind>   <hash of the subject>   what a detector remembers of somebody or something
ANOMALY#<id>           ANOMALY                 an anomaly
ALERT_RULE             <id>                    an alert rule that was made or changed here
SESSION#<person>       <hash of the secret>    a session of the console

Ledger
0#<seq // 4096>        <seq, 20 digits>        an entry
"""

import hashlib
import json
from functools import singledispatch

from nightlatch.domain.access_flow import AccessFlow, FlowRegister
from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.audit_settings import AuditSettings
from nightlatch.domain.grant import Grant
from nightlatch.domain.integration import Integration
from nightlatch.domain.lease import Lease
from nightlatch.domain.ledger import ForeignId
from nightlatch.domain.people import KnownPerson
from nightlatch.domain.tally import Tally
from nightlatch.domain.value import Entity, rfc3339

Key = tuple[str, str]

FLOWS = "FLOW"
FLOW_REGISTER: Key = (FLOWS, "#REGISTER")
"""Sorts before every flow, so that a query meets it first: flows that it does not count yet are then no harm."""

PEOPLE = "PERSON"
INTEGRATIONS = "INTEGRATION"
OUTBOX = "OUTBOX#0"
UNREADABLE = "UNREADABLE"
HEAD: Key = ("LEDGER", "HEAD")
RETENTION_WALK: Key = ("LEDGER", "RETENTION")
AUDIT_SETTINGS: Key = ("SETTINGS", "AUDIT")
ANOMALY_SETTINGS: Key = ("SETTINGS", "ANOMALIES")
LANES = "LANE"
ALERT_RULES = "ALERT_RULE"
MEMORIES = "MEMORY#"
ANOMALIES = "ANOMALY#"
SESSIONS = "SESSION#"
SAVED_VIEWS = "VIEWS"
TALLIES = "TALLY"
DESTINATIONS = "DESTINATION"
DEPLOYMENT: Key = ("DEPLOYMENT", "DEPLOYMENT")
SEAL: Key = ("LEDGER", "SEAL")
RESOURCES = "RESOURCE#"

ENTRIES_PER_PARTITION = 4096


def request_key(request_id: str) -> Key:
    """Place a request."""
    return f"REQUEST#{request_id}", "REQUEST"


def grant_key(request_id: str) -> Key:
    """Place the grant of a request."""
    return f"REQUEST#{request_id}", "GRANT"


def lease_key(lease: Lease) -> Key:
    """Place a lease. The names in it are of any length and any characters: hashed as a list, no two can meet."""
    entitlement = lease.entitlement
    names = [entitlement.resource_type, entitlement.resource_id, entitlement.permission]
    content = json.dumps([lease.integration_id, lease.person_id, *names])
    return f"LEASE#{hashlib.sha256(content.encode()).hexdigest()}", "LEASE"


def request_id_in(pk: str) -> str:
    """Read the request's id out of its partition key."""
    return pk.removeprefix("REQUEST#")


def versions_of(flow_id: str) -> str:
    """Name the partition of a flow's versions."""
    return f"FLOW#{flow_id}"


def foreign_key(foreign_id: ForeignId) -> Key:
    """Place the mark of an event that another system told of."""
    return f"FOREIGN#{foreign_id.writer}", foreign_id.id


def flow_version_key(flow: AccessFlow) -> Key:
    """Place one version of a flow; the number is padded, so that versions sort."""
    return versions_of(flow.id), f"VERSION#{flow.version:010}"


def resources_of(integration_id: str) -> str:
    """Name the partition of an integration's resources."""
    return f"INTEGRATION#{integration_id}"


def resource_key(integration_id: str, resource_type: str, resource_id: str) -> Key:
    """Place a resource."""
    return resources_of(integration_id), f"{RESOURCES}{resource_type}#{resource_id}"


def open_key(person_id: str) -> Key:
    """Place the count of somebody's open requests."""
    return f"OPEN#{person_id}", "OPEN"


def receipt_key(principal_id: str, key: str) -> Key:
    """Place a receipt: one principal's keys cannot meet another's."""
    return f"RECEIPT#{principal_id}", key


def tally_key(tally: Tally) -> Key:
    """Place a tally, sorted by the end of its window. What it is about may have any characters, so it is hashed."""
    content = json.dumps([tally.kind, tally.about])
    return TALLIES, f"{rfc3339(tally.window_end)}#{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def memory_key(lane_id: str, subject: tuple[str, str]) -> Key:
    """Place what is remembered of a subject, which may have any characters and so is hashed."""
    kind, name = subject
    return f"{MEMORIES}{lane_id}#{kind}", hashlib.sha256(name.encode()).hexdigest()


def anomaly_key(anomaly_id: str) -> Key:
    """Place an anomaly."""
    return f"{ANOMALIES}{anomaly_id}", "ANOMALY"


def sessions_of(person_id: str) -> str:
    """Name the partition of somebody's sessions."""
    return f"{SESSIONS}{person_id}"


def exports_of(person_id: str) -> str:
    """Name the partition of somebody's exports."""
    return f"EXPORTS#{person_id}"


def progress_key(destination_id: str) -> Key:
    """Place how far a destination has come: beside it, so that what administrators list stays small."""
    return f"DESTINATION#{destination_id}", "PROGRESS"


def deliveries_of(destination_id: str) -> str:
    """Name the partition of a destination's delivery log."""
    return f"DELIVERIES#{destination_id}"


def padded(seq: int) -> str:
    """Write a number so that text sorts like it."""
    return f"{seq:020}"


def ledger_partition(partition: int) -> str:
    """Name a partition of the ledger. The 0 is the lane: there is only one."""
    return f"0#{partition}"


def ledger_key(seq: int) -> Key:
    """Place a ledger entry."""
    return ledger_partition(seq // ENTRIES_PER_PARTITION), padded(seq)


@singledispatch
def key_of(entity: Entity) -> Key:  # noqa: PLR0911  (one for each kind)
    """Place an entity. Kinds that few functions store are registered where they are read, and imported there."""
    match entity:
        case AccessRequest():
            return request_key(entity.id)
        case Grant():
            return grant_key(entity.request_id)
        case Lease():
            return lease_key(entity)
        case AccessFlow():
            return FLOWS, entity.id
        case FlowRegister():
            return FLOW_REGISTER
        case KnownPerson():
            return PEOPLE, entity.id
        case Integration():
            return INTEGRATIONS, entity.id
        case AuditSettings():
            return AUDIT_SETTINGS
        case Tally():
            return tally_key(entity)
    raise TypeError(f"{type(entity).__name__} has no place in the State table")
