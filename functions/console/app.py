"""What a person sees in a browser."""

from nightlatch.bootstrap.console import sessions, signing_in

from nightlatch.entrypoints.console.app import lambda_handler
from nightlatch.entrypoints.console.desk import Desk

handler = lambda_handler(Desk(sessions=sessions, signing_in=signing_in))
