"""Identifiers that sort by the time they were made: UUID version 7 (RFC 9562) and our prefixed short form of it."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

RANDOM_BYTES = 8
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_INDEX = 0xFFF


def uuid7(at: datetime, *, index: int = 0, random: bytes) -> UUID:
    """Build a UUIDv7 from a time, a position within that time's batch (0..4095) and 8 random bytes."""
    if not 0 <= index <= _LONGEST_INDEX:
        raise ValueError(f"index {index} does not fit into 12 bits")
    variant_and_random = 0b10 << 62 | int.from_bytes(random[:RANDOM_BYTES]) >> 2
    return UUID(int=_milliseconds(at) << 80 | 0x7 << 76 | index << 64 | variant_and_random)


def prefixed(prefix: str, uuid: UUID) -> str:
    """Write a UUID as `req_0cn4…`: base 32 with the extended hex alphabet, which keeps the order."""
    return f"{prefix}_{base64.b32hexencode(uuid.bytes).decode().rstrip('=').lower()}"


def lowest_id(prefix: str, at: datetime) -> str:
    """Return a bound that no id made at or after `at` is below."""
    return prefixed(prefix, UUID(int=max(_milliseconds(at), 0) << 80))


def _milliseconds(at: datetime) -> int:
    """Count without floats, which are off by one for times some years ahead."""
    return (at - EPOCH) // timedelta(milliseconds=1)
