"""SQL that ingest and a question share: from a key to its records, from a golden record to its members.

Each step is by the key of the one before, and fenced: a planner that takes the tables for empty, because it saw them
so, would join them whole.
"""

from __future__ import annotations

from mpi.models import LIVE_STATUSES

LIVE = ", ".join(f"'{status.value}'" for status in LIVE_STATUSES)
"""Statuses of golden records that can be found, as SQL writes a list."""
HITS = "SELECT source_record_id FROM mpi_blocking_key WHERE key = k ORDER BY source_record_id LIMIT n"
"""Source records that hold a wanted key `k`, at most `n`."""


def members(golden: str, columns: str) -> str:
    """Joins: `g` with these columns of the golden record that `golden` names, its open links `l`, their records `r`."""
    return f"""
CROSS JOIN LATERAL (
  SELECT {columns} FROM mpi_golden_record WHERE id = {golden} AND status IN ({LIVE}) OFFSET 0
) g
CROSS JOIN LATERAL (
  SELECT source_record_id, by_human FROM mpi_link WHERE golden_record_id = g.id AND ended_at IS NULL OFFSET 0
) l
CROSS JOIN LATERAL (
  SELECT id, uuid, standard, ssn_cipher, state FROM mpi_source_record WHERE id = l.source_record_id OFFSET 0
) r
"""  # noqa: S608  # names of our own columns
