"""What the watch over persons reads: numbers that several hold, persons with many records, and what is asked already.

"Fresh" is what came since a mark: identifier rows are written anew with each word of a source, and every act that
moves a source record opens a link, so the keys of these two tables tell what may have changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from mpi.services.rows import fetch

STRONG_TYPES = ("SS", "SSN", "ITIN", "TAX", "PPN", "DL", "NI", "NH", "MC", "MA", "HC", "MR", "PI")
"""Identifier types (HL7 table 0203) that are given to one person: not of an account, a visit or a family's policy."""
MOST_HOLDERS = 4
"""Persons that hold a number up to which each two are asked about. One that more hold is a placeholder or a fault of
its source, which asking about every two of them would not mend: the first two stand for all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the tables were read: the highest keys seen."""

    identifier: int
    link: int


@dataclass(frozen=True, slots=True)
class Shared:
    """Two of the persons that hold one number: the first source record of each that tells it, the lower key first."""

    authority: str
    type: str
    holders: int
    records: tuple[int, int]
    golden: tuple[int, int]

    @property
    def code(self) -> str:
        """What number it is, as a reason of the task."""
        return f"identifier:{self.authority}|{self.type}"


@dataclass(frozen=True, slots=True)
class Large:
    """A person with many source records, and the first of these."""

    golden: int
    record: int
    members: int


_HELD = """
SELECT i.authority, i.type, i.value_index, l.golden_record_id AS golden, min(i.source_record_id) AS record
FROM mpi_identifier i
JOIN mpi_link l ON l.source_record_id = i.source_record_id AND l.ended_at IS NULL
JOIN mpi_source_record r ON r.id = i.source_record_id AND r.state IN ('active', 'quarantined')
WHERE i.type = ANY(%s) {fresh}
GROUP BY i.authority, i.type, i.value_index, l.golden_record_id
"""
_FRESH = """AND (i.authority, i.type, i.value_index) IN (
  SELECT authority, type, value_index FROM mpi_identifier WHERE id > %s AND type = ANY(%s)
  UNION SELECT n.authority, n.type, n.value_index FROM mpi_link k
  JOIN mpi_identifier n ON n.source_record_id = k.source_record_id
  WHERE k.id > %s AND k.ended_at IS NULL AND n.type = ANY(%s))"""
_SHARED = """
SELECT authority, type, array_agg(record ORDER BY record), array_agg(golden ORDER BY record)
FROM ({held}) AS held GROUP BY authority, type, value_index HAVING count(*) > 1
ORDER BY min(record)
"""
_LARGE = """
SELECT g.id, min(l.source_record_id), g.member_count FROM mpi_golden_record g
JOIN mpi_link l ON l.golden_record_id = g.id AND l.ended_at IS NULL
WHERE g.member_count > %s AND g.status IN ('provisional', 'confirmed') {fresh}
GROUP BY g.id ORDER BY g.id
"""
_FRESH_PERSONS = "AND g.id IN (SELECT k.golden_record_id FROM mpi_link k WHERE k.id > %s AND k.ended_at IS NULL)"
_ASKED = """
SELECT t.status, ARRAY(SELECT jsonb_array_elements_text(t.reasons)), one.golden_record_id, other.golden_record_id
FROM mpi_identity_task t
JOIN mpi_link one ON one.source_record_id = t.source_record_id AND one.ended_at IS NULL
JOIN mpi_link other ON other.source_record_id = t.other_record_id AND other.ended_at IS NULL
WHERE t.type = 'identifier-conflict' AND t.status <> 'closed' AND one.golden_record_id = ANY(%s)
  AND other.golden_record_id = ANY(%s)
"""
_ASKED_LARGE = """
SELECT t.status, ARRAY(SELECT jsonb_array_elements_text(t.reasons)), l.golden_record_id FROM mpi_identity_task t
JOIN mpi_link l ON l.source_record_id = t.source_record_id AND l.ended_at IS NULL
WHERE t.type = 'large-person' AND t.status <> 'closed' AND l.golden_record_id = ANY(%s)
"""
_APART = """
SELECT DISTINCT low.golden_record_id, high.golden_record_id FROM mpi_separation_pair p
JOIN mpi_separation s ON s.id = p.separation_id AND s.lifted_at IS NULL
JOIN mpi_link low ON low.source_record_id = p.record_low_id AND low.ended_at IS NULL
JOIN mpi_link high ON high.source_record_id = p.record_high_id AND high.ended_at IS NULL
WHERE low.golden_record_id = ANY(%s) AND high.golden_record_id = ANY(%s)
"""
_QUESTIONS = (
    "SELECT golden_a_id, golden_b_id FROM mpi_potential_match WHERE status = 'open' "
    "AND golden_a_id = ANY(%s) AND golden_b_id = ANY(%s)"
)
_GONE = """
SELECT t.id FROM mpi_identity_task t
LEFT JOIN mpi_link one ON one.source_record_id = t.source_record_id AND one.ended_at IS NULL
LEFT JOIN mpi_golden_record g ON g.id = one.golden_record_id
LEFT JOIN mpi_link other ON other.source_record_id = t.other_record_id AND other.ended_at IS NULL
WHERE t.status = 'open' AND (
  t.type = 'large-person' AND coalesce(g.member_count, 0) <= %s
  OR t.type = 'identifier-conflict' AND (
    one.id IS NULL OR other.id IS NULL OR one.golden_record_id = other.golden_record_id
    OR EXISTS (SELECT FROM mpi_separation_pair p JOIN mpi_separation s ON s.id = p.separation_id AND s.lifted_at IS NULL
      JOIN mpi_link low ON low.source_record_id = p.record_low_id AND low.ended_at IS NULL
      JOIN mpi_link high ON high.source_record_id = p.record_high_id AND high.ended_at IS NULL
      WHERE (low.golden_record_id, high.golden_record_id) IN (
        (one.golden_record_id, other.golden_record_id), (other.golden_record_id, one.golden_record_id)))
    OR NOT EXISTS (SELECT FROM mpi_link ml JOIN mpi_identifier a ON a.source_record_id = ml.source_record_id
      JOIN mpi_identifier b ON b.value_index = a.value_index AND b.authority = a.authority AND b.type = a.type
      JOIN mpi_link ol ON ol.source_record_id = b.source_record_id AND ol.ended_at IS NULL
      WHERE ml.golden_record_id = one.golden_record_id AND ml.ended_at IS NULL
        AND ol.golden_record_id = other.golden_record_id
        AND t.reasons @> jsonb_build_array('identifier:' || a.authority || '|' || a.type))))
ORDER BY t.id LIMIT %s
"""


