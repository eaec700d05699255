"""What administrators and auditors see in a browser: all requests, what stands out, the trail."""

from nightlatch.bootstrap.sessions import sessions

from nightlatch.entrypoints.console.app import lambda_handler
from nightlatch.entrypoints.console.oversight.desk import OversightDesk
from nightlatch.entrypoints.console.oversight.routes import PAGES
from nightlatch.entrypoints.console.site import Site

handler = lambda_handler(Site(OversightDesk(sessions=sessions), PAGES))
