"""Second numbers: where one person was given another number by a source that already knew them, and by whom.

Counted as the index stands: a record counts as a second number if its person holds an older record of the same
source, or if the source itself has given it up for another one. Undecided duplicates are not counted: they are open
tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from matching.evaluate import Share
from review.queries.metrics import Period

REGISTRARS_SHOWN = 25

_COUNTED = """
WITH fresh AS (
  SELECT r.id, r.source_system_id, coalesce(r.told ->> 'registrar', '') AS registrar, l.golden_record_id
  FROM mpi_source_record r LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
  WHERE r.uuid >= %s
)
SELECT s.code, s.name, f.registrar, count(*), count(*) FILTER (WHERE EXISTS (
  SELECT FROM mpi_link o JOIN mpi_source_record e ON e.id = o.source_record_id
  WHERE o.golden_record_id = f.golden_record_id AND o.ended_at IS NULL
  AND e.source_system_id = f.source_system_id AND e.id < f.id
) OR EXISTS (SELECT FROM mpi_source_merge g WHERE g.subsumed_id = f.id AND g.ended_at IS NULL))
FROM fresh f JOIN mpi_source_system s ON s.id = f.source_system_id
GROUP BY s.code, s.name, f.registrar
"""


@dataclass(frozen=True, slots=True)
class Made:
    """New records of a source in the period, and how many of them are second numbers."""

    code: str
    name: str
    duplicates: Share


@dataclass(frozen=True, slots=True)
class RegistrarMade:
    """The same of one registrar of a source; "" where the source does not say who registered."""

    registrar: str
    source: str
    duplicates: Share


@dataclass(frozen=True, slots=True)
class DuplicateFigures:
    """By source (most second numbers first), and the registrars with the most."""

    sources: tuple[Made, ...]
    registrars: tuple[RegistrarMade, ...]


def duplicate_figures(period: Period) -> DuplicateFigures:
    """Of the records that came new in the period. One query."""
    sources: dict[tuple[str, str], tuple[int, int]] = {}
    registrars = []
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [_first_uuid(period.since)])
        for code, name, registrar, records, second in cursor.fetchall():
            before = sources.get((code, name), (0, 0))
            sources[code, name] = (before[0] + second, before[1] + records)
            registrars.append(RegistrarMade(registrar, name, Share(second, records)))
    made = [Made(code, name, Share(*counted)) for (code, name), counted in sources.items()]
    return DuplicateFigures(
        sources=tuple(sorted(made, key=lambda one: (-one.duplicates.hits, one.name))),
        registrars=tuple(
            sorted(
                (one for one in registrars if one.duplicates.hits),
                key=lambda one: (-one.duplicates.hits, one.source, one.registrar),
            )[:REGISTRARS_SHOWN]
        ),
    )


def _first_uuid(moment: datetime) -> UUID:
    """The lowest UUID of version 7 made at that moment (RFC 9562 §5.7): source records carry such, in order of time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
