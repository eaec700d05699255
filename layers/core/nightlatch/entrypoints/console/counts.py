"""The numbers in the menu: pieces that come after a page, and are kept by the browser for a little."""

from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.visitor import D, Visitor
from nightlatch.services.counting import Counted

FOR_A_LITTLE = "private, max-age=30"


def count(visitor: Visitor[D], counted: Counted, *, what: str, is_urgent: bool = False) -> Answer:
    """Show a number; nothing when there is nothing. What was kept is never shown to whoever signs in next."""
    answer = visitor.page("count.html", keep=FOR_A_LITTLE, counted=counted, what=what, is_urgent=is_urgent)
    return answer.with_headers(Vary="HX-Request, Cookie")
