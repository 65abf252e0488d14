"""What waits for a steward: potential matches and suspected overlays."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_OPEN_QUESTIONS = """
WITH apart AS (
  SELECT DISTINCT least(low.golden_record_id, high.golden_record_id) AS one,
    greatest(low.golden_record_id, high.golden_record_id) AS other
  FROM mpi_separation_pair p JOIN mpi_separation s ON s.id = p.separation_id AND s.lifted_at IS NULL
  JOIN mpi_link low ON low.source_record_id = p.record_low_id AND low.ended_at IS NULL
  JOIN mpi_link high ON high.source_record_id = p.record_high_id AND high.ended_at IS NULL
)
SELECT 'potential match ' || m.uuid, CASE
  WHEN m.status <> 'open' THEN NULL
  WHEN m.golden_a_id = m.golden_b_id THEN 'open, and both sides are one golden record'
  WHEN a.status NOT IN ('provisional', 'confirmed') OR b.status NOT IN ('provisional', 'confirmed')
    THEN 'open, and a side lives no more'
  WHEN la.golden_record_id IS DISTINCT FROM m.golden_a_id OR lb.golden_record_id IS DISTINCT FROM m.golden_b_id
    THEN 'open, and its source records are not members of its sides'
  WHEN apart.one IS NOT NULL THEN 'open, and a separation has answered it' END
FROM mpi_potential_match m
JOIN mpi_golden_record a ON a.id = m.golden_a_id JOIN mpi_golden_record b ON b.id = m.golden_b_id
LEFT JOIN mpi_link la ON la.source_record_id = m.record_a_id AND la.ended_at IS NULL
LEFT JOIN mpi_link lb ON lb.source_record_id = m.record_b_id AND lb.ended_at IS NULL
LEFT JOIN apart ON m.status = 'open' AND apart.one = least(m.golden_a_id, m.golden_b_id)
  AND apart.other = greatest(m.golden_a_id, m.golden_b_id)
"""
_CLOSED_QUESTIONS = """
SELECT 'potential match ' || m.uuid, CASE
  WHEN m.status = 'open' AND (m.closed_at IS NOT NULL OR m.closed_reason <> '' OR m.resolved_by_event_id IS NOT NULL)
    THEN 'open, and says why it was closed'
  WHEN m.status <> 'open' AND (m.closed_at IS NULL OR m.closed_reason = '') THEN 'closed, and does not say when or why'
  WHEN m.status IN ('same', 'different') AND e.id IS NULL THEN 'answered, and names no identity event' END
FROM mpi_potential_match m LEFT JOIN mpi_identity_event e ON e.id = m.resolved_by_event_id
"""
_OVERLAYS = """
SELECT 'source record ' || r.uuid, CASE WHEN r.state = 'quarantined' AND t.source_record_id IS NULL
  THEN 'quarantined, and no overlay task is open for it' END
FROM mpi_source_record r LEFT JOIN mpi_identity_task t
  ON t.source_record_id = r.id AND t.type = 'overlay' AND t.status = 'open'
"""
_TASKS = """
SELECT 'identity task ' || t.uuid, CASE
  WHEN t.status = 'open' AND t.closed_at IS NOT NULL THEN 'open, and says when it was closed'
  WHEN t.status <> 'open' AND t.closed_at IS NULL THEN 'closed, and does not say when'
  WHEN t.closed_at < t.opened_at THEN 'closed before it was opened' END
FROM mpi_identity_task t
"""

QUESTIONS: Final = (
    Invariant(
        "open-questions",
        "Every open potential match is about two live golden records that hold its two source records, "
        "and no separation has answered it.",
        "mpi_potential_match",
        by_sql(_OPEN_QUESTIONS),
    ),
    Invariant(
        "closed-questions",
        "Every closed potential match says when and why; an answered one names the act.",
        "mpi_potential_match",
        by_sql(_CLOSED_QUESTIONS),
    ),
    Invariant(
        "overlays",
        "Every quarantined source record has an open overlay task.",
        "mpi_source_record",
        by_sql(_OVERLAYS),
    ),
    Invariant(
        "identity-tasks",
        "Every identity task that is not open says when it was closed, and no open one does.",
        "mpi_identity_task",
        by_sql(_TASKS),
    ),
)
