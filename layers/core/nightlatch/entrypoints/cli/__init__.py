"""The command line: a person's way to the HTTP API, and nothing that the API does not offer."""
