"""Benchmarks: ratios against a baseline measured in the same run. They are run by hand, never by the test run."""
