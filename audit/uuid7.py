"""Time-ordered UUIDs, for every row that is found by one: new keys are neighbours in the index."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): its first 48 bits are milliseconds since 1970.

    A random key would touch another page of the index for each new row, and log it whole after a checkpoint.
    """
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    return UUID(int=milliseconds << 80 | 0x7 << 76 | chance >> 68 << 64 | 0b10 << 62 | chance & (1 << 62) - 1)