def present_mark() -> Mark:
    """The highest keys now: read it before looking, so that what comes meanwhile is looked at again."""
    ((identifier, link),) = fetch(
        "SELECT coalesce((SELECT max(id) FROM mpi_identifier), 0), coalesce((SELECT max(id) FROM mpi_link), 0)"
    )
    return Mark(identifier, link)


def shared_numbers(since: Mark | None) -> list[Shared]:
    """Every two persons that hold the same number, of many the first two: among what is fresh, or in the whole index
    where `since` is None."""
    types = list(STRONG_TYPES)
    fresh = [] if since is None else [since.identifier, types, since.link, types]
    held = _HELD.format(fresh=_FRESH if since else "")
    rows = fetch(_SHARED.format(held=held), types, *fresh)
    return [pair for row in rows for pair in _pairs(*row)]


def _pairs(authority: str, kind: str, records: Sequence[int], golden: Sequence[int]) -> Iterable[Shared]:
    holders = len(records)
    asked = holders if holders <= MOST_HOLDERS else 2
    for one, other in combinations(range(asked), 2):
        yield Shared(authority, kind, holders, (records[one], records[other]), (golden[one], golden[other]))


def large_persons(limit: int, since: Mark | None) -> list[Large]:
    """Live persons with more than `limit` source records, among what is fresh or in the whole index."""
    fresh = [] if since is None else [since.link]
    statement = _LARGE.format(fresh=_FRESH_PERSONS if since else "")
    return [Large(*row) for row in fetch(statement, limit, *fresh)]


def settled_pairs(pairs: Iterable[Shared]) -> tuple[set[frozenset[int]], set[tuple[frozenset[int], str]]]:
    """Which of these persons are kept apart or asked about as a pair, and which numbers of theirs were asked about.

    A conflict task that a person answered counts; one that closed by itself does not: its reason has come back.
    """
    ids = list({golden for pair in pairs for golden in pair.golden})
    if not ids:
        return set(), set()
    apart = {frozenset(row) for row in (*fetch(_APART, ids, ids), *fetch(_QUESTIONS, ids, ids))}
    asked = {
        (frozenset((one, other)), code)
        for _, reasons, one, other in fetch(_ASKED, ids, ids)
        for code in _codes(reasons, "identifier:")
    }
    return apart, asked


def asked_large(found: Iterable[Large]) -> dict[int, int]:
    """Of these persons, those that were asked about: with how many source records at most. An open task is for ever."""
    ids = [large.golden for large in found]
    asked: dict[int, int] = {}
    for status, reasons, golden in fetch(_ASKED_LARGE, ids) if ids else ():
        said = [int(code.removeprefix("members:")) for code in _codes(reasons, "members:")]
        known = max(said, default=0) if status != "open" else 2**31
        asked[golden] = max(known, asked.get(golden, 0))
    return asked


def gone_tasks(limit: int, *, most: int) -> list[int]:
    """Keys of open tasks whose reason is gone: merged, kept apart, told otherwise, or no longer large."""
    return [pk for (pk,) in fetch(_GONE, limit, most)]


def _codes(reasons: Sequence[str], prefix: str) -> list[str]:
    return [code for code in reasons if code.startswith(prefix)]
