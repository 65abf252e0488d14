"""What a batch can see of the index: the candidates that blocking finds, and whose they are.

Read after the advisory locks; kept up to date in memory while the batch is decided, so that records
of one batch find each other as they would have found each other one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import orjson
from django.db import connection
from django.db.models import Q

from matching.decide import Person
from matching.join import Member, separation
from matching.records import StandardRecord
from mpi import codec
from mpi.models import LIVE_STATUSES, Link, PotentialMatch, PotentialMatchStatus, SeparationPair
from mpi.services.parse import Key

CANDIDATES_A_KEY = 100
"""A hot key gives at most this many candidates (SPEED: 20,000 cost 112 ms, a capped key 0.75 ms)."""
CANDIDATES_A_STRONG_KEY = 2_000
"""Strong keys are never capped in practice; this bound only keeps a poisoned number from stopping the index."""

_SEARCH = (
    "SELECT k, ARRAY(SELECT source_record_id FROM mpi_blocking_key b WHERE b.key = k "
    "ORDER BY source_record_id LIMIT n) FROM unnest(%s::bigint[], %s::int[]) AS wanted(k, n)"
)
_MEMBERS = """
SELECT g.id, g.version, l.by_human OR g.verified, r.id, r.uuid, r.standard, r.ssn_cipher, r.state = 'quarantined'
FROM mpi_link l
JOIN mpi_golden_record g ON g.id = l.golden_record_id
JOIN mpi_source_record r ON r.id = l.source_record_id
WHERE l.ended_at IS NULL AND g.status = ANY(%s) AND l.golden_record_id IN (
  SELECT golden_record_id FROM mpi_link WHERE ended_at IS NULL AND source_record_id = ANY(%s)
)
ORDER BY r.id
"""


@dataclass(slots=True)
class Neighbourhood:
    """Golden records near a batch, by key. `versions` are those that were read: checked again under the lock."""

    members: dict[int, dict[int, Member]] = field(default_factory=lambda: defaultdict(dict))
    owner: dict[int, int] = field(default_factory=dict)
    human: set[int] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    separated: frozenset[tuple[int, int]] = frozenset()
    matches: dict[frozenset[int], PotentialMatch] = field(default_factory=dict)
    capped: set[int] = field(default_factory=set)
    _hits: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def candidates(self, keys: Iterable[Key], *, besides: int) -> dict[int, tuple[str, ...]]:
        """Golden records that share a key, with the rules that found them; not the record `besides` itself."""
        found: dict[int, set[str]] = defaultdict(set)
        for key in keys:
            for record_id in self._hits.get(key.hash, ()):
                golden_id = self.owner.get(record_id)
                if golden_id is not None and record_id != besides:
                    found[golden_id].add(key.rule)
        return {golden_id: tuple(sorted(rules)) for golden_id, rules in found.items()}

    def persons(self, golden_ids: Iterable[int]) -> list[Person]:
        """The candidates as the engine takes them."""
        return [
            Person(golden_id, tuple(self.members[golden_id].values()), golden_id in self.human)
            for golden_id in golden_ids
            if self.members[golden_id]
        ]

    def place(self, record_id: int, golden_id: int, standard: StandardRecord, keys: Iterable[Key]) -> None:
        """The record belongs there now and can be found by the records after it."""
        old = self.owner.get(record_id)
        if old is not None:
            self.members[old].pop(record_id, None)
        self.owner[record_id] = golden_id
        self.members[golden_id][record_id] = Member(record_id, standard)
        for key in keys:
            if record_id not in self._hits[key.hash]:
                self._hits[key.hash].append(record_id)

    def move_all(self, giver: int, taker: int) -> None:
        """All members of one golden record belong to another one now."""
        for record_id, member in self.members.pop(giver, {}).items():
            self.owner[record_id] = taker
            self.members[taker][record_id] = member
        if giver in self.human:
            self.human.add(taker)

    def are_apart(self, golden_ids: Iterable[int], other: int) -> bool:
        """Whether a separation stands between any member of these golden records and any of the other one."""
        if not self.separated:
            return False
        ours = [pk for golden_id in golden_ids for pk in self.members.get(golden_id, ())]
        theirs = self.members.get(other, {})
        return any(separation(one, two) in self.separated for one in ours for two in theirs)

    def add_hits(self, key: int, record_ids: list[int]) -> None:
        """What the search found under one key."""
        self._hits[key] = record_ids


def look_around(keys: Sequence[Key], record_ids: Sequence[int]) -> Neighbourhood:
    """Read the neighbourhood of a batch: candidates of its keys, and the owners of its known records.

    Cost: four queries for any batch.
    """
    seen = Neighbourhood()
    limits = {key.hash: CANDIDATES_A_STRONG_KEY if key.strong else CANDIDATES_A_KEY for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH, [list(limits), [limit + 1 for limit in limits.values()]])
        for key, hits in cursor.fetchall():
            if len(hits) > limits[key]:
                seen.capped.add(key)
            seen.add_hits(key, hits[: limits[key]])
        found = set(chain.from_iterable(seen._hits.values())) | set(record_ids)
        cursor.execute(_MEMBERS, [list(LIVE_STATUSES), sorted(found)])
        silent: dict[int, int] = {}
        for golden_id, version, by_human, record_id, uuid, standard, ssn_cipher, quarantined in cursor.fetchall():
            seen.versions[golden_id] = version
            if by_human:
                seen.human.add(golden_id)
            if quarantined:
                silent[record_id] = golden_id
                continue
            seen.owner[record_id] = golden_id
            ssn = codec.decrypt_ssn(ssn_cipher, uuid)
            seen.members[golden_id][record_id] = Member(
                record_id, codec.standard_from_document(orjson.loads(standard), ssn)
            )
    seen.separated = _separations(seen, silent)
    seen.matches = open_matches(seen.versions)
    return seen


def _separations(seen: Neighbourhood, silent: dict[int, int]) -> frozenset[tuple[int, int]]:
    """Cannot-link pairs of the neighbourhood. Those of a quarantined member (`silent`) hold for its whole person."""
    standing = separated_pairs([*seen.owner, *silent])
    pairs = set(standing)
    for low, high in standing:
        for quarantined, other in ((low, high), (high, low)):
            members = seen.members[silent[quarantined]] if quarantined in silent else {}
            pairs |= {separation(member, other) for member in members}
    return frozenset(pairs)


def separated_pairs(record_ids: Iterable[int], *, besides: Iterable[int] = ()) -> frozenset[tuple[int, int]]:
    """Standing cannot-link pairs that touch these source records, the lower id first.

    `besides` are separations that the present transaction lifts.
    """
    ids = list(record_ids)
    standing = SeparationPair.objects.filter(separation__lifted_at__isnull=True).exclude(separation__in=list(besides))
    touching = standing.filter(Q(record_low__in=ids) | Q(record_high__in=ids))
    return frozenset(touching.values_list("record_low_id", "record_high_id"))


def open_matches(golden_ids: Iterable[int]) -> dict[frozenset[int], PotentialMatch]:
    """Open potential matches that touch these golden records, by their two golden records."""
    ids = list(golden_ids)
    standing = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN)
    touching = standing.filter(Q(golden_a__in=ids) | Q(golden_b__in=ids))
    return {frozenset((match.golden_a_id, match.golden_b_id)): match for match in touching}


def open_links(golden_ids: Iterable[int]) -> dict[int, list[Link]]:
    """Open links by golden record, read under its lock."""
    links: dict[int, list[Link]] = defaultdict(list)
    for link in Link.objects.filter(golden_record__in=list(golden_ids), ended_at__isnull=True).order_by("pk"):
        links[link.golden_record_id].append(link)
    return links
