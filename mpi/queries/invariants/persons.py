"""Who is who now: links, golden records, merges, separations."""

from __future__ import annotations

from typing import Final

from mpi.queries.invariants.finding import Invariant, by_sql

_OPEN_LINKS = """
SELECT 'source record ' || r.uuid, CASE
  WHEN l.number > 1 THEN 'more than one open link'
  WHEN r.state IN ('active', 'quarantined') AND l.number IS NULL THEN 'no open link'
  WHEN r.state NOT IN ('active', 'quarantined') AND l.number > 0 THEN 'deleted or subsumed, and linked' END
FROM mpi_source_record r
LEFT JOIN (SELECT source_record_id, count(*) AS number FROM mpi_link WHERE ended_at IS NULL GROUP BY 1) l
  ON l.source_record_id = r.id
"""
_LIVE = """
SELECT 'golden record ' || g.euid, CASE
  WHEN g.status NOT IN ('provisional', 'confirmed') AND l.number > 0 THEN 'merged or retired, and has members'
  WHEN g.status IN ('provisional', 'confirmed') AND l.number IS NULL THEN 'live, and has no members'
  WHEN g.member_count <> coalesce(l.number, 0) THEN 'the count of members is wrong' END
FROM mpi_golden_record g
LEFT JOIN (SELECT golden_record_id, count(*) AS number FROM mpi_link WHERE ended_at IS NULL GROUP BY 1) l
  ON l.golden_record_id = g.id
"""
_STATUS = """
SELECT 'golden record ' || g.euid, CASE
  WHEN (g.status = 'merged') <> (g.merged_into_id IS NOT NULL) THEN 'merged without a survivor, or the other way about'
  WHEN g.status = 'merged' THEN NULL
  WHEN g.status <> CASE WHEN s.number IS NULL THEN 'retired' WHEN g.verified OR s.number > 1 THEN 'confirmed'
                   ELSE 'provisional' END THEN 'not the status that members and verification make' END
FROM mpi_golden_record g
LEFT JOIN (
  SELECT l.golden_record_id, count(DISTINCT r.source_system_id) AS number
  FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id WHERE l.ended_at IS NULL GROUP BY 1
) s ON s.golden_record_id = g.id
"""
_MERGES = """
WITH RECURSIVE way(start, place) AS (
  SELECT id, merged_into_id FROM mpi_golden_record WHERE merged_into_id IS NOT NULL
  UNION SELECT way.start, g.merged_into_id FROM way JOIN mpi_golden_record g ON g.id = way.place
  WHERE g.merged_into_id IS NOT NULL
), ended AS (
  SELECT DISTINCT way.start FROM way JOIN mpi_golden_record g ON g.id = way.place WHERE g.merged_into_id IS NULL
)
SELECT 'golden record ' || g.euid,
  CASE WHEN g.merged_into_id IS NOT NULL AND ended.start IS NULL THEN 'its merges lead to no golden record' END
FROM mpi_golden_record g LEFT JOIN ended ON ended.start = g.id
"""
_SEPARATIONS = """
SELECT 'separation ' || s.uuid, CASE
  WHEN s.lifted_at IS NULL AND low.golden_record_id = high.golden_record_id
    THEN 'two source records that are kept apart are in one golden record' END
FROM mpi_separation_pair p JOIN mpi_separation s ON s.id = p.separation_id
LEFT JOIN mpi_link low ON low.source_record_id = p.record_low_id AND low.ended_at IS NULL
LEFT JOIN mpi_link high ON high.source_record_id = p.record_high_id AND high.ended_at IS NULL
"""
_RELATIONSHIPS = """
WITH RECURSIVE told AS (
  SELECT r.id, 'from' AS side, named.place, named.record_id
  FROM mpi_relationship r, unnest(r.from_records) WITH ORDINALITY AS named(record_id, place)
  UNION ALL
  SELECT r.id, 'to', named.place, named.record_id
  FROM mpi_relationship r, unnest(r.to_records) WITH ORDINALITY AS named(record_id, place)
), stands AS (
  SELECT * FROM told
  UNION
  SELECT s.id, s.side, s.place, m.survivor_id
  FROM stands s JOIN mpi_source_merge m ON m.subsumed_id = s.record_id AND m.ended_at IS NULL
), whose AS (
  SELECT DISTINCT ON (stands.id, stands.side) stands.id, stands.side, l.golden_record_id AS golden
  FROM stands JOIN mpi_link l ON l.source_record_id = stands.record_id AND l.ended_at IS NULL
  ORDER BY stands.id, stands.side, stands.place
), strangers AS (
  SELECT DISTINCT told.id FROM told LEFT JOIN mpi_source_record r ON r.id = told.record_id WHERE r.id IS NULL
)
SELECT 'relationship ' || r.uuid, CASE
  WHEN strangers.id IS NOT NULL THEN 'names a source record that does not exist'
  WHEN r.ended_at IS NOT NULL THEN NULL
  WHEN one.golden = other.golden THEN 'a person is related to itself'
  WHEN s.lifted_at IS NOT NULL THEN 'stands, and the separation that it rests on is lifted'
  WHEN NOT EXISTS (
    SELECT 1 FROM mpi_separation_pair p WHERE p.separation_id = s.id
    AND r.from_records && ARRAY[p.record_low_id, p.record_high_id]
    AND r.to_records && ARRAY[p.record_low_id, p.record_high_id]
  ) THEN 'its separation is between others' END
FROM mpi_relationship r JOIN mpi_separation s ON s.id = r.separation_id
LEFT JOIN whose one ON one.id = r.id AND one.side = 'from'
LEFT JOIN whose other ON other.id = r.id AND other.side = 'to'
LEFT JOIN strangers ON strangers.id = r.id
"""
_NUMBERS = """
SELECT 'source record ' || min(r.uuid::text), CASE
  WHEN count(DISTINCT r.id) > 1 THEN 'two source records under one number'
  WHEN count(DISTINCT l.golden_record_id) > 1 THEN 'one number in two golden records' END
FROM mpi_source_record r LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
GROUP BY r.source_system_id, r.mrn
"""

PERSONS: Final = (
    Invariant(
        "open-links",
        "Every source record has exactly one open link; a deleted or subsumed one has none.",
        "mpi_source_record",
        by_sql(_OPEN_LINKS),
    ),
    Invariant(
        "members",
        "Open links lead to live golden records only; a live one has members, and counts them rightly.",
        "mpi_golden_record",
        by_sql(_LIVE),
    ),
    Invariant(
        "status",
        "Every golden record has the status that its members, its verification and its merges make.",
        "mpi_golden_record",
        by_sql(_STATUS),
    ),
    Invariant(
        "merges",
        "Whoever follows the merges of a golden record comes to one that is not merged: no dangling end, no ring.",
        "mpi_golden_record",
        by_sql(_MERGES),
    ),
    Invariant(
        "separations",
        "No two source records that a standing separation keeps apart are in one golden record.",
        "mpi_separation_pair",
        by_sql(_SEPARATIONS),
    ),
    Invariant(
        "relationships",
        "A standing relationship is between two persons whom its own standing separation keeps apart.",
        "mpi_relationship",
        by_sql(_RELATIONSHIPS),
    ),
    Invariant(
        "numbers",
        "Every number of a source system is one source record, and in one golden record at most.",
        "mpi_source_record",
        by_sql(_NUMBERS),
    ),
)
