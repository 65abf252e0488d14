"""Registrations at the desk: each number stands for one source record, or for none."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_NUMBERS = """
SELECT 'registration ' || g.uuid, CASE
  WHEN r.id IS NULL AND m.id IS NOT NULL THEN 'its message was applied, and no source record has its number'
  WHEN g.withdrawn_at IS NOT NULL AND l.id IS NOT NULL THEN 'was taken back, and its source record is linked'
  WHEN g.kind = 'alias' AND a.number IS DISTINCT FROM g.number THEN 'is under an alias that the pool has not given it'
  WHEN g.kind = 'visit' AND first.id IS NOT NULL AND NOT first.by_human THEN 'was linked by the engine, not by a person'
END
FROM mpi_registration g
LEFT JOIN mpi_inbound_message m ON m.control_id = g.uuid::text AND m.state = 'applied'
LEFT JOIN mpi_source_system s ON s.code = m.source_system
LEFT JOIN mpi_source_record r ON r.source_system_id = s.id AND r.mrn = g.number
LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
LEFT JOIN LATERAL (SELECT * FROM mpi_link f WHERE f.source_record_id = r.id ORDER BY f.id LIMIT 1) first ON true
LEFT JOIN mpi_alias_name a ON a.registration_id = g.id
"""

REGISTRATIONS: Final = (
    Invariant(
        "registrations",
        "Every number of the registration desk stands for the source record that it was given for, or for nobody.",
        "mpi_registration",
        by_sql(_NUMBERS),
    ),
)
