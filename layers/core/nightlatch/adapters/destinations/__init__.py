"""Kinds of destinations: where events go, and in what form."""
