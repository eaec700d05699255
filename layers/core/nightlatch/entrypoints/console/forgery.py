"""Forms that another site makes a browser send are refused, by what the browser says and by what the form must hold."""

from urllib.parse import urlsplit

from nightlatch.domain.errors import NotAllowedError
from nightlatch.entrypoints.console.visit import Visit
from nightlatch.services.sessions import same

FORM_TOKEN = "form_token"  # noqa: S105  # the field's name


def refuse_foreign(visit: Visit) -> None:
    """Refuse a form that does not come from a page of ours, as the browser says it; raise NotAllowedError."""
    site, origin = visit.headers.get("sec-fetch-site"), visit.headers.get("origin")
    is_ours = origin is not None and urlsplit(origin).netloc == visit.headers.get("host")
    if (site or "same-origin") != "same-origin" or not (is_ours or (origin is None and site)):
        raise NotAllowedError("this form was not sent from here")


def refuse_forged(visit: Visit, form_token: str) -> None:
    """Refuse a form that was not made for this session; raise NotAllowedError."""
    if not same(visit.said(FORM_TOKEN), form_token):
        raise NotAllowedError("this form is not of your session; load the page again")


def own_path(address: str) -> str:
    """Return an address if it is a path of ours, else the first page: nobody is led elsewhere after signing in."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/auth/")) and address.isprintable()
    return "/" if not is_ours or "\\" in address else address
