"""Second numbers: where one person was given another number by a source that already knew them, and by whom.

Counted as the index stands: a record counts as a second number if its person holds an older record of the same
source, or if the source itself has given it up for another one. Undecided duplicates are not counted: they are open
tasks. Of a large index this reads every record, so it is counted once an hour, for all periods at once, and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.core.cache import cache
from django.db import connection

from matching.evaluate import Share
from mpi.models import SourceRecord
from review.queries.metrics import PERIODS, Period

REGISTRARS_SHOWN = 25
_LARGE = 20_000
"""Keys of source records up to which all of them are counted for each look: some tens of milliseconds."""
_KEPT = "desk-second-numbers"
_KEPT_S = 2 * 3600

_COUNTED = f"""
WITH numbered AS (
  SELECT r.source_system_id, r.uuid, coalesce(r.told ->> 'registrar', '') AS registrar,
    m.id IS NOT NULL OR (l.id IS NOT NULL AND
    row_number() OVER (PARTITION BY l.golden_record_id, r.source_system_id ORDER BY r.id) > 1) AS is_second
  FROM mpi_source_record r
  LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
  LEFT JOIN mpi_source_merge m ON m.subsumed_id = r.id AND m.ended_at IS NULL
)
SELECT s.name, n.registrar,
  {", ".join(f"count(*) FILTER (WHERE n.uuid >= %(d{days})s)" for days in PERIODS)},
  {", ".join(f"count(*) FILTER (WHERE n.uuid >= %(d{days})s AND n.is_second)" for days in PERIODS)}
FROM numbered n JOIN mpi_source_system s ON s.id = n.source_system_id
WHERE n.uuid >= %(d{max(PERIODS)})s
GROUP BY s.name, n.registrar
"""  # noqa: S608  # the numbers of PERIODS


@dataclass(frozen=True, slots=True)
class Made:
    """New records of a source in the period, and how many of them are second numbers."""

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
    """By source (most second numbers first), and the registrars with the most; as counted at a time."""

    counted_at: datetime
    sources: tuple[Made, ...]
    registrars: tuple[RegistrarMade, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: (source, registrar) to new records and second numbers in each of PERIODS, in their order."""

    at: datetime
    rows: tuple[tuple[str, str, tuple[int, ...], tuple[int, ...]], ...]


def count_second_numbers(*, now: datetime) -> Counted:
    """Count anew and keep it. One query that reads every source record. A task does it each hour."""
    asked = {f"d{days}": _first_uuid(now - timedelta(days=days)) for days in PERIODS}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, asked)
        told = cursor.fetchall()
    half = 2 + len(PERIODS)
    counted = Counted(now, tuple((row[0], row[1], tuple(row[2:half]), tuple(row[half:])) for row in told))
    cache.set(_KEPT, counted, timeout=_KEPT_S)
    return counted


def duplicate_figures(period: Period) -> DuplicateFigures:
    """Of the records that came new in the period. Two queries, one on a large index whose figures are kept."""
    counted = _counted(period.until)
    place = list(PERIODS).index(period.days)
    sources: dict[str, tuple[int, int]] = {}
    registrars = []
    for name, registrar, records, second in counted.rows:
        hits, of = sources.get(name, (0, 0))
        sources[name] = (hits + second[place], of + records[place])
        registrars.append(RegistrarMade(registrar, name, Share(second[place], records[place])))
    made = [Made(name, Share(*shares)) for name, shares in sources.items() if shares[1]]
    return DuplicateFigures(
        counted_at=counted.at,
        sources=tuple(sorted(made, key=lambda one: (-one.duplicates.hits, one.name))),
        registrars=tuple(
            sorted(
                (one for one in registrars if one.duplicates.hits),
                key=lambda one: (-one.duplicates.hits, one.source, one.registrar),
            )[:REGISTRARS_SHOWN]
        ),
    )


def _counted(now: datetime) -> Counted:
    newest = SourceRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    kept = cast("Counted | None", cache.get(_KEPT)) if newest > _LARGE else None
    return kept or count_second_numbers(now=now)


def _first_uuid(moment: datetime) -> UUID:
    """The lowest UUID of version 7 made at that moment (RFC 9562 §5.7): source records carry such, in order of time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
