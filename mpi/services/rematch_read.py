"""The records of the index as a model version sees them, read in chunks: no long transaction, bounded memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from matching.model import LinkageModel
from matching.model_document import from_document
from matching.records import StandardRecord
from matching.standardise import standardise
from mpi import codec
from mpi.models import EventKind, LinkageModelVersion, RecordState, SourceRecord
from mpi.services.active_model import settings_hash_of

RECORDS_A_CHUNK = 2_000
_READ = """
SELECT r.id, r.uuid, r.version, r.state, r.standard, r.ssn_cipher, r.settings_hash, l.golden_record_id,
  CASE WHEN r.settings_hash = ANY(%(same)s) THEN NULL ELSE r.told END
FROM mpi_source_record r
JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
WHERE r.state = ANY(%(states)s) AND {which}
ORDER BY r.id
"""
_FOLLOWING = _READ.format(which="r.id > %(after)s") + "LIMIT %(limit)s"
_THESE = _READ.format(which="r.id = ANY(%(ids)s)")
_MEMBERS = """
SELECT l.golden_record_id, l.source_record_id, g.euid, l.by_human OR g.verified
FROM mpi_link l JOIN mpi_golden_record g ON g.id = l.golden_record_id
WHERE l.ended_at IS NULL AND l.golden_record_id = ANY(%s)
ORDER BY l.source_record_id
"""
_TAKEN_BACK = """
SELECT DISTINCT unnest(back.golden_record_ids)
FROM mpi_identity_event back JOIN mpi_identity_event act ON act.id = back.undoes_id
WHERE back.golden_record_ids && %s::bigint[] AND back.kind = %s
  AND back.actor_kind <> 'system' AND act.actor_kind = 'system'
"""
_STATES = [RecordState.ACTIVE, RecordState.QUARANTINED]


class Told(NamedTuple):
    """One linked source record. `standard` is None while an overlay is suspected: it attracts no automatic links."""

    record_id: int
    version: int
    golden_id: int
    standard: StandardRecord | None


@dataclass(frozen=True, slots=True)
class View:
    """How a model version reads records. `same` are the settings under which stored standard forms hold as they are."""

    model: LinkageModel
    same: tuple[str, ...]

    def following(self, after: int, limit: int = RECORDS_A_CHUNK) -> list[Told]:
        """The next linked records by key."""
        return self._read(_FOLLOWING, {"after": after, "limit": limit})

    def these(self, ids: Iterable[int]) -> list[Told]:
        """These records as they are now; those without a link are left out."""
        return self._read(_THESE, {"ids": list(ids)})

    def _read(self, query: str, values: dict[str, Any]) -> list[Told]:
        with connection.cursor() as cursor:
            cursor.execute(query, {**values, "same": list(self.same), "states": _STATES})
            return [self._told(row) for row in cursor.fetchall()]

    def _told(self, row: tuple[Any, ...]) -> Told:
        record_id, uuid, version, state, standard, ssn_cipher, _, golden_id, told = row
        if state == RecordState.QUARANTINED:
            return Told(record_id, version, golden_id, None)
        if told is not None:
            return Told(record_id, version, golden_id, self._standardised(uuid, told))
        return Told(record_id, version, golden_id, codec.stored_standard(standard, ssn_cipher, uuid))

    def _standardised(self, uuid: UUID, told: str) -> StandardRecord:
        """Standardised anew: under these settings other values count as placeholders, or the rules have changed."""
        row = SourceRecord(uuid=uuid, told=orjson.loads(told))
        return codec.protected_standard(standardise(codec.told_record(row), excessive=self.model.excessive))


def view_under(version: LinkageModelVersion) -> View:
    """How this model version reads records. Versions with the same list of excessive values read alike."""
    model = from_document(version.document)
    rows = LinkageModelVersion.objects.values_list("content_hash", "document__excessive")
    own = version.document.get("excessive")
    return View(model, tuple(settings_hash_of(content_hash) for content_hash, told in rows if told == own))


@dataclass(slots=True)
class Roll:
    """All linked records by dense numbers: keys ascending, and the golden record of each."""

    record_ids: array[int] = field(default_factory=lambda: array("q"))
    golden_ids: array[int] = field(default_factory=lambda: array("q"))

    def add(self, told: Told) -> int:
        """The record's number."""
        self.record_ids.append(told.record_id)
        self.golden_ids.append(told.golden_id)
        return len(self.record_ids) - 1

    def number(self, record_id: int) -> int | None:
        """The number of a record, None if it was not read."""
        place = bisect_left(self.record_ids, record_id)
        found = place < len(self.record_ids) and self.record_ids[place] == record_id
        return place if found else None

    def fellows(self) -> Iterator[tuple[int, int]]:
        """Numbers of each record and the one before it of the same golden record."""
        last: dict[int, int] = {}
        for number, golden_id in enumerate(self.golden_ids):
            if golden_id in last:
                yield last[golden_id], number
            last[golden_id] = number


@dataclass(frozen=True, slots=True)
class Membership:
    """Golden records as they stand: all their source records ascending, their EUIDs, and those a human decided on."""

    members: dict[int, tuple[int, ...]]
    euids: dict[int, str]
    human: frozenset[int]


def membership(golden_ids: Sequence[int]) -> Membership:
    """Two queries. A person has decided on a golden record when a link of it was made by hand, when it is
    verified, or when an act of the engine on it was undone by hand."""
    members: dict[int, list[int]] = {}
    euids: dict[int, str] = {}
    human: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [list(golden_ids)])
        for golden_id, record_id, euid, by_human in cursor.fetchall():
            members.setdefault(golden_id, []).append(record_id)
            euids[golden_id] = euid
            if by_human:
                human.add(golden_id)
        cursor.execute(_TAKEN_BACK, [list(golden_ids), EventKind.UNDO])
        human |= {pk for (pk,) in cursor.fetchall()} & members.keys()
    return Membership({pk: tuple(ids) for pk, ids in members.items()}, euids, frozenset(human))


def read_all(view: View, take: Callable[[Roll, Sequence[Told]], None]) -> Roll:
    """Read the whole index in chunks; `take` is given each chunk before it is let go."""
    roll = Roll()
    after = 0
    while chunk := view.following(after):
        take(roll, chunk)
        after = chunk[-1].record_id
    return roll
