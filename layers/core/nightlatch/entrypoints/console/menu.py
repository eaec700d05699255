"""The menu: where one may go, by one's roles."""

from collections.abc import Mapping
from typing import NamedTuple

from nightlatch.domain.identity import Principal
from nightlatch.entrypoints.console.site import PEOPLE, READERS


class Entry(NamedTuple):
    """A place to go: its address, icon and name, and where the number of what waits there is found."""

    address: str
    icon: str
    name: str
    number: str = ""

    def holds(self, path: str) -> bool:
        """Whether a page is this one, or one below it."""
        return path == self.address or (self.address != "/" and path.startswith(f"{self.address}/"))


MENU = {
    "": (
        PEOPLE,
        (
            Entry("/", "home", "My access"),
            Entry("/approvals", "inbox", "Approvals", "/approvals/count"),
            Entry("/request", "plus", "Request access"),
        ),
    ),
    "Oversight": (
        READERS,
        (
            Entry("/oversight/activity", "pulse", "Activity"),
            Entry("/oversight/anomalies", "shield", "Anomalies", "/oversight/anomalies/count"),
            Entry("/oversight/audit", "scroll", "Audit log"),
        ),
    ),
    "Configure": (
        READERS,
        (
            Entry("/configuration/flows", "flow", "Access flows"),
            Entry("/configuration/integrations", "plug", "Integrations"),
            Entry("/configuration/destinations", "send", "Destinations"),
            Entry("/configuration/people", "people", "People"),
            Entry("/configuration/settings", "gear", "Settings"),
        ),
    ),
}
"""Each group of entries with whom it is for."""


def menu_of(reader: Principal) -> Mapping[str, tuple[Entry, ...]]:
    """List the groups that a reader may open."""
    return {group: entries for group, (roles, entries) in MENU.items() if reader.has(*roles)}
