"""What strangers are shown: pages without a frame, and the way in."""

import secrets
from urllib.parse import urlencode

from nightlatch.entrypoints.console.answers import Answer, html
from nightlatch.entrypoints.console.cookies import SESSION, forgotten
from nightlatch.entrypoints.console.forgery import own_path
from nightlatch.entrypoints.console.templating import rendered
from nightlatch.entrypoints.console.visit import Visit


def to_sign_in(visit: Visit) -> Answer:
    """Ask a stranger to sign in, and remember where they wanted to go."""
    wanted = own_path(visit.address) if visit.method == "GET" else "/"
    again = f"/auth/login?{urlencode({'return_to': wanted})}"
    page = page_for_strangers("signed_out.html", again=again, is_new=SESSION not in visit.cookies).with_cookies(
        forgotten(SESSION)
    )
    # A part of a page that is asked for anew must not be replaced by this page: the whole page is to be loaded again.
    return page.with_headers(HX_Refresh="true") if "hx-request" in visit.headers else page


def page_for_strangers(template: str, *, status: int = 200, **shown: object) -> Answer:
    """Show a page to somebody who is not signed in."""
    nonce = secrets.token_urlsafe(16)
    return html(rendered(template, nonce=nonce, **shown), nonce=nonce, status=status)
