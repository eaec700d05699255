"""The pages of oversight."""

from nightlatch.entrypoints.console.oversight import activity, choices, report
from nightlatch.entrypoints.console.site import ADMINS, READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/oversight/activity"): activity.show,
        ("GET", "/oversight/activity/figures"): activity.figures,
        ("GET", "/oversight/activity/export"): report.ask,
        ("GET", "/oversight/activity/export/file"): report.download,
        ("GET", "/oversight/choices/{kind}/{name}"): choices.show,
    },
    ADMINS: {
        ("POST", "/oversight/activity/revoke"): activity.revoke,
    },
}
