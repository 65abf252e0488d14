"""What a batch can see of the index: the candidates that blocking finds, and whose they are.

Read after the advisory locks; kept up to date in memory while the batch is decided, so that records
of one batch find each other as they would have found each other one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from matching.decide import Person
from matching.join import Member, separation
from matching.records import StandardRecord
from mpi import codec
from mpi.database.reading import Rows
from mpi.database.straight import Told
from mpi.models import Link, PotentialMatch
from mpi.services.locking import TryAgain
from mpi.services.open_questions import Asked, OpenQuestions
from mpi.services.parse import Key
from mpi.services.rows import fetch, fetch_all, instance, table_of
from mpi.services.search_sql import HITS, members
from mpi.services.separations import widened

CANDIDATES_A_KEY = 100
"""A hot key gives at most this many candidates (SPEED: 20,000 cost 112 ms, a capped key 0.75 ms)."""
CANDIDATES_A_STRONG_KEY = 2_000
"""Strong keys are never capped in practice; this bound only keeps a poisoned number from stopping the index."""

_SEARCH = f"SELECT k, ARRAY({HITS}) FROM unnest(%s::bigint[], %s::int[]) AS wanted(k, n)"  # noqa: S608  # our own
_MEMBERS = f"""
SELECT g.id, g.version, l.by_human OR g.verified, r.id, r.uuid::text, r.standard, r.ssn_cipher, r.state = 'quarantined'
FROM {{wanted}} AS w(id) {members("w.id", "id, version, verified")} ORDER BY r.id
"""  # noqa: S608  # names of our own columns
_WHOSE = (
    "(SELECT DISTINCT golden_record_id FROM mpi_link WHERE ended_at IS NULL AND source_record_id = ANY(%s::bigint[]))"
)
_MEMBERS_BESIDE = _MEMBERS.format(wanted=_WHOSE)
_MEMBERS_OF = _MEMBERS.format(wanted="unnest(%s::bigint[])")


_SEPARATED = """
SELECT p.record_low_id, p.record_high_id FROM mpi_separation_pair p
JOIN mpi_separation s ON s.id = p.separation_id
WHERE s.lifted_at IS NULL AND (p.record_low_id = ANY(%s::bigint[]) OR p.record_high_id = ANY(%s::bigint[]))
AND s.id <> ALL(%s::bigint[])
"""
_OPEN_MATCHES = f"""
SELECT {table_of(PotentialMatch).selected} FROM mpi_potential_match t
WHERE t.status = 'open' AND (t.golden_a_id = ANY(%s::bigint[]) OR t.golden_b_id = ANY(%s::bigint[]))
"""  # noqa: S608  # names of our own models
OPEN_LINKS = f"""
SELECT {table_of(Link).selected} FROM mpi_link t
WHERE t.ended_at IS NULL AND t.golden_record_id = ANY(%s::bigint[]) ORDER BY t.id
"""  # noqa: S608  # names of our own models


@dataclass(slots=True)
class Neighbourhood:
    """Golden records near a batch, by key. `versions` are those that were read: checked again under the lock.

    `silent` are quarantined records: they attract nobody, but what keeps them apart counts for their person.
    `matches` are the open potential matches as stored, `questions` what the plans so far make of them.
    """

    members: dict[int, dict[int, Member]] = field(default_factory=lambda: defaultdict(dict))
    owner: dict[int, int] = field(default_factory=dict)
    silent: dict[int, int] = field(default_factory=dict)
    human: set[int] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    separated: frozenset[tuple[int, int]] = frozenset()
    matches: dict[frozenset[int], PotentialMatch] = field(default_factory=dict)
    questions: OpenQuestions = field(default_factory=OpenQuestions)
    capped: set[int] = field(default_factory=set)
    _asked: set[int] = field(default_factory=set)
    _made: set[int] = field(default_factory=set)
    _match_ids: set[int] = field(default_factory=set)
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

    def standards(self) -> dict[int, StandardRecord]:
        """The standard record of every member, by key."""
        return {pk: member.record for own in self.members.values() for pk, member in own.items()}

    def place(self, record_id: int, golden_id: int, standard: StandardRecord, keys: Iterable[Key]) -> None:
        """The record belongs there now and can be found by the records after it."""
        old = self.owner.get(record_id)
        if old is not None:
            self.members[old].pop(record_id, None)
        if golden_id not in self.versions:
            self._made.add(golden_id)
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
        for record_id in [pk for pk, owner in self.silent.items() if owner == giver]:
            self.silent[record_id] = taker
        if giver in self.human:
            self.human.add(taker)
        self.questions.move(giver, taker)

    def are_apart(self, golden_ids: Iterable[int], other: int) -> bool:
        """Whether a separation stands between any member of these golden records and any of the other one."""
        if not self.separated:
            return False
        ours = [pk for golden_id in golden_ids for pk in self.members.get(golden_id, ())]
        theirs = self.members.get(other, {})
        return any(separation(one, two) in self.separated for one in ours for two in theirs)

    def apart_from(self, record_id: int, golden_ids: Iterable[int]) -> frozenset[int]:
        """Which of these golden records a separation keeps this source record apart from."""
        kept = {pk for pair in self.separated if record_id in pair for pk in pair}
        whose = {self.owner.get(pk, self.silent.get(pk)) for pk in kept - {record_id}}
        return frozenset(pk for pk in golden_ids if pk in whose)

    def widen(self, golden_ids: Iterable[int]) -> set[int]:
        """Read what these golden records are asked about: every question, and everybody in it, with all members.

        Returns the golden records of those questions. Cost: three round trips at most, none when all is known.
        """
        ids = set(golden_ids)
        if unasked := ids - self._asked - self._made:
            self.note_matches(unasked, open_matches(unasked))
        near = ids.union(*map(self.questions.near, ids))
        if strangers := near - self.versions.keys() - self._made:
            before = self.owner.keys() | self.silent.keys()
            _read_members(self, fetch(_MEMBERS_OF, sorted(strangers)))
            self.separated |= _separations(self, (self.owner.keys() | self.silent.keys()) - before)
        return near

    def beside(self, golden_id: int) -> int:
        """A golden record that somebody has named, read as the others are. Raises TryAgain where nobody is in it."""
        self.widen([golden_id])
        if golden_id not in self.versions:
            raise TryAgain
        return golden_id

    def note_matches(self, golden_ids: Iterable[int], matches: dict[frozenset[int], PotentialMatch]) -> None:
        """These are their open potential matches; those known already stay what the plans have made of them."""
        self._asked.update(golden_ids)
        for pair, match in matches.items():
            if match.pk not in self._match_ids:
                self._match_ids.add(match.pk)
                self.matches[pair] = match
                records = frozenset((match.record_a_id, match.record_b_id))
                self.questions.ask(match.golden_a_id, match.golden_b_id, Asked(records, match.bits))

    def add_hits(self, key: int, record_ids: list[int]) -> None:
        """What the search found under one key."""
        self._hits[key] = record_ids


def asked_hits(keys: Iterable[Key]) -> Told:
    """The question for the records under these keys, to be asked once the keys are locked; `look_around` goes on."""
    limits = _limits(keys)
    return _SEARCH, (list(limits), [limit + 1 for limit in limits.values()])


def _limits(keys: Iterable[Key]) -> dict[int, int]:
    return {key.hash: CANDIDATES_A_STRONG_KEY if key.strong else CANDIDATES_A_KEY for key in keys}


def _look_for(limits: dict[int, int], hits_by_key: Rows, record_ids: Sequence[int]) -> Neighbourhood:
    """The candidates that were hit and the persons of these records, without what stands between them."""
    seen = Neighbourhood()
    found = set(record_ids)
    for key, hits in hits_by_key:
        if len(hits) > limits[key]:
            seen.capped.add(key)
            del hits[limits[key] :]
        seen.add_hits(key, hits)
        found.update(hits)
    if found:
        _read_members(seen, fetch(_MEMBERS_BESIDE, sorted(found)))
    return seen


def _read_members(seen: Neighbourhood, rows: Iterable[tuple[Any, ...]]) -> None:
    for golden_id, version, by_human, record_id, uuid, standard, ssn_cipher, quarantined in rows:
        seen.versions[golden_id] = version
        if by_human:
            seen.human.add(golden_id)
        if quarantined:
            seen.silent[record_id] = golden_id
            continue
        seen.owner[record_id] = golden_id
        seen.members[golden_id][record_id] = Member(record_id, codec.stored_standard(standard, ssn_cipher, uuid))


def look_around(keys: Iterable[Key], hits: Rows, record_ids: Sequence[int]) -> Neighbourhood:
    """Read the neighbourhood of a batch: candidates of its keys, owners of its known records, what keeps them apart.

    `hits` is the answer to `asked_hits` of the same keys. Cost: two round trips for any batch.
    """
    seen = _look_for(_limits(keys), hits, record_ids)
    if seen.versions:
        # A known record that nobody holds now (it was deleted) is kept apart from whom it was.
        near, records = list(seen.versions), list({*seen.owner, *seen.silent, *record_ids})
        pairs, matches = fetch_all((_SEPARATED, (records, records, [])), (_OPEN_MATCHES, (near, near)))
        seen.separated = _widened(seen, frozenset(pairs))
        seen.note_matches(near, _by_pair(matches))
    return seen


def _separations(seen: Neighbourhood, record_ids: Iterable[int]) -> frozenset[tuple[int, int]]:
    """Cannot-link pairs of these records. Those of a quarantined member hold for its whole person."""
    return _widened(seen, separated_pairs(record_ids))


def _widened(seen: Neighbourhood, pairs: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return widened(pairs, partial(_standing_for, seen))


def _standing_for(seen: Neighbourhood, record_id: int) -> Collection[int]:
    return seen.members[seen.silent[record_id]] if record_id in seen.silent else (record_id,)


def separated_pairs(record_ids: Iterable[int], *, besides: Iterable[int] = ()) -> frozenset[tuple[int, int]]:
    """Standing cannot-link pairs that touch these source records, the lower id first.

    `besides` are separations that the present transaction lifts.
    """
    ids = list(record_ids)
    return frozenset(fetch(_SEPARATED, ids, ids, list(besides))) if ids else frozenset()


def open_matches(golden_ids: Iterable[int]) -> dict[frozenset[int], PotentialMatch]:
    """Open potential matches that touch these golden records, by their two golden records."""
    ids = list(golden_ids)
    return _by_pair(fetch(_OPEN_MATCHES, ids, ids)) if ids else {}


def _by_pair(rows: Rows) -> dict[frozenset[int], PotentialMatch]:
    matches = (instance(PotentialMatch, row) for row in rows)
    return {frozenset((match.golden_a_id, match.golden_b_id)): match for match in matches}


def open_links(golden_ids: Iterable[int]) -> dict[int, list[Link]]:
    """Open links by golden record, read under its lock."""
    ids = list(golden_ids)
    return read_links(fetch(OPEN_LINKS, ids) if ids else ())


def read_links(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[Link]]:
    """The links that the answer to `OPEN_LINKS` holds, by golden record."""
    links: dict[int, list[Link]] = defaultdict(list)
    for row in rows:
        link = instance(Link, row)
        links[link.golden_record_id].append(link)
    return links
