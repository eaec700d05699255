"""Views that readers keep of lists."""

from urllib.parse import parse_qsl, urlencode

from nightlatch.domain.errors import Fault, InvalidInputError
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.forgery import own_path
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.visitor import Visitor

LISTS = ("/oversight/activity", "/oversight/anomalies", "/oversight/audit")


def save(visitor: Visitor[OversightDesk]) -> Answer:
    """Keep what a list shows, under a name."""
    path, _, query = visitor.visit.said("address").partition("?")
    if path not in LISTS:
        raise InvalidInputError(Fault("/address", "is not that of a list"))
    address = f"{path}?{urlencode(parse_qsl(query))}" if query else path
    visitor.desk.saved_views().save(visitor.visit.said("name"), address, visitor.call)
    return redirect(address)


def remove(visitor: Visitor[OversightDesk]) -> Answer:
    """Keep a view no longer."""
    visitor.desk.saved_views().remove(visitor.visit.said("name"), visitor.call)
    return redirect(own_path(visitor.visit.said("back")))
