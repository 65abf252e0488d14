"""Source records for training and comparing models: read in portions, SSNs decrypted into memory and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from django.db import connection

from matching.records import StandardRecord
from mpi import codec
from mpi.models import RecordState, SourceRecord

_PORTION = 5_000
_SAMPLE = """
SELECT r.id
FROM mpi_source_record r
LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
LEFT JOIN (
  SELECT l.golden_record_id, min(encode(r.ssn_index, 'hex')) AS ssn
  FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id
  WHERE l.ended_at IS NULL AND r.ssn_index IS NOT NULL
  GROUP BY l.golden_record_id
) g ON g.golden_record_id = l.golden_record_id
WHERE r.state = %s
ORDER BY hashtextextended(coalesce(g.ssn, l.golden_record_id::text, r.id::text), %s), r.id
LIMIT %s
"""
_RECORDS = "SELECT id, uuid, standard, ssn_cipher FROM mpi_source_record WHERE id = ANY(%s)"


def indexed_records() -> int:
    """How many source records stand in the index. One query."""
    return SourceRecord.objects.filter(state=RecordState.ACTIVE).count()


def sample_of_people(most: int, *, seed: int) -> list[int]:
    """Ids of at most so many records, whole persons at a time: records of one golden record, or with one SSN, come
    together, so that a sample holds the same share of matches as the index. The same index and seed give the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, [RecordState.ACTIVE, seed, most])
        return sorted(row[0] for row in cursor.fetchall())


def read_standard(ids: Sequence[int], advance: Callable[[int], None] | None = None) -> dict[int, StandardRecord]:
    """The standard records, by id, ascending. `advance` is told how many more were read."""
    found: dict[int, StandardRecord] = {}
    for portion in portions(sorted(ids), _PORTION):
        with connection.cursor() as cursor:
            cursor.execute(_RECORDS, [portion])
            rows = cursor.fetchall()
        for record_id, uuid, standard, ssn_cipher in rows:
            found[record_id] = codec.stored_standard(standard, ssn_cipher, uuid)
        if advance is not None:
            advance(len(portion))
    return {record_id: found[record_id] for record_id in sorted(found)}


def portions(ids: Iterable[int], size: int) -> Iterable[list[int]]:
    """Lists of at most `size`, in order."""
    rest = iter(ids)
    while portion := list(islice(rest, size)):
        yield portion
