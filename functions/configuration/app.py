"""What administrators choose in a browser: access flows, systems, destinations, settings."""

from nightlatch.bootstrap.sessions import sessions

from nightlatch.entrypoints.console.app import lambda_handler
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.routes import PAGES
from nightlatch.entrypoints.console.site import Site

handler = lambda_handler(Site(ConfigurationDesk(sessions=sessions), PAGES))
