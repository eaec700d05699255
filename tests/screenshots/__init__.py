"""The pictures of the documentation: the console's pages, shown to somebody in a company that never was.

`uv run python -m tests.screenshots` makes them all anew, in docs/images. They do not change unless the pages do.
"""
