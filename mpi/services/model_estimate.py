"""How many links another linkage model would change: a deterministic sample of them, judged under both models.

Both models judge the same records, so what the present one would no longer link either (because a record changed
since, or a person decided) does not count. A link is looked at as `may_join` looks at it: the record against all
others of its person. Links that people made or verified stay. What this cannot see are records that share no
question and no person today; the rematch preview sees them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from matching.evaluate import Share
from matching.filler import without_excessive
from matching.join import Member, may_join, scored_pair
from matching.model import LinkageModel
from matching.records import StandardRecord
from mpi.models import PotentialMatch, PotentialMatchStatus
from mpi.services.model_records import read_standard

SAMPLE = 5_000
"""Links, and pairs, that are looked at."""
_MOST_MEMBERS = 30
"""Records of one person that a link is judged against: the lowest ids."""
_LINKS = """
SELECT l.source_record_id, l.golden_record_id, l.by_human OR g.verified
FROM mpi_link l JOIN mpi_golden_record g ON g.id = l.golden_record_id
WHERE l.ended_at IS NULL
ORDER BY hashtextextended(l.source_record_id::text, 0), l.source_record_id
LIMIT %s
"""
_MEMBERS = """
SELECT l.golden_record_id, l.source_record_id
FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id
WHERE l.ended_at IS NULL AND l.golden_record_id = ANY(%s) AND r.state = 'active'
ORDER BY l.source_record_id
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
    """What a sample of `looked_at` of all `links` says: how many would end, and how many would go to another person."""

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
        return self.share.value if self.looked_at == self.links else self.share.interval[1]

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
    """Judge a sample of the open links under both models. Five queries; about a second for 5,000 links."""
    links = _count_links()
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [sample])
        looked_at: list[tuple[int, int, bool]] = cursor.fetchall()
    owners = {record_id: golden_id for record_id, golden_id, _ in looked_at}
    members = _members(owners.values())
    questions = _questions(owners.values())
    wanted = {pk for ids in members.values() for pk in ids} | {pk for pairs in questions.values() for pk in pairs}
    told = read_standard(list(wanted))
    old, new = (without_excessive(told, model.excessive) for model in (before, after))
    would_end = would_move = 0
    for record_id, golden_id, human in looked_at:
        others = [pk for pk in members.get(golden_id, ()) if pk != record_id]
        if human or record_id not in told:
            continue
        if others and _fits(record_id, others, old, before) and not _fits(record_id, others, new, after):
            would_end += 1
        elif (pair := questions.get(golden_id)) and _certain(pair, new, after) and not _certain(pair, old, before):
            would_move += 1
    return LinkEstimate(links, len(looked_at), would_end, would_move)


def _count_links() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mpi_link WHERE ended_at IS NULL")
        found: int = cursor.fetchone()[0]
    return found


def _members(golden_ids: Iterable[int]) -> Mapping[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [sorted(set(golden_ids))])
        for golden_id, record_id in cursor.fetchall():
            if len(members[golden_id]) < _MOST_MEMBERS:
                members[golden_id].append(record_id)
    return members


def _questions(golden_ids: Iterable[int]) -> Mapping[int, tuple[int, int]]:
    """Of golden records that would give way if an open question were answered by linking: the pair that asks."""
    asked = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).order_by("pk")
    wanted = set(golden_ids)
    found: dict[int, tuple[int, int]] = {}
    for a, b, record_a, record_b in asked.values_list("golden_a_id", "golden_b_id", "record_a_id", "record_b_id"):
        if max(a, b) in wanted:  # the older one carries on
            found.setdefault(max(a, b), (record_a, record_b))
    return found


def _fits(record_id: int, others: list[int], told: Mapping[int, StandardRecord], model: LinkageModel) -> bool:
    members = [Member(pk, told[pk]) for pk in others if pk in told]
    own = Member(record_id, told[record_id])
    return bool(members) and may_join([own], members, model, separated=frozenset()).allowed


def _certain(pair: tuple[int, int], told: Mapping[int, StandardRecord], model: LinkageModel) -> bool:
    one, other = pair
    if one not in told or other not in told:
        return False
    return scored_pair(Member(one, told[one]), Member(other, told[other]), model).certain


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
