"""Exports as OCSF 1.8.0 (Open Cybersecurity Schema Framework): one event a line.

Which class an event is of is said by the table CLASSES, by the longest beginning of its name; what its activity is by
its own name (ACTIVITIES) or by its verb (VERBS). So a name from another system, that is not known here, has its place
too. What the class has no attribute for is in `unmapped`, as it was recorded.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from nightlatch.adapters.exports.json_text import JsonLines
from nightlatch.domain.audit_event import Severity
from nightlatch.domain.export import Manifest
from nightlatch.domain.identity import Actor, ActorType
from nightlatch.domain.ledger import LedgerEntry, canonical_json

VERSION = "1.8.0"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

JsonObject = dict[str, Any]


class Category(NamedTuple):
    """A category of OCSF."""

    uid: int
    name: str


class Kind(NamedTuple):
    """A class of OCSF, and the attributes that only it has."""

    uid: int
    name: str
    category: Category
    activities: Mapping[int, str]
    own: Callable[[LedgerEntry], JsonObject]


FINDINGS = Category(2, "Findings")
IAM = Category(3, "Identity & Access Management")
APPLICATION = Category(6, "Application Activity")

OTHER = 99
UNKNOWN_STATUS, SUCCESS, FAILURE = 0, 1, 2
STATUS_NAMES = {UNKNOWN_STATUS: "Unknown", SUCCESS: "Success", FAILURE: "Failure"}
FINDING_STATUS = {1: (1, "New"), 2: (2, "In Progress"), 3: (4, "Resolved")}
SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.WARNING: (3, "Medium"),
    Severity.ERROR: (4, "High"),
}
UNKNOWN = "Unknown"
"""What is written where the schema wants a name, and the entry has none."""

EMAIL = re.compile(r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
"""What OCSF takes for an address. Another system may send anything."""

USER_TYPES = {ActorType.USER: (1, "User"), ActorType.SYSTEM: (3, "System"), ActorType.SERVICE: (4, "Service")}


def _sign_in(entry: LedgerEntry) -> JsonObject:
    return {"user": _user(entry.actor), "service": {"name": "Nightlatch"}}


def _entity(entry: LedgerEntry) -> JsonObject:
    return {"entity": _resource(entry), "comment": _comment(entry)}


def _privileges(entry: LedgerEntry) -> JsonObject:
    """Name the privileges and the account at the target that has them; before there is one, whoever acts."""
    account = entry.details.get("session_user")
    user = {"name": account} if isinstance(account, str) and account not in {"", "TBD"} else _user(entry.actor)
    target = [{"uid": entry.integration, "type": "integration"}] if entry.integration else []
    privileges = list(dict.fromkeys(_permissions(entry))) or [UNKNOWN]
    return {"user": user, "privileges": privileges, "resources": [_resource(entry), *target]}


def _permissions(entry: LedgerEntry) -> Iterator[str]:
    """Find the permissions of the items. What another system sends may have any form, and its details none."""
    items = entry.details.get("items")
    for item in items if isinstance(items, list) else ():
        permission = item.get("permission") if isinstance(item, dict) else None
        if isinstance(permission, str) and permission:
            yield permission


def _call(entry: LedgerEntry) -> JsonObject:
    api = {"operation": entry.event_type, "service": {"name": "Nightlatch"}}
    return {"api": api, "resources": [_resource(entry)]}


def _finding(entry: LedgerEntry) -> JsonObject:
    return {
        "finding_info": {
            "uid": entry.resource.id or UNKNOWN,
            "title": entry.resource.name or entry.description or UNKNOWN,
            "desc": entry.description,
            "created_time": _milliseconds(entry.timestamp),
        }
    }


DETECTION_FINDING = Kind(2004, "Detection Finding", FINDINGS, {1: "Create", 2: "Update", 3: "Close"}, _finding)
AUTHENTICATION = Kind(3002, "Authentication", IAM, {1: "Logon", 2: "Logoff"}, _sign_in)
ENTITY_MANAGEMENT = Kind(3004, "Entity Management", IAM, {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}, _entity)
USER_ACCESS = Kind(3005, "User Access Management", IAM, {1: "Assign Privileges", 2: "Revoke Privileges"}, _privileges)
API_ACTIVITY = Kind(6003, "API Activity", APPLICATION, {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}, _call)

CLASSES: dict[str, Kind] = {
    "": ENTITY_MANAGEMENT,
    "access.granted": USER_ACCESS,
    "access.grant.": USER_ACCESS,
    "access.extended": USER_ACCESS,
    "access.revok": USER_ACCESS,
    "access.expired": USER_ACCESS,
    "access.returned": USER_ACCESS,
    "access.quarantine": USER_ACCESS,
    "access.drift.": USER_ACCESS,
    "access.credentials.": API_ACTIVITY,
    "audit.": API_ACTIVITY,
    "auth.": AUTHENTICATION,
    "anomaly.": DETECTION_FINDING,
}
"""The class of an event, by the longest beginning of its name."""

ACTIVITIES: dict[str, int] = {
    "access.granted": 1,
    "access.grant.failed": 1,
    "access.revoking": 2,
    "access.expired": 2,
    "access.revoked": 2,
    "access.returned": 2,
    "access.revoke.failed": 2,
    "access.quarantined": 2,
    "access.quarantine.closed": 2,
    "access.requested": 1,
    "access.role.approved": 3,
    "access.role.rejected": 3,
    "access.approved": 3,
    "access.rejected": 3,
    "access.approval.refused": 3,
    "access.canceled": 3,
    "access.lapsed": 3,
    "access.extension.refused": 3,
    "access.credentials.viewed": 2,
    "audit.read": 2,
    "audit.exported": 2,
    "auth.login.success": 1,
    "auth.login.failed": 1,
    "auth.logout": 2,
    "anomaly.detected": 1,
    "anomaly.acknowledged": 2,
    "anomaly.resolved": 3,
}
VERBS = {"created": 1, "added": 1, "updated": 3, "deleted": 4, "removed": 4}
"""The activity of things that are kept (entities), by the last word of the event's name."""

