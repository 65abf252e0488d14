"""Records in batches that share no blocking key, so that workers do not wait for one another's locks.

Two batches of a hundred records of one place share some key nine times in ten, and every key is locked until the
commit. Only a way to go faster: what holds is the lock law, however the batches are made up.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from matching.blocking import blocking_keys
from matching.records import PatientRecord
from matching.standardise import standardise


def batches_apart(records: Sequence[PatientRecord], *, size: int) -> list[list[int]]:
    """Places of the records in batches of at most `size`, those that share a key together, each batch ascending.

    More than `size` that hang together are divided in their order. Cost: some 60 µs a record.
    """
    if len(records) <= size:
        return [list(range(len(records)))] if records else []
    batches: list[list[int]] = []
    for group in sorted(_groups(records), key=len, reverse=True):
        for first in range(0, len(group), size):
            part = group[first : first + size]
            room = next((batch for batch in batches if len(batch) + len(part) <= size), None)
            if room is None:
                batches.append(part)
            else:
                room += part
    return [sorted(batch) for batch in batches]


def _groups(records: Sequence[PatientRecord]) -> list[list[int]]:
    """Connected components, each ascending."""
    parent = list(range(len(records)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    seen: dict[Hashable, int] = {}
    for place, record in enumerate(records):
        own = (record.source_system, record.mrn)
        for key in (own, *((key.rule, key.value) for key in blocking_keys(standardise(record)))):
            one, other = root(seen.setdefault(key, place)), root(place)
            parent[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = {}
    for place in range(len(records)):
        groups.setdefault(root(place), []).append(place)
    return list(groups.values())
