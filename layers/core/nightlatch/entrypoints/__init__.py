"""How it is called: HTTP API, streams, schedules, command line."""
