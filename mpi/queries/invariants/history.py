"""Behind nobody's back: of every tracked row the newest history row says what the row says, and no version lacks."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

from mpi.queries.invariants.finding import Invariant, Looked, by_sql

_COLUMNS = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = ANY(%s) GROUP BY table_name
"""
_TRACKED = {
    "mpi_source_record": ("mpi_historicalsourcerecord", "'source record ' || t.uuid"),
    "mpi_golden_record": ("mpi_historicalgoldenrecord", "'golden record ' || t.euid"),
    "mpi_link": (
        "mpi_historicallink",
        "'identity event ' || (SELECT e.uuid FROM mpi_identity_event e WHERE e.id = t.opened_by_event_id)",
    ),
    "mpi_potential_match": ("mpi_historicalpotentialmatch", "'potential match ' || t.uuid"),
}
"""Each tracked table with its history and the name of a row."""
_NEWEST = """
SELECT {subject}, CASE
  WHEN h.id IS NULL THEN 'no history'
  WHEN ({ours}) IS DISTINCT FROM ({theirs}) THEN 'the row is not what its newest history says' END
FROM {table} t LEFT JOIN (SELECT DISTINCT ON (id) * FROM {history} ORDER BY id, history_id DESC) h ON h.id = t.id
"""
_STRAYS = """
SELECT 'history of {table}', 'a row is gone that its history knows'
FROM {history} h WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = h.id)
"""
_VERSIONS = """
SELECT 'golden record ' || g.euid, CASE WHEN v.number IS DISTINCT FROM g.version THEN 'a version is missing' END
FROM mpi_golden_record g
LEFT JOIN (SELECT id, count(DISTINCT version) AS number FROM mpi_historicalgoldenrecord GROUP BY id) v ON v.id = g.id
UNION ALL
SELECT 'source record ' || r.uuid, CASE WHEN v.number IS DISTINCT FROM r.version THEN 'a version is missing' END
FROM mpi_source_record r
LEFT JOIN (SELECT id, count(DISTINCT version) AS number FROM mpi_historicalsourcerecord GROUP BY id) v ON v.id = r.id
"""


def _look(examples: int) -> Looked:
    parts = []
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [list(_TRACKED)])
        columns: dict[str, list[str]] = dict(cursor.fetchall())
    for table, (history, subject) in _TRACKED.items():
        told: dict[str, Any] = {"table": table, "history": history, "subject": subject}
        for side, alias in (("ours", "t"), ("theirs", "h")):
            told[side] = ", ".join(f'{alias}."{name}"' for name in columns[table])
        parts += [_NEWEST.format(**told), _STRAYS.format(**told)]
    return by_sql(" UNION ALL ".join(f"({part})" for part in parts))(examples)


HISTORY: Final = (
    Invariant(
        "history",
        "The newest history of every source record, golden record, link and potential match is what the row says.",
        "mpi_source_record",
        _look,
    ),
    Invariant(
        "versions",
        "Every version of a source record and of a golden record is in its history.",
        "mpi_source_record",
        by_sql(_VERSIONS),
    ),
)
