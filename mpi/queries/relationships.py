"""Who is related to whom now: relationships are said of source records and read of the persons who have these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from mpi.errors import NotFound
from mpi.models import MUTUAL, GoldenRecord, Relationship, RelationshipKind
from mpi.queries.person import Banner, banner

KIND_WORDS: Mapping[str, str] = {
    RelationshipKind.MOTHER: "mother",
    RelationshipKind.FATHER: "father",
    RelationshipKind.GUARDIAN: "guardian",
    RelationshipKind.GRANDPARENT: "grandparent",
    RelationshipKind.SPOUSE: "spouse",
    RelationshipKind.SIBLING: "brother or sister",
    RelationshipKind.TWIN: "twin or other multiple birth",
    RelationshipKind.RELATIVE: "other relative",
}
"""What the first person is of the second one."""
_OTHER_WAY: Mapping[str, str] = {
    RelationshipKind.MOTHER: "child",
    RelationshipKind.FATHER: "child",
    RelationshipKind.GUARDIAN: "ward",
    RelationshipKind.GRANDPARENT: "grandchild",
}
_PARENTS = (RelationshipKind.MOTHER, RelationshipKind.FATHER)

# `stands` goes from each source record that was named to the one that its source has merged it into.
_SIDES = """
WITH RECURSIVE told AS (
  SELECT r.id, 'from' AS side, named.place, named.record_id
  FROM mpi_relationship r, unnest(r.from_records) WITH ORDINALITY AS named(record_id, place) WHERE {wanted}
  UNION ALL
  SELECT r.id, 'to', named.place, named.record_id
  FROM mpi_relationship r, unnest(r.to_records) WITH ORDINALITY AS named(record_id, place) WHERE {wanted}
), stands AS (
  SELECT * FROM told
  UNION
  SELECT s.id, s.side, s.place, m.survivor_id
  FROM stands s JOIN mpi_source_merge m ON m.subsumed_id = s.record_id AND m.ended_at IS NULL
)
SELECT DISTINCT ON (stands.id, stands.side) stands.id, stands.side, l.golden_record_id
FROM stands JOIN mpi_link l ON l.source_record_id = stands.record_id AND l.ended_at IS NULL
ORDER BY stands.id, stands.side, stands.place
"""
_BY_KEY = _SIDES.format(wanted="r.id = ANY(%(ids)s)")
_RECORDS = """
WITH RECURSIVE own AS (
  SELECT source_record_id AS id FROM mpi_link WHERE golden_record_id = ANY(%s) AND ended_at IS NULL
  UNION
  SELECT m.subsumed_id FROM own JOIN mpi_source_merge m ON m.survivor_id = own.id AND m.ended_at IS NULL
)
SELECT id FROM own
"""


@dataclass(frozen=True, slots=True)
class Sides:
    """The golden records that a relationship is between now."""

    from_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class Relative:
    """One person who is related to another one.

    words   what this person is of that one: “mother”, “child”
    by, reason, recorded_at   who said so, why and when
    """

    uuid: UUID
    kind: str
    words: str
    person: Banner
    by: str
    reason: str
    recorded_at: datetime


def words_for(kind: str, *, other_way: bool = False) -> str:
    """What the first person is of the second one; with `other_way` what the second one is of the first."""
    return _OTHER_WAY.get(kind, KIND_WORDS[kind]) if other_way else KIND_WORDS[kind]


def standing_between(golden_ids: Iterable[int]) -> list[tuple[Relationship, Sides]]:
    """Standing relationships that touch these golden records, with the two that each is between now, oldest first.

    One of whose sides nobody is left (all its source records are deleted) is left out. Three queries.
    """
    ids = list(golden_ids)
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, [ids])
        records = [pk for (pk,) in cursor.fetchall()]
    standing = Relationship.objects.filter(ended_at__isnull=True)
    near = standing.filter(from_records__overlap=records) | standing.filter(to_records__overlap=records)
    rows = list(near.order_by("pk"))
    sides = sides_of([row.pk for row in rows])
    wanted = set(ids)
    return [
        (row, sides[row.pk])
        for row in rows
        if row.pk in sides and wanted & {sides[row.pk].from_id, sides[row.pk].to_id}
    ]


def sides_of(relationship_ids: Sequence[int]) -> dict[int, Sides]:
    """Between which golden records these relationships are now; those with nobody left on a side are left out."""
    if not relationship_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEY, {"ids": list(relationship_ids)})
        found = {(pk, side): golden for pk, side, golden in cursor.fetchall()}
    return {
        pk: Sides(found[pk, "from"], found[pk, "to"])
        for pk in relationship_ids
        if (pk, "from") in found and (pk, "to") in found
    }


def relatives_of(golden: GoldenRecord) -> tuple[Relative, ...]:
    """Everybody who is related to this person now, parents first. Four queries, however many there are."""
    found = standing_between([golden.pk])
    theirs = {pk for _, sides in found for pk in (sides.from_id, sides.to_id)} - {golden.pk}
    people = GoldenRecord.objects.in_bulk(theirs)
    relatives = [
        _relative(row, people[other], is_from=other == sides.from_id)
        for row, sides in found
        if (other := sides.to_id if sides.from_id == golden.pk else sides.from_id) in people
    ]
    order = list(RelationshipKind.values)
    return tuple(sorted(relatives, key=lambda one: (one.words in _OTHER_WAY.values(), order.index(one.kind))))


def _relative(row: Relationship, golden: GoldenRecord, *, is_from: bool) -> Relative:
    return Relative(
        uuid=row.uuid,
        kind=row.kind,
        words=words_for(row.kind, other_way=not is_from),
        person=banner(golden),
        by=row.actor_name,
        reason=row.reason,
        recorded_at=row.recorded_at,
    )


def kinship_words(one_id: int, other_id: int) -> tuple[str, ...]:
    """What relationships say of two golden records, in sentences: evidence for whoever compares them.

    Related to each other they are two people; a mother or father in common makes brothers and sisters, or one child
    recorded twice. Four queries.
    """
    found = standing_between([one_id, other_id])
    said: list[str] = []
    parents: dict[int, dict[int, str]] = {one_id: {}, other_id: {}}
    for row, sides in found:
        if {sides.from_id, sides.to_id} == {one_id, other_id}:
            which = "each other's" if row.kind in MUTUAL else "the one the other's"
            said.append(f"They are recorded as {which} {KIND_WORDS[row.kind]}: two people.")
        elif row.kind in _PARENTS and sides.to_id in parents:
            parents[sides.to_id][sides.from_id] = KIND_WORDS[row.kind]
    return (*said, *_by_parents(parents[one_id], parents[other_id]))


def _by_parents(ones: Mapping[int, str], others: Mapping[int, str]) -> Iterator[str]:
    """What the parents of two people, golden record to word, say of these two."""
    shared = ones.keys() & others.keys()
    for pk, euid in GoldenRecord.objects.filter(pk__in=shared).order_by("pk").values_list("pk", "euid"):
        yield (
            f"Both are recorded as a child of one {ones[pk]} (EUID {euid}): brothers or sisters, twins, or one child "
            "recorded twice."
        )
    for kind in (KIND_WORDS[kind] for kind in _PARENTS):
        if kind in ones.values() and kind in others.values() and kind not in {ones[pk] for pk in shared}:
            yield f"They are recorded as children of two different {kind}s: evidence for two people."


@dataclass(frozen=True, slots=True)
class RelationshipView:
    """A standing relationship as its own page shows it; `people` are none where nobody is left on a side."""

    uuid: UUID
    words: str
    other_words: str
    by: str
    reason: str
    recorded_at: datetime
    people: tuple[Banner, ...]


def relationship(uuid: UUID) -> RelationshipView:
    """One standing relationship. Three queries. Raises NotFound."""
    row = Relationship.objects.filter(uuid=uuid, ended_at__isnull=True).first()
    if row is None:
        raise NotFound("There is no standing relationship under this number.")
    sides = sides_of([row.pk]).get(row.pk)
    people = GoldenRecord.objects.in_bulk([sides.from_id, sides.to_id]) if sides else {}
    return RelationshipView(
        uuid=row.uuid,
        words=words_for(row.kind),
        other_words=words_for(row.kind, other_way=True),
        by=row.actor_name,
        reason=row.reason,
        recorded_at=row.recorded_at,
        people=(banner(people[sides.from_id]), banner(people[sides.to_id])) if sides else (),
    )
