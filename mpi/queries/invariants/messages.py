"""No message is lost: what was acknowledged took effect, and what took effect was received."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_OUTCOMES = """
SELECT 'message ' || m.uuid, CASE
  WHEN m.state = 'applied' AND (m.outcome = '' OR m.applied_at IS NULL) THEN 'applied, without outcome or time'
  WHEN m.state = 'applied' AND m.outcome <> 'unchanged' AND m.source_record_id IS NULL
    THEN 'applied, and names no source record'
  WHEN m.state = 'applied' AND m.outcome IN ('created', 'updated', 'deleted') AND h.message_id IS NULL
    THEN 'applied, and no version of a source record comes from it'
  WHEN m.state IN ('rejected', 'dead') AND m.errors IS NULL THEN 'refused, and does not say why'
  WHEN m.state IN ('received', 'queued') AND m.applied_at IS NOT NULL THEN 'waits, and says that it was dealt with' END
FROM mpi_inbound_message m
LEFT JOIN (SELECT DISTINCT id, message_id FROM mpi_historicalsourcerecord) h
  ON h.message_id = m.id AND h.id = m.source_record_id
"""
_SOURCES = """
WITH taken_back AS (
  SELECT jsonb_object_keys(payload -> 'messages') AS message FROM mpi_identity_event WHERE payload ? 'messages'
)
SELECT 'source record ' || h.uuid, CASE
  WHEN m.id IS NULL THEN 'a version that names no message'
  WHEN m.source_record_id IS DISTINCT FROM h.id OR (m.state <> 'applied' AND NOT EXISTS (
    SELECT 1 FROM taken_back WHERE taken_back.message = m.id::text)) THEN 'a version whose message did not make it' END
FROM (SELECT DISTINCT id, uuid, version, message_id FROM mpi_historicalsourcerecord) h
LEFT JOIN mpi_inbound_message m ON m.id = h.message_id
"""

MESSAGES: Final = (
    Invariant(
        "messages",
        "Every message says what became of it, and what it changed is in the history.",
        "mpi_inbound_message",
        by_sql(_OUTCOMES),
    ),
    Invariant(
        "sources",
        "Every version of a source record comes from a message that was applied to it (and taken back only by an act).",
        "mpi_source_record",
        by_sql(_SOURCES),
    ),
)
