"""The detectors in words: what each finds, and its choices in groups, each with a label."""

from collections.abc import Mapping
from typing import NamedTuple

from nightlatch.domain.anomaly import TITLES, AnomalyType
from nightlatch.domain.errors import NotFoundError

WORDS = "words"
"""What is not a detector's own: the words that all of them mean."""

Labels = Mapping[str, str]

_LOOKS: Labels = {"enabled": "It looks", "severity": "Severity"}
_EXEMPT: Mapping[str, Labels] = {"Whom it does not look at": {"exempt": "Exempt, one id a line"}}


class Section(NamedTuple):
    """A detector, or the words: what it is about, and its fields by group."""

    name: str
    title: str
    when: str
    groups: Mapping[str, Labels]


def _detector(kind: AnomalyType, when: str, groups: Mapping[str, Labels]) -> Section:
    return Section(kind, TITLES[kind], when, {**groups, **_EXEMPT})


SECTIONS = (
    Section(
        WORDS,
        "Words of risk",
        "By which words a permission is known to be elevated, and a resource to be sensitive.",
        {"Words": {"elevated": "Elevated permissions", "sensitive": "Sensitive resources"}},
    ),
    _detector(
        AnomalyType.HIGH_RISK_ACCESS,
        "An elevated permission on a sensitive resource is asked for.",
        {"Finding": _LOOKS},
    ),
    _detector(
        AnomalyType.APPROVED_AFTER_REJECTION,
        "A person said no, and to something like it somebody says yes.",
        {"Finding": {**_LOOKS, "elevated_severity": "Severity when elevated", "days": "Days between"}},
    ),
    _detector(
        AnomalyType.INACTIVE_USER,
        "Somebody asks who has not asked for long, or never.",
        {"Finding": {**_LOOKS, "days": "Days without a request"}},
    ),
    _detector(
        AnomalyType.ACCESS_AUTOMATION,
        "Similar requests are made again and again by code.",
        {
            "Finding": {
                **_LOOKS,
                "repeated_severity": "Severity of two signals",
                "sensitive_severity": "Severity at sensitive resources",
                "days": "Days remembered",
            },
            "Regular: the gaps hardly differ": {
                "regular_requests": "Requests",
                "regular_gaps": "Gaps measured",
                "regular_variation_percent": "Variation, in percent",
                "regular_hours": "Hours of a short gap",
                "regular_seconds": "Seconds of deviation",
            },
            "Burst: many within minutes": {"burst_requests": "Requests", "burst_minutes": "Minutes"},
            "Renewal: asked again when it ends": {"renewals": "Renewals", "renewal_seconds": "Seconds around the end"},
            "Client: asked by a script": {"client_requests": "Requests", "clients": "User agents, one word a line"},
        },
    ),
    _detector(
        AnomalyType.ESCALATION_LADDER,
        "Somebody asks to read, then to write, then for an elevated permission.",
        {
            "Finding": {**_LOOKS, "hours": "Hours"},
            "Words": {"read": "Permissions to read", "write": "Permissions to write"},
        },
    ),
    _detector(
        AnomalyType.RUBBER_STAMPING,
        "Somebody decides most requests within seconds, and approves nearly all of them.",
        {
            "Finding": {**_LOOKS, "days": "Days remembered", "requests": "Requests decided"},
            "A habit": {
                "seconds": "Seconds of a fast decision",
                "fast_percent": "Fast, in percent",
                "approved_percent": "Approved, in percent",
            },
        },
    ),
    _detector(
        AnomalyType.RECIPROCAL_APPROVALS,
        "Two people approve each other's requests, several times each.",
        {"Finding": {**_LOOKS, "days": "Days remembered", "approvals": "Approvals each way"}},
    ),
    _detector(
        AnomalyType.FLOW_LOOSENED_AND_USED,
        "Somebody makes an access flow ask for less, and then asks under it.",
        {"Finding": {**_LOOKS, "hours": "Hours"}},
    ),
    _detector(
        AnomalyType.UNUSUAL_HOURS,
        "Somebody asks for a resource for the first time, at an hour at which they hardly ever ask.",
        {
            "Finding": {**_LOOKS, "days": "Days remembered"},
            "What is usual": {
                "requests": "Requests known",
                "weeks": "Weeks known",
                "hours_around": "Hours around",
                "unusual_percent": "Unusual, in percent",
            },
        },
    ),
    _detector(
        AnomalyType.SAFEGUARD_WEAKENED,
        "Somebody takes away a part of what watches them.",
        {"Finding": _LOOKS},
    ),
)


def section_named(name: str) -> Section:
    """Find one; raise NotFoundError when there is none."""
    found = next((section for section in SECTIONS if section.name == name), None)
    if found is None:
        raise NotFoundError(f"no detector {name}")
    return found
