"""Nightlatch: self-hosted just-in-time access with a complete, verifiable audit trail."""
