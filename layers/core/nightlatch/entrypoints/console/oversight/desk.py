"""What the pages of oversight call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.activity import activity, lookups
from nightlatch.bootstrap.anomalies import anomalies
from nightlatch.bootstrap.audit import audit_reads, audit_trail
from nightlatch.bootstrap.requests import access_requests
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.activity import Activity
from nightlatch.services.anomalies import AnomalyDesk
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.lookups import Lookups


@dataclass(frozen=True)
class OversightDesk(Desk):
    """Following all requests, and what stands out."""

    requests: Callable[[], AccessRequests] = access_requests
    activity: Callable[[], Activity] = activity
    lookups: Callable[[], Lookups] = lookups
    anomalies: Callable[[], AnomalyDesk] = anomalies
    trail: Callable[[], AuditTrail] = audit_trail
    audit_reads: Callable[[], AuditReads] = audit_reads
