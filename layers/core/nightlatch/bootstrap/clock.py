"""The clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)
