"""Figures for CloudWatch: log lines in the embedded metric format, all under one name."""

NAMESPACE = "Nightlatch"
