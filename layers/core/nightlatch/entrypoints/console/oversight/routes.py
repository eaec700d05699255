"""The pages of oversight."""

from nightlatch.entrypoints.console.oversight import activity
from nightlatch.entrypoints.console.site import READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/oversight/activity"): activity.show,
    }
}
