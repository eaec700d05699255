"""An entry as a message for Slack's Block Kit.

Whatever an entry holds is in objects of type `plain_text`, where Slack formats nothing, links nothing and calls nobody;
what is in `mrkdwn` is ours alone. The fallback text, that has no such type, is escaped and sent unparsed.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, timedelta
from typing import Any

from nightlatch.adapters.pdf.wording import span
from nightlatch.domain.audit_event import EventType, Scope, Severity
from nightlatch.domain.ledger import LedgerEntry

Block = dict[str, Any]

LONGEST_LINE = 1000
LONGEST_FIELD = 500
"""In characters. Slack takes 3000 and 2000, and may count an emoji as two."""

NOTHING = "-"
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
HALF_ENTITY = re.compile(r"&[a-z]*$")

SIGNS = {Severity.INFO: ":information_source:", Severity.WARNING: ":warning:", Severity.ERROR: ":rotating_light:"}
ACTIONS: dict[str, str] = {
    EventType.ACCESS_REQUESTED: "Requested",
    EventType.ROLE_APPROVED: "Approved by one approver",
    EventType.ROLE_REJECTED: "Rejected by one approver",
    EventType.ACCESS_APPROVED: "Approved",
    EventType.ACCESS_REJECTED: "Rejected",
    EventType.APPROVAL_REFUSED: "Approval refused",
    EventType.ACCESS_CANCELED: "Canceled",
    EventType.ACCESS_LAPSED: "Lapsed without a decision",
    EventType.ACCESS_GRANTED: "Granted",
    EventType.GRANT_FAILED: "Grant failed",
    EventType.ACCESS_EXTENDED: "Extended",
    EventType.EXTENSION_REFUSED: "Extension refused",
    EventType.CREDENTIALS_VIEWED: "Credentials viewed",
    EventType.ACCESS_REVOKING: "Revoke begun",
    EventType.ACCESS_EXPIRED: "Expired",
    EventType.ACCESS_REVOKED: "Revoked",
    EventType.ACCESS_RETURNED: "Returned",
    EventType.REVOKE_FAILED: "Revoke failed",
    EventType.ACCESS_QUARANTINED: "Quarantined",
    EventType.QUARANTINE_CLOSED: "Quarantine closed",
    EventType.DRIFT_DETECTED: "Drift detected",
    EventType.ANOMALY_DETECTED: "Anomaly detected",
    EventType.ANOMALY_ACKNOWLEDGED: "Anomaly acknowledged",
    EventType.ANOMALY_RESOLVED: "Anomaly resolved",
    EventType.ANOMALIES_REPLAYED: "Past looked through for anomalies",
}
"""What was done, in words. Other events go by their names."""


def message(entry: LedgerEntry) -> Block:
    """Write the message that tells an entry."""
    action = ACTIONS.get(entry.event_type, entry.event_type)
    return {
        "text": escaped(f"{action}: {entry.description}", LONGEST_LINE),
        "parse": "none",
        "mrkdwn": False,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "section", "text": _ours(f"{SIGNS[entry.severity]} *{escaped(action, LONGEST_FIELD)}*")},
            {"type": "section", "text": _plain(entry.description, LONGEST_LINE)},
            {"type": "section", "fields": [_field(name, text) for name, text in _fields(entry, action)]},
            {"type": "context", "elements": [_ours(_time(entry)), _plain(_place(entry), LONGEST_FIELD)]},
        ],
    }


def escaped(text: str, longest: int) -> str:
    """Make one line of a text, with all its characters seen, and none that Slack obeys."""
    seen = "".join(map(_seen, text[:longest]))
    whole = seen.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(text) <= longest and len(whole) <= longest:
        return whole
    return HALF_ENTITY.sub("", whole[: longest - 1]) + "…"


def _fields(entry: LedgerEntry, action: str) -> list[tuple[str, str]]:
    done = f"{action}, by {_actor(entry)}"
    requester = entry.details.get("requester")
    if not isinstance(requester, dict):
        about = entry.resource.name or entry.resource.id
        place = ("Integration", entry.integration or "")
        return [("Action", done), ("About", f"{entry.resource.type} {about}"), *_found_of(entry), place]
    return [
        ("Requester", _person(requester)),
        ("Permissions", _listed(entry, "permission")),
        ("Resources", _listed(entry, "resource")),
        ("Integration", entry.integration or ""),
        ("Action", done),
        ("Duration", _duration(entry)),
    ]


def _found_of(entry: LedgerEntry) -> list[tuple[str, str]]:
    """Name whom an anomaly is about."""
    finding = entry.details.get("finding")
    people = {role: finding.get(role) for role in ("requester", "actor")} if isinstance(finding, dict) else {}
    return [(role.title(), _person(person)) for role, person in people.items() if isinstance(person, dict)]


def _actor(entry: LedgerEntry) -> str:
    return _person({"name": entry.actor.name, "email": entry.actor.email, "id": entry.actor.id})


def _person(who: dict[str, Any]) -> str:
    """Name somebody; names are labels that anybody may have chosen, so the address is told along."""
    name, email = (str(who.get(label) or "") for label in ("name", "email"))
    if name and email and name != email:
        return f"{name} ({email})"
    return name or email or str(who.get("id") or "")


def _listed(entry: LedgerEntry, what: str) -> str:
    if entry.scope is Scope.ROLE:
        return str(entry.details.get(what) or "")
    items = entry.details.get("items")
    told = (item.get(what) for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
    return ", ".join(_each_once(str(one) for one in told if one))


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _duration(entry: LedgerEntry) -> str:
    seconds = entry.details.get("duration_seconds")
    return span(timedelta(seconds=seconds)) if isinstance(seconds, int) else ""


def _time(entry: LedgerEntry) -> str:
    """Write a time that Slack shows in the zone of whoever reads."""
    at = entry.timestamp.astimezone(UTC)
    return f"<!date^{int(at.timestamp())}^{{date_short}}, {{time_secs}}|{at:%Y-%m-%d %H:%M:%S} UTC>"


def _place(entry: LedgerEntry) -> str:
    """Say where the event is found in the trail."""
    request = f" · {entry.request_id}" if entry.request_id else ""
    return f"{entry.event_type} · entry {entry.seq}{request}"


def _field(name: str, text: str) -> Block:
    shown = _plain(text, LONGEST_FIELD)
    return {**shown, "text": f"{name}\n{shown['text']}"}


def _plain(text: str, longest: int) -> Block:
    return {"type": "plain_text", "emoji": False, "text": escaped(text, longest).strip() or NOTHING}


def _ours(text: str) -> Block:
    return {"type": "mrkdwn", "verbatim": True, "text": text}


def _seen(character: str) -> str:
    if character.isspace():
        return " "
    return f"⟨U+{ord(character):04X}⟩" if unicodedata.category(character) in UNSEEN else character
