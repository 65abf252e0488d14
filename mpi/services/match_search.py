"""The read-only search: all that a match question needs of the index, in one statement and one round trip.

Ingest searches in steps, under locks (`services.neighbourhood`); a question takes no lock and sees one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection

from matching.decide import Person
from matching.join import Member, Separations
from mpi import codec
from mpi.database.straight import ask
from mpi.models import GoldenRecord
from mpi.services.neighbourhood import CANDIDATES_A_KEY, CANDIDATES_A_STRONG_KEY
from mpi.services.parse import Key
from mpi.services.rows import raw_connection
from mpi.services.search_sql import HITS, members
from mpi.services.separations import widened

_TRUE, _NOBODY = b"t", b"{}"
_SHOWN = ("id", "euid", "status", "version", "member_count", "values")
"""Columns of a golden record that an answer shows; the others are read when asked for."""
# A pair is told by its lower record; a person's values by its first one: to write JSON out as text costs.
_SEARCH = f"""
WITH hit AS MATERIALIZED (
  SELECT b.source_record_id AS id, string_agg(wanted.place::text, ' ') AS places
  FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS wanted(k, n, place)
  CROSS JOIN LATERAL ({HITS}) b
  GROUP BY b.source_record_id
)
SELECT model.id, model.content_hash, found.*
FROM mpi_linkage_model_version model LEFT JOIN (
  SELECT r.id AS record_id, r.uuid, r.standard, encode(r.ssn_cipher, 'hex'), r.state = 'quarantined',
         l.by_human OR g.verified, person.hits, ARRAY(
           SELECT p.record_high_id FROM mpi_separation_pair p JOIN mpi_separation s ON s.id = p.separation_id
           WHERE p.record_low_id = r.id AND s.lifted_at IS NULL
         ), g.id, g.euid, g.status, g.version, g.member_count,
         CASE WHEN row_number() OVER (PARTITION BY g.id ORDER BY r.id) = 1 THEN g.values END
  FROM (
    SELECT open.golden_record_id AS id, string_agg(hit.id || ' ' || hit.places, ',') AS hits
    FROM hit CROSS JOIN LATERAL (
      SELECT golden_record_id FROM mpi_link WHERE source_record_id = hit.id AND ended_at IS NULL OFFSET 0
    ) open
    GROUP BY open.golden_record_id
  ) person
  {members("person.id", ", ".join((*_SHOWN, "verified")))}
) found ON true
WHERE model.status = 'active'
ORDER BY found.record_id
"""  # noqa: S608  # names of our own columns


@dataclass(slots=True)
class Found:
    """The persons that share a blocking key with the question, and the model that was active at that moment.

    model     its key and content hash, None where none is active
    members   golden record -> its source records, but for quarantined ones: these attract nobody
    rules     golden record -> the blocking rules that found it
    human     golden records on which a person has decided
    silent    quarantined source record -> its golden record
    """

    model: tuple[int, str] | None = None
    members: dict[int, list[Member]] = field(default_factory=dict)
    rules: dict[int, set[str]] = field(default_factory=dict)
    human: set[int] = field(default_factory=set)
    silent: dict[int, int] = field(default_factory=dict)
    _apart: list[tuple[int, int]] = field(default_factory=list)
    _golden: dict[int, Sequence[bytes]] = field(default_factory=dict)
    _places: dict[int, dict[bytes, bytes]] = field(default_factory=dict)

    def persons(self) -> list[Person]:
        """The candidates as the engine takes them."""
        return [Person(key, tuple(self.members[key]), key in self.human) for key in self.rules]

    def separated(self) -> Separations:
        """Records that a steward keeps apart. What was said of a quarantined one holds for its whole person."""
        return widened(frozenset(self._apart), self._of)

    def _of(self, record_id: int) -> list[int]:
        golden_id = self.silent.get(record_id)
        return [record_id] if golden_id is None else [member.record_id for member in self.members.get(golden_id, ())]

    def golden(self, golden_id: int) -> GoldenRecord:
        """The golden record of a candidate, with what an answer shows of it; the rest is read when asked for."""
        euid, status, version, count, values = self._golden[golden_id]
        shown = (golden_id, euid.decode(), status.decode(), int(version), int(count), orjson.loads(values))
        return GoldenRecord.from_db(connection.alias, _SHOWN, shown)

    def add(self, row: Sequence[Any], wanted: Sequence[Key]) -> None:
        """One source record of a golden record that was found. `wanted` are the keys in the order of the search."""
        record_id, uuid, standard, ssn_cipher, quarantined, by_human, hits, apart, golden_id, *golden = row
        key = int(golden_id)
        if key not in self._golden:
            self._golden[key] = golden
            self._places[key] = dict(hit.split(b" ", 1) for hit in hits.split(b","))
        if by_human == _TRUE:
            self.human.add(key)
        if apart != _NOBODY:
            self._apart += [(int(record_id), int(other)) for other in apart[1:-1].split(b",")]
        if quarantined == _TRUE:
            self.silent[int(record_id)] = key
            return
        cipher = bytes.fromhex(ssn_cipher.decode()) if ssn_cipher else None
        member = Member(int(record_id), codec.stored_standard(standard, cipher, uuid.decode()))
        self.members.setdefault(key, []).append(member)
        if places := self._places[key].get(record_id):
            self.rules.setdefault(key, set()).update(wanted[int(place) - 1].rule for place in places.split())


def search(keys: Sequence[Key]) -> Found:
    """Everybody who can be found by these keys. One round trip, for no key too: it then tells the model only."""
    wanted = list({key.hash: key for key in keys}.values())
    limits = [CANDIDATES_A_STRONG_KEY if key.strong else CANDIDATES_A_KEY for key in wanted]
    with connection.wrap_database_errors:
        raw_connection()  # which forgets in time the plans that were made while the index was small
    rows: list[tuple[Any, ...]] = ask(_SEARCH, _array(key.hash for key in wanted), _array(limits))
    if not rows:
        return Found()
    found = Found((int(rows[0][0]), rows[0][1].decode()))
    for _, _, *row in rows:
        if row[0] is not None:  # else the one row tells of the model only
            found.add(row, wanted)
    return found


def _array(numbers: Iterable[int]) -> str:
    """PostgreSQL's text form of an array of numbers."""
    return f"{{{','.join(map(str, numbers))}}}"
