"""Records of the index decided anew under two models, each among the persons near it: what another model would do.

The search is that of the online path, narrowed: near is who shares a strong key, or two others. What links by itself
agrees on more than one thing, so little is missed; the rematch preview looks at everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from matching.decide import Person, decide
from matching.filler import without_excessive
from matching.join import Member
from matching.model import LinkageModel
from matching.records import StandardRecord
from mpi.services.model_records import portions, read_standard
from mpi.services.neighbourhood import separated_pairs
from mpi.services.parse import keys_of

_AT_ONCE = 1_000
_FIRST_OF_A_KEY = 50
_MOST_PERSONS = 20
"""Near one record: those that share the most keys with it."""
_MOST_MEMBERS = 30
"""Records of one person that are looked at: the lowest ids."""
_NEARBY = """
SELECT w.id, l.golden_record_id
FROM unnest(%s::bigint[], %s::bigint[], %s::boolean[]) AS w(id, key, strong)
CROSS JOIN LATERAL (
  SELECT source_record_id FROM mpi_blocking_key b WHERE b.key = w.key ORDER BY source_record_id LIMIT %s
) c
JOIN mpi_link l ON l.source_record_id = c.source_record_id AND l.ended_at IS NULL
WHERE c.source_record_id <> w.id
GROUP BY 1, 2 HAVING count(DISTINCT w.key) > 1 OR bool_or(w.strong)
ORDER BY 1, count(DISTINCT w.key) DESC, 2
"""
_MEMBERS = """
SELECT l.golden_record_id, l.source_record_id, l.by_human OR g.verified
FROM mpi_link l
JOIN mpi_source_record r ON r.id = l.source_record_id AND r.state = 'active'
JOIN mpi_golden_record g ON g.id = l.golden_record_id
WHERE l.ended_at IS NULL AND l.golden_record_id = ANY(%s)
ORDER BY l.source_record_id
"""
Records = Mapping[int, StandardRecord]


@dataclass(frozen=True, slots=True)
class DecidedAnew:
    """Golden records that a record would be linked with under each of two models, () for one of its own."""

    record_id: int
    before: frozenset[int]
    after: frozenset[int]


def decided_anew(owners: Mapping[int, int], before: LinkageModel, after: LinkageModel) -> Iterator[DecidedAnew]:
    """Decide records (with their golden record) anew, as if each were told once more. Four queries a thousand."""
    for ids in portions(sorted(owners), _AT_ONCE):
        told = read_standard(ids)
        near = _nearby(told)
        for pk in told:
            near[pk] = list(dict.fromkeys((owners[pk], *near[pk])))
        members, human = _members({golden_id for golden_ids in near.values() for golden_id in golden_ids})
        others = {pk for each in members.values() for pk in each} - told.keys()
        told |= read_standard(sorted(others))
        separated = separated_pairs(ids)
        views = [without_excessive(told, model.excessive) for model in (before, after)]
        for pk in (pk for pk in ids if pk in told):
            chosen = []
            for model, records in ((before, views[0]), (after, views[1])):
                persons = [_person(golden_id, members[golden_id], records, human) for golden_id in near[pk]]
                decision = decide(Member(pk, records[pk]), persons, model, separated=separated)
                chosen.append(frozenset(decision.person_ids))
            yield DecidedAnew(pk, *chosen)


def _nearby(told: Records) -> defaultdict[int, list[int]]:
    """Record -> golden records near it, the nearest first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    keys = [(pk, key.hash, key.strong) for pk, record in told.items() for key in keys_of(record)]
    if not keys:
        return found
    columns = [list(column) for column in zip(*keys, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_NEARBY, [*columns, _FIRST_OF_A_KEY])
        for pk, golden_id in cursor.fetchall():
            if len(found[pk]) < _MOST_PERSONS:
                found[pk].append(golden_id)
    return found


def _members(golden_ids: Iterable[int]) -> tuple[Mapping[int, Sequence[int]], set[int]]:
    """Golden record -> its records; and the golden records of which a person has decided."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    human: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [sorted(golden_ids)])
        for golden_id, record_id, by_human in cursor.fetchall():
            if len(members[golden_id]) < _MOST_MEMBERS:
                members[golden_id].append(record_id)
            if by_human:
                human.add(golden_id)
    return members, human


def _person(golden_id: int, ids: Iterable[int], records: Records, human: set[int]) -> Person:
    return Person(golden_id, tuple(Member(pk, records[pk]) for pk in ids if pk in records), golden_id in human)
