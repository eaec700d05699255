"""One's own account: where one is signed in."""

from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.cookies import SESSION, forgotten
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.visitor import Visitor


def sessions(visitor: Visitor[FrontDesk]) -> Answer:
    """List one's own sessions."""
    return visitor.page("sessions.html", sessions=visitor.desk.sessions().of(visitor.principal.id))


def end_session(visitor: Visitor[FrontDesk], session_id: str) -> Answer:
    """End one of one's own sessions, perhaps this one."""
    visitor.desk.sessions().end(session_id, visitor.call)
    if session_id == visitor.session.id:
        return redirect("/auth/signed-out").with_cookies(forgotten(SESSION))
    return redirect("/account/sessions")
