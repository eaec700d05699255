"""The pages of configuration. Auditors look, administrators change."""

from nightlatch.entrypoints.console.configuration import flows
from nightlatch.entrypoints.console.site import READERS, Pages

PAGES: Pages = {
    READERS: {
        ("GET", "/configuration/flows"): flows.show,
    },
}
