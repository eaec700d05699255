"""The pages of oversight."""

from nightlatch.entrypoints.console.oversight import activity, choices, report, views
from nightlatch.entrypoints.console.site import ADMINS, READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/oversight/activity"): activity.show,
        ("GET", "/oversight/activity/figures"): activity.figures,
        ("GET", "/oversight/activity/export"): report.ask,
        ("GET", "/oversight/activity/export/file"): report.download,
        ("POST", "/oversight/views"): views.save,
        ("POST", "/oversight/views/remove"): views.remove,
        ("GET", "/oversight/choices/{kind}/{name}"): choices.show,
    },
    ADMINS: {
        ("POST", "/oversight/activity/revoke"): activity.revoke,
    },
}
