"""The pages of oversight."""

from nightlatch.entrypoints.console.oversight import activity, anomalies, choices, report
from nightlatch.entrypoints.console.site import ADMINS, READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/oversight/activity"): activity.show,
        ("GET", "/oversight/activity/figures"): activity.figures,
        ("GET", "/oversight/activity/export"): report.ask,
        ("GET", "/oversight/activity/export/file"): report.download,
        ("GET", "/oversight/anomalies"): anomalies.show,
        ("GET", "/oversight/anomalies/count"): anomalies.count,
        ("GET", "/oversight/anomalies/{anomaly_id}"): anomalies.show_one,
        ("GET", "/oversight/choices/{kind}/{name}"): choices.show,
    },
    ADMINS: {
        ("POST", "/oversight/activity/revoke"): activity.revoke,
        ("POST", "/oversight/anomalies/{anomaly_id}/acknowledge"): anomalies.acknowledge,
        ("POST", "/oversight/anomalies/{anomaly_id}/resolve"): anomalies.resolve,
        ("POST", "/oversight/anomalies/{anomaly_id}/revoke"): anomalies.revoke,
    },
}
