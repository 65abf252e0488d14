"""Records in batches that share no blocking key, so that workers do not wait for one another's locks.

Two batches of a hundred records of one place share some key nine times in ten, and every key is locked until the
commit. Only a way to go faster: what holds is the lock law, however the batches are made up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from matching.blocking import blocking_pairs
from matching.records import PatientRecord
from matching.standardise import standardise
from mpi.services.components import components


def batches_apart(records: Sequence[PatientRecord], *, size: int) -> list[list[int]]:
    """Places of the records in batches of at most `size`, those that share a key together, each batch ascending.

    More than `size` that hang together are divided in their order. Cost: some 50 µs a record.
    """
    if len(records) <= size:
        return [list(range(len(records)))] if records else []
    batches: list[list[int]] = []
    for group in sorted(components(len(records), _ties(records)).values(), key=len, reverse=True):
        for first in range(0, len(group), size):
            part = group[first : first + size]
            room = next((batch for batch in batches if len(batch) + len(part) <= size), None)
            if room is None:
                batches.append(part)
            else:
                room += part
    return [sorted(batch) for batch in batches]


def _ties(records: Sequence[PatientRecord]) -> Iterator[tuple[int, int]]:
    """Each record with the first one that has its number, and with the first that has each of its keys."""
    seen: dict[Hashable, int] = {}
    for place, record in enumerate(records):
        keys: set[Hashable] = {(record.source_system, record.mrn), *blocking_pairs(standardise(record))}
        yield place, place
        for first in {seen.setdefault(key, place) for key in keys} - {place}:
            yield first, place
