"""What people see in a browser: signing in, and their own access."""

from nightlatch.bootstrap.sessions import sessions
from nightlatch.bootstrap.signing_in import signing_in

from nightlatch.entrypoints.console.app import lambda_handler
from nightlatch.entrypoints.console.front.desk import FrontDesk
from nightlatch.entrypoints.console.front.routes import PAGES, STRANGERS
from nightlatch.entrypoints.console.site import Site

handler = lambda_handler(Site(FrontDesk(sessions=sessions, signing_in=signing_in), PAGES, STRANGERS))
