"""How things are put in words: spans, statuses and events, each with its icon and tone. Never by colour alone."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from nightlatch.domain.access_request import Status
from nightlatch.domain.anomaly import TITLES, AnomalySeverity, AnomalyState, AnomalyType
from nightlatch.domain.audit_event import EventType, Source
from nightlatch.domain.duration import parse_duration

HUES = 8
DURATION = re.compile(r"\bPT(?:\d+[HMS])+\b")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Mark(NamedTuple):
    """A word with its icon and its tone."""

    word: str
    icon: str
    tone: str


STATUSES = {
    Status.PENDING: Mark("Waiting", "wait", "amber"),
    Status.APPROVED: Mark("Approved", "check", "blue"),
    Status.GRANTING: Mark("Granting", "work", "amber"),
    Status.GRANTED: Mark("Granted", "check", "green"),
    Status.REVOKING: Mark("Ending", "work", "amber"),
    Status.REJECTED: Mark("Rejected", "cross", "red"),
    Status.CANCELED: Mark("Canceled", "cross", "gray"),
    Status.LAPSED: Mark("Lapsed", "timer", "gray"),
    Status.FAILED: Mark("Failed", "alert", "red"),
    Status.EXPIRED: Mark("Expired", "timer", "gray"),
    Status.REVOKED: Mark("Revoked", "ban", "gray"),
}

EVENTS = {
    EventType.ACCESS_REQUESTED: Mark("Asked for", "plus", "gray"),
    EventType.ROLE_APPROVED: Mark("One item approved", "check", "gray"),
    EventType.ROLE_REJECTED: Mark("One item rejected", "cross", "bad"),
    EventType.APPROVAL_REFUSED: Mark("A decision was refused", "ban", "bad"),
    EventType.ACCESS_APPROVED: Mark("Approved", "check", "good"),
    EventType.ACCESS_REJECTED: Mark("Rejected", "cross", "bad"),
    EventType.ACCESS_CANCELED: Mark("Withdrawn", "cross", "gray"),
    EventType.ACCESS_LAPSED: Mark("Lapsed: nobody decided in time", "timer", "gray"),
    EventType.ACCESS_GRANTED: Mark("Access granted", "key", "good"),
    EventType.ACCESS_EXTENDED: Mark("Extended", "timer", "good"),
    EventType.ACCESS_REVOKING: Mark("Ending", "work", "wait"),
    EventType.EXTENSION_REFUSED: Mark("Not extended", "timer", "bad"),
    EventType.ACCESS_QUARANTINED: Mark("Quarantined: it resists its end", "alert", "bad"),
    EventType.QUARANTINE_CLOSED: Mark("Closed by hand", "check", "gray"),
    EventType.DRIFT_DETECTED: Mark("The target is not as it should be", "alert", "bad"),
    EventType.ANOMALY_DETECTED: Mark("Anomaly", "shield", "wait"),
    EventType.ACCESS_EXPIRED: Mark("Expired, and gone from the target", "timer", "gray"),
    EventType.ACCESS_REVOKED: Mark("Revoked, and gone from the target", "ban", "bad"),
    EventType.ACCESS_RETURNED: Mark("Given back, and gone from the target", "check", "gray"),
    EventType.GRANT_FAILED: Mark("Could not be granted", "alert", "bad"),
    EventType.REVOKE_FAILED: Mark("Could not be removed yet", "alert", "bad"),
    EventType.CREDENTIALS_VIEWED: Mark("Credentials shown", "eye", "gray"),
}

SEVERITIES = {
    AnomalySeverity.HIGH: Mark("High", "shield", "red"),
    AnomalySeverity.MEDIUM: Mark("Medium", "alert", "amber"),
    AnomalySeverity.LOW: Mark("Low", "dot", "gray"),
}

ANOMALY_STATES = {
    AnomalyState.OPEN: Mark("Open", "wait", "amber"),
    AnomalyState.ACKNOWLEDGED: Mark("Acknowledged", "eye", "blue"),
    AnomalyState.RESOLVED: Mark("Resolved", "check", "green"),
}


def severity_mark(severity: AnomalySeverity) -> Mark:
    """Put in a word how urgently somebody should look."""
    return SEVERITIES[severity]


def anomaly_state_mark(state: AnomalyState) -> Mark:
    """Put in a word what people made of an anomaly."""
    return ANOMALY_STATES[state]


def anomaly_title(anomaly_type: AnomalyType) -> str:
    """Put in words what kind of thing was found."""
    return TITLES[anomaly_type]


SOURCES = {
    Source.WEB: "Web",
    Source.CLI: "CLI",
    Source.API: "API",
    Source.SLACK: "Slack",
    Source.SCHEDULE: "Schedule",
    Source.SYSTEM: "System",
}


def source_word(source: str) -> str:
    """Say which way something came."""
    return {str(one): word for one, word in SOURCES.items()}.get(source, source)


def status_mark(status: Status) -> Mark:
    """Put a status in a word."""
    return STATUSES[status]


def event_mark(event_type: str) -> Mark:
    """Put an event in words; one that has none is told by its name."""
    known = {str(one): mark for one, mark in EVENTS.items()}
    return known.get(event_type, Mark(event_type, "dot", "gray"))


def span(length: timedelta) -> str:
    """Write a span in its two largest units: `2 d 4 h`, `2 h 58 min`, `40 s`."""
    if length < MINUTE:
        return f"{max(int(length.total_seconds()), 0)} s"
    amounts = ((length // DAY, "d"), (length % DAY // HOUR, "h"), (length % HOUR // MINUTE, "min"))
    told = [f"{amount} {unit}" for amount, unit in amounts if amount]
    return " ".join(told[:2])


def ago(at: datetime, now: datetime) -> str:
    """Write how long ago something was."""
    length = now - at
    if length < MINUTE:
        return "just now"
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if length >= unit:
            return f"{length // unit} {name} ago"
    raise AssertionError(length)


def initials(name: str) -> str:
    """Write the first letters of the first and the last name."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in dict.fromkeys((*words[:1], *words[-1:]))).upper() or "?"


def hue(person_id: str) -> int:
    """Choose one of the avatars' colours, always the same for the same person."""
    return sum(person_id.encode()) % HUES


def sentence(text: str) -> str:
    """Begin a message with a capital, and write its durations as people do."""
    plain = DURATION.sub(lambda found: span(parse_duration(found[0])), text)
    return plain[:1].upper() + plain[1:]


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
