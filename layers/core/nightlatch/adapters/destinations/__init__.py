"""One module per kind of destination. A new one is a module and a line in the registry."""
