"""The pictures of the documentation: the console's pages and the trail as PDF, of a company that never was.

`uv run python -m tests.screenshots` makes them all anew, in docs/images. They do not change unless the pages do.
"""
