"""Who was told: the audit log and the outbox know of every act and change."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_ACTS = """
WITH said AS MATERIALIZED (
  SELECT DISTINCT e.correlation_id, e.recorded_at, named.subject
  FROM audit_event e, unnest(e.subjects) AS named(subject)
  WHERE e.action LIKE 'golden.%%' OR e.action LIKE 'link.%%' OR e.action LIKE 'separation.%%'
    OR e.action LIKE 'record.%%' OR e.action LIKE 'potential_match.%%' OR e.action LIKE 'identity.%%'
    OR e.action LIKE 'task.%%' OR e.action LIKE 'override.%%' OR e.action LIKE 'relationship.%%'
), acts AS (
  SELECT e.uuid, bool_or(said.subject IS NOT NULL) AS told, cardinality(e.golden_record_ids) AS number
  FROM mpi_identity_event e
  LEFT JOIN LATERAL unnest(e.golden_record_ids) AS touched(golden_id) ON true
  LEFT JOIN mpi_golden_record g ON g.id = touched.golden_id
  LEFT JOIN said ON said.correlation_id = e.correlation_id AND said.recorded_at = e.recorded_at
    AND (said.subject = 'golden_record:' || g.euid OR cardinality(e.golden_record_ids) = 0)
  GROUP BY e.id
)
SELECT 'identity event ' || acts.uuid, CASE WHEN NOT acts.told THEN 'no audit event tells of it' END FROM acts
"""
_MOVES = """
WITH said AS MATERIALIZED (
  SELECT DISTINCT e.recorded_at, named.subject FROM audit_event e, unnest(e.subjects) AS named(subject)
  WHERE e.action IN ('link.opened', 'link.ended', 'golden.merged', 'golden.unmerged', 'identity.undone',
    'record.merged', 'record.unmerged', 'task.resolved') AND named.subject LIKE 'golden_record:%%'
), moves AS (
  SELECT golden_record_id, opened_at AS moment, opened_by_event_id AS event_id FROM mpi_link
  UNION ALL SELECT golden_record_id, ended_at, ended_by_event_id FROM mpi_link WHERE ended_at IS NOT NULL
)
SELECT 'golden record ' || g.euid, CASE WHEN said.subject IS NULL THEN 'a link that the audit log does not know' END
FROM moves JOIN mpi_golden_record g ON g.id = moves.golden_record_id
LEFT JOIN said ON said.recorded_at = moves.moment AND said.subject = 'golden_record:' || g.euid
"""
_RECORD_CHANGES = """
WITH said AS MATERIALIZED (
  SELECT e.correlation_id, e.subject_id, count(*) AS number FROM audit_event e
  WHERE e.subject_type = 'source_record' AND (
      e.action LIKE 'record.%%' OR e.action LIKE 'task.%%' OR e.action LIKE 'link.%%') AND e.action <> 'record.read'
  GROUP BY 1, 2
), changes AS (
  SELECT id, uuid, history_correlation_id AS correlation_id, count(*) AS number
  FROM mpi_historicalsourcerecord GROUP BY 1, 2, 3
)
SELECT 'source record ' || c.uuid, CASE WHEN said.number IS NULL OR said.number < c.number
  THEN 'a change that the audit log does not know' END
FROM changes c LEFT JOIN said ON said.correlation_id = c.correlation_id AND said.subject_id = c.uuid::text
"""
_GOLDEN_CHANGES = """
WITH said AS MATERIALIZED (
  SELECT DISTINCT e.recorded_at, named.subject FROM audit_event e, unnest(e.subjects) AS named(subject)
  WHERE (e.action LIKE 'golden.%%' OR e.action LIKE 'identity.%%'
    OR e.action IN ('record.merged', 'record.unmerged', 'task.resolved')) AND named.subject LIKE 'golden_record:%%'
), versions AS (
  SELECT euid, history_date, "values", status, provenance, row_number() OVER own AS number,
    lag("values") OVER own AS old_values, lag(status) OVER own AS old_status, lag(provenance) OVER own AS old_provenance
  FROM mpi_historicalgoldenrecord WINDOW own AS (PARTITION BY id ORDER BY history_id)
)
SELECT 'golden record ' || v.euid, CASE WHEN said.subject IS NULL AND (
    v.number = 1 OR (v."values", v.status, v.provenance - 'rules')
    IS DISTINCT FROM (v.old_values, v.old_status, v.old_provenance - 'rules')
  ) THEN 'a change that the audit log does not know' END
FROM versions v LEFT JOIN said ON said.recorded_at = v.history_date AND said.subject = 'golden_record:' || v.euid
"""
_DECISIONS = """
WITH said AS MATERIALIZED (
  SELECT DISTINCT e.action, e.subject_id FROM audit_event e WHERE e.subject_type IN ('separation', 'potential_match')
)
SELECT 'separation ' || s.uuid, CASE
  WHEN made.subject_id IS NULL THEN 'made, and the audit log does not know'
  WHEN s.lifted_at IS NOT NULL AND lifted.subject_id IS NULL THEN 'lifted, and the audit log does not know' END
FROM mpi_separation s
LEFT JOIN said made ON made.action = 'separation.created' AND made.subject_id = s.uuid::text
LEFT JOIN said lifted ON lifted.action = 'separation.lifted' AND lifted.subject_id = s.uuid::text
UNION ALL
SELECT 'potential match ' || m.uuid,
  CASE WHEN made.subject_id IS NULL THEN 'opened, and the audit log does not know' END
FROM mpi_potential_match m
LEFT JOIN said made ON made.action = 'potential_match.opened' AND made.subject_id = m.uuid::text
"""
_OUTBOX = """
WITH said AS MATERIALIZED (
  SELECT DISTINCT golden_record_id, recorded_at FROM mpi_outbox_event
  WHERE type IN ('link.opened', 'link.ended', 'link.moved', 'golden.merged')
), moves AS (
  SELECT golden_record_id, opened_at AS moment FROM mpi_link
  UNION ALL SELECT golden_record_id, ended_at FROM mpi_link WHERE ended_at IS NOT NULL
)
SELECT 'golden record ' || g.euid, CASE WHEN said.recorded_at IS NULL
  THEN 'members came or went, and no subscriber is told' END
FROM moves JOIN mpi_golden_record g ON g.id = moves.golden_record_id
LEFT JOIN said ON said.golden_record_id = moves.golden_record_id AND said.recorded_at = moves.moment
"""

TOLD: Final = (
    Invariant("audited-acts", "Every identity event is in the audit log.", "mpi_identity_event", by_sql(_ACTS)),
    Invariant(
        "audited-links", "Every link is in the audit log, when it opened and when it ended.", "mpi_link", by_sql(_MOVES)
    ),
    Invariant(
        "audited-records",
        "Every change of a source record is in the audit log.",
        "mpi_source_record",
        by_sql(_RECORD_CHANGES),
    ),
    Invariant(
        "audited-golden",
        "Every change of a golden record's values or status is in the audit log.",
        "mpi_golden_record",
        by_sql(_GOLDEN_CHANGES),
    ),
    Invariant(
        "audited-decisions",
        "Every separation, its lifting, and every potential match are in the audit log.",
        "mpi_potential_match",
        by_sql(_DECISIONS),
    ),
    Invariant(
        "outbox",
        "Subscribers are told, in the transaction itself, of every golden record whose members come or go.",
        "mpi_link",
        by_sql(_OUTBOX),
    ),
)