FAILURES = frozenset({"failed", "refused", "quarantined", "locked", "error"})
UNDER_WAY = frozenset({"revoking", "started"})


class OcsfLines(JsonLines):
    """One OCSF event a line."""

    extension = "ocsf.jsonl"

    def row(self, entry: LedgerEntry) -> str:
        """Write a line."""
        return canonical_json(ocsf_event(entry)).decode() + "\n"

    def footer(self, _: Manifest) -> str:
        """Write nothing."""
        return ""


def ocsf_event(entry: LedgerEntry) -> JsonObject:
    """Say an entry in the words of OCSF. What it does not know is left out, never null."""
    kind = kind_of(entry.event_type)
    activity, activity_name = activity_of(entry.event_type, kind)
    severity, severity_name = SEVERITIES[entry.severity]
    status, status_name = _status(entry.event_type, kind, activity)
    event = {
        "category_uid": kind.category.uid,
        "category_name": kind.category.name,
        "class_uid": kind.uid,
        "class_name": kind.name,
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": kind.uid * 100 + activity,
        "type_name": f"{kind.name}: {activity_name if activity != OTHER else 'Other'}",
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "time": _milliseconds(entry.timestamp),
        "message": entry.description,
        "metadata": _metadata(entry),
        "actor": {"user": _user(entry.actor)},
        "src_endpoint": {"ip": entry.ip_address} if entry.ip_address else {"svc_name": entry.source},
        "http_request": _http_request(entry),
        "unmapped": _unmapped(entry),
        **kind.own(entry),
    }
    if kind is DETECTION_FINDING:  # it is a finding's, not an endpoint's or a call's
        del event["src_endpoint"], event["http_request"]
    return _known(event)


def kind_of(event_type: str) -> Kind:
    """Find the class of an event."""
    return CLASSES[max((begin for begin in CLASSES if event_type.startswith(begin)), key=len)]


def activity_of(event_type: str, kind: Kind) -> tuple[int, str]:
    """Find what was done, in the words of the class; what it has no word for is named by the event's own."""
    verb = event_type.rpartition(".")[2]
    by_verb = VERBS.get(verb) if kind is ENTITY_MANAGEMENT else None
    activity = ACTIVITIES.get(event_type, by_verb)
    if activity is None:
        return OTHER, event_type
    return activity, kind.activities[activity]


def _status(event_type: str, kind: Kind, activity: int) -> tuple[int, str]:
    """Say whether it succeeded; of a finding, how far it is."""
    if kind is DETECTION_FINDING:
        return FINDING_STATUS.get(activity, (UNKNOWN_STATUS, "Unknown"))
    verb = event_type.rpartition(".")[2]
    status = FAILURE if verb in FAILURES else UNKNOWN_STATUS if verb in UNDER_WAY else SUCCESS
    return status, STATUS_NAMES[status]


def _metadata(entry: LedgerEntry) -> JsonObject:
    return _known(
        {
            "version": VERSION,
            "product": {"name": "Nightlatch", "vendor_name": "Nightlatch", "feature": {"name": "audit"}},
            "profiles": ["host"],  # without it a finding has no actor
            "uid": entry.id,
            "event_code": entry.event_type,
            "log_name": "audit",
            "log_provider": "Nightlatch",
            "sequence": entry.seq,
            "logged_time": _milliseconds(entry.recorded_at),
            "correlation_uid": entry.request_id,
        }
    )


def _user(actor: Actor) -> JsonObject:
    type_id, type_name = USER_TYPES[actor.type]
    email = {"email_addr": actor.email} if EMAIL.fullmatch(actor.email) else {}
    return {**_named(actor.id, actor.name), **email, "type_id": type_id, "type": type_name}


def _resource(entry: LedgerEntry) -> JsonObject:
    resource = entry.resource
    return {**_named(resource.id, resource.name), **_known({"type": resource.type})}


def _named(uid: str, name: str) -> JsonObject:
    return _known({"uid": uid, "name": name}) or {"name": UNKNOWN}


def _http_request(entry: LedgerEntry) -> JsonObject:
    call = entry.details.get("call")
    told = call if isinstance(call, dict) else {}
    return _known(
        {
            "http_method": told.get("method"),
            "url": _known({"path": told.get("path"), "query_string": told.get("query")}),
            "referrer": told.get("referer"),
            "user_agent": entry.user_agent,
        }
    )


def _comment(entry: LedgerEntry) -> str:
    comment = entry.details.get("justification") or entry.details.get("reason")
    return comment if isinstance(comment, str) else ""


def _unmapped(entry: LedgerEntry) -> JsonObject:
    return _known(
        {
            "details": {name: value for name, value in entry.details.items() if name != "call"},
            "scope": entry.scope,
            "source": entry.source,
            "request_id": entry.request_id,
            "integration": entry.integration,
            "resource": entry.resource.model_dump(mode="json"),
            "prev_hash": entry.prev_hash,
            "hash": entry.hash,
        }
    )


def _known(values: JsonObject) -> JsonObject:
    return {name: value for name, value in values.items() if value not in (None, "", {})}


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
