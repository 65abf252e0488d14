"""Acts that two people stand for: what was approved is what was proposed, carried out by another than the proposer."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_PROPOSALS = """
SELECT 'proposal ' || p.uuid, CASE
  WHEN p.state <> 'approved' THEN NULL
  WHEN e.kind <> p.act THEN 'approved, and its act is of another kind'
  WHEN e.actor_id <> p.decided_by_id THEN 'approved, and somebody else carried it out'
  WHEN e.actor_id = p.proposer_id THEN 'carried out by its proposer'
  WHEN e.recorded_at < p.proposed_at THEN 'carried out before it was proposed'
  WHEN EXISTS (
    SELECT 1 FROM jsonb_object_keys(p.versions) AS bound(euid) WHERE NOT EXISTS (
      SELECT 1 FROM mpi_golden_record g WHERE g.euid = bound.euid AND g.id = ANY(e.golden_record_ids)))
    THEN 'approved, and its act has not changed a golden record that it was bound to' END
FROM mpi_proposal p LEFT JOIN mpi_identity_event e ON e.id = p.event_id
"""

PROPOSALS: Final = (
    Invariant(
        "proposals",
        "Every approved proposal names the act that its approver, who is not its proposer, carried out as proposed.",
        "mpi_proposal",
        by_sql(_PROPOSALS),
    ),
)
