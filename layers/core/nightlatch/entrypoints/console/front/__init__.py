"""Signing in, and one's own access: holding it, asking for it, deciding about it."""
