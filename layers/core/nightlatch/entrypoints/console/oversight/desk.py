"""What the pages of oversight call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.activity import activity, lookups, saved_views
from nightlatch.bootstrap.anomalies import anomalies
from nightlatch.bootstrap.audit import audit_reads, audit_trail, kept_seals, whole_entries
from nightlatch.bootstrap.exports import exports
from nightlatch.bootstrap.requests import access_requests
from nightlatch.bootstrap.trail_proof import trail_proof
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.activity import Activity
from nightlatch.services.anomalies import AnomalyDesk
from nightlatch.services.audit_reads import AuditReads
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.exports import Exports
from nightlatch.services.kept_seals import KeptSeals
from nightlatch.services.lookups import Lookups
from nightlatch.services.saved_views import SavedViewDesk
from nightlatch.services.trail_proof import TrailProof
from nightlatch.services.whole_entries import WholeEntries


@dataclass(frozen=True)
class OversightDesk(Desk):
    """Following all requests, what stands out, and the trail."""

    requests: Callable[[], AccessRequests] = access_requests
    activity: Callable[[], Activity] = activity
    saved_views: Callable[[], SavedViewDesk] = saved_views
    lookups: Callable[[], Lookups] = lookups
    trail: Callable[[], AuditTrail] = audit_trail
    audit_reads: Callable[[], AuditReads] = audit_reads
    whole_entries: Callable[[], WholeEntries] = whole_entries
    kept_seals: Callable[[], KeptSeals] = kept_seals
    trail_proof: Callable[[], TrailProof] = trail_proof
    exports: Callable[[], Exports] = exports
    anomalies: Callable[[], AnomalyDesk] = anomalies
