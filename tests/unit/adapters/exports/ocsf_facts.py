"""What the published OCSF schema, version 1.8.0, demands of the classes that we write: facts, in our own form.

Of each class: its uid, its category, its activities, what it requires beyond the base event, and what else it knows.
Of each object: what it requires, and of which attributes it needs at least one.
"""

from dataclasses import dataclass, field
from typing import Any

BASE_REQUIRED = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
BASE_KNOWN = BASE_REQUIRED | {
    "activity_name", "category_name", "class_name", "count", "duration", "end_time", "enrichments", "message",
    "observables", "raw_data", "severity", "start_time", "status", "status_code", "status_detail", "status_id",
    "timezone_offset", "type_name", "unmapped",
}  # fmt: skip
HOST_PROFILE = {"actor", "device"}
SEVERITIES = {0, 1, 2, 3, 4, 5, 6, 99}
STATUSES = {0, 1, 2, 99}
FINDING_STATUSES = {0, 1, 2, 3, 4, 5, 6, 99}
UNKNOWN, OTHER = 0, 99


@dataclass(frozen=True)
class ClassFacts:
    """A class."""

    uid: int
    category: int
    activities: set[int]
    required: set[str]
    known: set[str]
    at_least_one: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=lambda: STATUSES)


IAM = {"http_request", "http_response", "src_endpoint"}
CLASSES = {
    facts.uid: facts
    for facts in (
        ClassFacts(
            3002, 3, set(range(1, 8)), {"user"},
            IAM | {"user", "service", "dst_endpoint", "auth_protocol", "auth_protocol_id", "is_mfa", "is_remote",
                   "logon_type", "logon_type_id", "session", "actor"},
            at_least_one={"service", "dst_endpoint"},
        ),
        ClassFacts(
            3004, 3, set(range(1, 14)), {"entity"},
            IAM | {"access_list", "access_mask", "comment", "entity", "entity_result"},
        ),
        ClassFacts(3005, 3, {1, 2}, {"user"}, IAM | {"user", "privileges", "resource", "resources"}),
        ClassFacts(
            6003, 6, {1, 2, 3, 4}, {"actor", "api", "src_endpoint"},
            {"actor", "api", "src_endpoint", "dst_endpoint", "http_request", "http_response", "resources"},
        ),
        ClassFacts(
            2004, 2, {1, 2, 3}, {"finding_info"},
            {"comment", "confidence_id", "evidences", "finding_info", "is_alert", "remediation", "resources"},
            statuses=FINDING_STATUSES,
        ),
    )
}  # fmt: skip

REQUIRED_IN = {
    "metadata": {"product", "version"},
    "api": {"operation"},
    "finding_info": {"uid"},
}
AT_LEAST_ONE_IN = {
    "user": {"account", "name", "uid"},
    "actor": {"app_name", "app_uid", "process", "session", "user"},
    "entity": {"name", "uid"},
    "service": {"name", "uid"},
    "product": {"name", "uid"},
    "src_endpoint": {"hostname", "ip", "name", "svc_name", "uid"},
    "url": {"path", "url_string"},
}
INTEGERS = {
    "activity_id", "category_uid", "class_uid", "severity_id", "status_id", "time", "type_uid", "type_id",
    "logged_time", "created_time", "sequence",
}  # fmt: skip


def faults_of(event: dict[str, Any]) -> list[str]:
    """List what the schema would refuse of an event."""
    facts = CLASSES[event["class_uid"]]
    known = BASE_KNOWN | facts.known | (HOST_PROFILE if "host" in event["metadata"].get("profiles", ()) else set())
    missing = (BASE_REQUIRED | facts.required) - event.keys()
    faults = [f"{name} is missing" for name in sorted(missing)]
    faults += [f"{name} is unknown" for name in sorted(event.keys() - known)]
    if facts.at_least_one and facts.at_least_one.isdisjoint(event):
        faults.append(f"one of {sorted(facts.at_least_one)} is missing")
    if event["activity_id"] not in facts.activities | {UNKNOWN, OTHER}:
        faults.append("activity_id")
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        faults.append("type_uid")
    if event["category_uid"] != facts.category:
        faults.append("category_uid")
    if event["severity_id"] not in SEVERITIES or event.get("status_id", 0) not in facts.statuses:
        faults.append("severity_id or status_id")
    if event["activity_id"] == OTHER and not event.get("activity_name"):
        faults.append("activity_name")
    if event["metadata"].get("version") != "1.8.0":
        faults.append("metadata.version")
    return faults + _object_faults({name: value for name, value in event.items() if name != "unmapped"})


def _object_faults(value: dict[str, Any]) -> list[str]:
    faults: list[str] = []
    for name, inner in value.items():
        if inner is None:
            faults.append(f"{name} is null")
        if name in INTEGERS and type(inner) is not int:
            faults.append(f"{name} is no integer")
        if isinstance(inner, dict):
            faults += [f"{name}.{each} is missing" for each in sorted(REQUIRED_IN.get(name, set()) - inner.keys())]
            if AT_LEAST_ONE_IN.get(name, inner.keys() | {"?"}).isdisjoint(inner):
                faults.append(f"{name} has none of {sorted(AT_LEAST_ONE_IN[name])}")
            faults += _object_faults(inner)
    return faults
