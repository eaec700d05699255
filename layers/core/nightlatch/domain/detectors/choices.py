"""What is chosen of each detector, apart from the detector: who only chooses need not import what looks."""

from typing import Annotated

from pydantic import Field

from nightlatch.domain.anomaly import AnomalySeverity
from nightlatch.domain.audit_settings import PrincipalId
from nightlatch.domain.detectors.matching import Keywords, found_in
from nightlatch.domain.value import Value

MOST_EXEMPT = 200
MOST_DAYS = 365

Days = Annotated[int, Field(ge=1, le=MOST_DAYS, strict=True)]
Hours = Annotated[int, Field(ge=1, le=24 * MOST_DAYS, strict=True)]
Percent = Annotated[int, Field(ge=1, le=100, strict=True)]
Count = Annotated[int, Field(ge=2, le=30, strict=True)]

MOST_DECIDED = 100
MOST_APPROVALS = 30
MOST_HOURS = 300
"""So many decisions of a person, approvals of one by another, and hours of a person's requests are remembered."""

CLIENTS = (
    "aiohttp",
    "axios",
    "boto",
    "curl",
    "Go-http-client",
    "got",
    "httpie",
    "insomnia",
    "Java-http-client",
    "libwww-perl",
    "node-fetch",
    "okhttp",
    "postman",
    "PowerShell",
    "python-httpx",
    "python-requests",
    "python-urllib",
    "ruby",
    "undici",
    "wget",
)


class DetectorChoices(Value):
    """The part that all detectors have."""

    enabled: bool = Field(default=True, strict=True, description="Whether it looks at all.")
    exempt: Annotated[tuple[PrincipalId, ...], Field(max_length=MOST_EXEMPT)] = Field(
        default=(), description="People and services whose requests it does not look at."
    )


class ChoicesOffAtFirst(DetectorChoices):
    """The same, of detectors that look only once somebody has said so."""

    enabled: bool = Field(default=False, strict=True, description="Whether it looks at all.")


class RiskWords(Value):
    """By which words a permission is known to be elevated, and a resource to be sensitive."""

    elevated: Keywords = Field(
        default=("admin", "full access", "owner"), description="A permission whose name contains one is elevated."
    )
    sensitive: Keywords = Field(
        default=("customer", "phi", "pii", "prod"),
        description="A resource whose name or tag contains one is sensitive.",
    )

    def elevates(self, permission: str) -> str | None:
        """Return the word that makes a permission elevated."""
        return found_in(permission, self.elevated)


class HighRiskAccessChoices(DetectorChoices):
    """How high risk access is found. The words are those of all detectors."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.HIGH, description="How urgent it is.")


class ApprovedAfterRejectionChoices(DetectorChoices):
    """How an approval after a rejection is found."""

    days: Days = Field(default=90, description="Days between the rejection and the approval, at most.")
    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")
    elevated_severity: AnomalySeverity = Field(
        default=AnomalySeverity.HIGH, description="How urgent it is when the permission is elevated."
    )


class InactiveUserChoices(DetectorChoices):
    """How an inactive user is found."""

    days: Days = Field(default=90, description="Days without a request that make a person inactive.")
    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")


class AccessAutomationChoices(DetectorChoices):
    """How automation is found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.LOW, description="How urgent one signal is.")
    repeated_severity: AnomalySeverity = Field(
        default=AnomalySeverity.MEDIUM, description="How urgent two signals or more are."
    )
    sensitive_severity: AnomalySeverity = Field(
        default=AnomalySeverity.HIGH, description="How urgent any signal is at a sensitive resource."
    )
    days: Days = Field(default=90, description="Days that a request is remembered.")
    regular_requests: Count = Field(default=8, description="Similar requests that make gaps worth measuring.")
    regular_gaps: Count = Field(default=12, description="So many of the last gaps are measured.")
    regular_variation_percent: int = Field(
        default=20, ge=1, le=100, strict=True, description="Standard deviation of the gaps, in percent of their mean."
    )
    regular_hours: int = Field(
        default=12, ge=1, le=8760, strict=True, description="Gaps whose median is shorter need not be exact."
    )
    regular_seconds: int = Field(
        default=120, ge=1, le=86400, strict=True, description="Median deviation of longer gaps from their median."
    )
    burst_requests: Count = Field(default=10, description="Similar requests that make a burst.")
    burst_minutes: int = Field(default=10, ge=1, le=1440, strict=True, description="Minutes that a burst takes.")
    renewals: Count = Field(default=3, description="Renewals, of the last gaps, that are a signal.")
    renewal_seconds: int = Field(
        default=60, ge=1, le=3600, strict=True, description="Seconds around the previous end within which one renews."
    )
    clients: Keywords = Field(default=CLIENTS, description="What the user agents of scripting clients contain.")
    client_requests: Count = Field(default=3, description="Requests of scripting clients, of the last, for a signal.")


class RubberStampingChoices(ChoicesOffAtFirst):
    """How rubber stamping is found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")
    days: Days = Field(default=30, description="Days that a decision is remembered.")
    requests: Annotated[int, Field(ge=2, le=MOST_DECIDED, strict=True)] = Field(
        default=10, description="Requests that must have been decided before it is a habit."
    )
    seconds: int = Field(default=30, ge=1, le=3600, strict=True, description="Seconds within which one decides fast.")
    fast_percent: Percent = Field(default=80, description="So many of the decisions are fast, in percent, at least.")
    approved_percent: Percent = Field(default=95, description="So many of them are approvals, in percent, at least.")


class ReciprocalApprovalsChoices(ChoicesOffAtFirst):
    """How reciprocal approvals are found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")
    days: Days = Field(default=30, description="Days that an approval is remembered.")
    approvals: Annotated[int, Field(ge=1, le=MOST_APPROVALS, strict=True)] = Field(
        default=3, description="Requests that each of the two approved of the other, at least."
    )


class FlowLoosenedAndUsedChoices(ChoicesOffAtFirst):
    """How the use of a flow that one has loosened is found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.HIGH, description="How urgent it is.")
    hours: Hours = Field(default=24, description="Hours from the change to the request, at most.")


class UnusualHoursChoices(ChoicesOffAtFirst):
    """How a request at unusual hours is found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")
    days: Days = Field(default=90, description="Days that a request is remembered.")
    requests: Annotated[int, Field(ge=5, le=MOST_HOURS, strict=True)] = Field(
        default=20, description="Requests of a person that must be known before anything is said."
    )
    weeks: int = Field(default=3, ge=1, le=52, strict=True, description="Weeks that the first of them must lie back.")
    hours_around: int = Field(
        default=1, ge=0, le=11, strict=True, description="So many hours before and after count as the same hour."
    )
    unusual_percent: int = Field(
        default=2, ge=0, le=50, strict=True, description="So many of the requests, at most, are at an unusual time."
    )


class SafeguardWeakenedChoices(ChoicesOffAtFirst):
    """How a weakened safeguard is found. Nobody is exempt when they change by what anomalies are found."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.HIGH, description="How urgent it is.")


class EscalationLadderChoices(ChoicesOffAtFirst):
    """How a ladder is found. What is elevated is known by the words of all detectors."""

    severity: AnomalySeverity = Field(default=AnomalySeverity.MEDIUM, description="How urgent it is.")
    hours: Hours = Field(default=24, description="Hours from the first step to the last, at most.")
    read: Keywords = Field(default=("read", "select", "view"), description="What permissions to read contain.")
    write: Keywords = Field(
        default=("insert", "modify", "update", "write"), description="What permissions to write contain."
    )


class Nothing(Value):
    """What is remembered by a detector that needs to remember nothing."""
