"""One module per kind of target system, each passing the one conformance suite."""
