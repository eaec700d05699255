"""The pages of oversight."""

from nightlatch.entrypoints.console.oversight import (
    activity,
    anomalies,
    audit,
    audit_entry,
    audit_export,
    choices,
    report,
    views,
)
from nightlatch.entrypoints.console.site import ADMINS, READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/oversight/activity"): activity.show,
        ("GET", "/oversight/activity/figures"): activity.figures,
        ("GET", "/oversight/activity/export"): report.ask,
        ("GET", "/oversight/activity/export/file"): report.download,
        ("POST", "/oversight/views"): views.save,
        ("POST", "/oversight/views/remove"): views.remove,
        ("GET", "/oversight/anomalies"): anomalies.show,
        ("GET", "/oversight/anomalies/count"): anomalies.count,
        ("GET", "/oversight/anomalies/{anomaly_id}"): anomalies.show_one,
        ("GET", "/oversight/choices/{kind}/{name}"): choices.show,
        ("GET", "/oversight/audit"): audit.show,
        ("POST", "/oversight/audit/verify"): audit.verify,
        ("GET", "/oversight/audit/requests/{request_id}/card"): audit.card,
        ("GET", "/oversight/audit/export"): audit_export.show,
        ("POST", "/oversight/audit/export"): audit_export.send,
        ("GET", "/oversight/audit/exports/{export_id}"): audit_export.job,
        ("GET", "/oversight/audit/{entry_id}"): audit_entry.show,
    },
    ADMINS: {
        ("POST", "/oversight/activity/revoke"): activity.revoke,
        ("POST", "/oversight/anomalies/{anomaly_id}/acknowledge"): anomalies.acknowledge,
        ("POST", "/oversight/anomalies/{anomaly_id}/resolve"): anomalies.resolve,
        ("POST", "/oversight/anomalies/{anomaly_id}/revoke"): anomalies.revoke,
    },
}
