"""How many links another linkage model would change: a deterministic sample of them, decided anew under both models.

Both models decide the same records, each among the persons near it, so what the present one would decide otherwise
than it stands (because a record changed since, or a person decided) does not count. Links that people made or
verified stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import connection

from matching.evaluate import Share
from matching.filler import without_excessive
from matching.join import Member, scored_pair
from matching.model import LinkageModel
from mpi.services.model_neighbours import decided_anew
from mpi.services.model_records import read_standard

SAMPLE = 5_000
"""Links, and pairs, that are looked at."""
_LINKS = """
SELECT l.source_record_id, l.golden_record_id, l.by_human OR g.verified
FROM mpi_link l JOIN mpi_golden_record g ON g.id = l.golden_record_id
WHERE l.ended_at IS NULL
ORDER BY hashtextextended(l.source_record_id::text, 0), l.source_record_id
LIMIT %s
"""
_PAIRS = """
(SELECT l.source_record_id, l.supporting_record_id, 'linked'
 FROM mpi_link l WHERE l.ended_at IS NULL AND l.supporting_record_id IS NOT NULL
 ORDER BY hashtextextended(l.source_record_id::text, 0), l.source_record_id LIMIT %s)
UNION ALL
(SELECT m.record_a_id, m.record_b_id, 'in review'
 FROM mpi_potential_match m WHERE m.status = 'open'
 ORDER BY hashtextextended(m.id::text, 0), m.id LIMIT %s)
"""


@dataclass(frozen=True, slots=True)
class LinkEstimate:
    """What a sample of `looked_at` of all `links` says: how many would end, and how many records would be linked with
    another person, or with another one besides."""

    links: int
    looked_at: int
    would_end: int
    would_move: int

    @property
    def share(self) -> Share:
        """Links that would change, of those looked at."""
        return Share(self.would_end + self.would_move, self.looked_at)

    @property
    def at_most(self) -> float:
        """The share itself where every link was looked at, else the upper end of its 95 % Wilson interval."""
        if not self.links:
            return 0.0
        return self.share.value if self.looked_at >= self.links else self.share.interval[1]

    def to_document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "links": self.links,
            "looked_at": self.looked_at,
            "would_end": self.would_end,
            "would_move": self.would_move,
            "share": round(self.share.value, 6) if self.looked_at else 0.0,
            "at_most": round(self.at_most, 6),
        }


def estimate_links(before: LinkageModel, after: LinkageModel, *, sample: int = SAMPLE) -> LinkEstimate:
    """Decide the records of a sample of open links anew under both models. A few seconds for 5,000 links."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [sample])
        looked_at: list[tuple[int, int, bool]] = cursor.fetchall()
    # What is less than a sample is all there is; a count of its own could see a link that came or went meanwhile.
    links = _count_links() if len(looked_at) == sample else len(looked_at)
    owners = {record_id: golden_id for record_id, golden_id, human in looked_at if not human}
    would_end = would_move = 0
    for anew in decided_anew(owners, before, after):
        if anew.before != anew.after:
            ends = owners[anew.record_id] in anew.before - anew.after
            would_end, would_move = would_end + ends, would_move + (not ends)
    return LinkEstimate(links, len(looked_at), would_end, would_move)


def _count_links() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mpi_link WHERE ended_at IS NULL")
        found: int = cursor.fetchone()[0]
    return found


@dataclass(frozen=True, slots=True)
class GradeChange:
    """How many pairs of one kind (`linked` or `in review`) have which grade under the one and the other model."""

    kind: str
    before: str
    after: str
    pairs: int

    @property
    def differs(self) -> bool:
        """Whether the grade is another one."""
        return self.before != self.after


def grade_changes(before: LinkageModel, after: LinkageModel, *, sample: int = SAMPLE) -> tuple[GradeChange, ...]:
    """Grades of stored pairs (links with the record that earned them, open questions) under both models, changes
    first. A deterministic sample of at most `sample` of each kind. Counts only: nobody is shown."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [sample, sample])
        pairs: list[tuple[int, int, str]] = cursor.fetchall()
    told = read_standard(list({pk for one, other, _ in pairs for pk in (one, other)}))
    old, new = (without_excessive(told, model.excessive) for model in (before, after))
    counts: Counter[tuple[str, str, str]] = Counter()
    for one, other, kind in pairs:
        if one in told and other in told:
            grades = [
                scored_pair(Member(one, records[one]), Member(other, records[other]), model).verdict.grade
                for records, model in ((old, before), (new, after))
            ]
            counts[kind, grades[0], grades[1]] += 1
    changes = [GradeChange(*key, count) for key, count in counts.items()]
    return tuple(sorted(changes, key=lambda change: (not change.differs, -change.pairs, change.kind, change.before)))
