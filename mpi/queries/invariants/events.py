"""Identity events against what stands: each link named by its events, undos that undo, and a replay of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby
from typing import Any, Final

import orjson

from mpi.queries.invariants.finding import Invariant, Looked, Tally, by_sql, chunks

_NAMED = """
WITH opened AS (
  SELECT e.id AS event_id, told.link::bigint AS link_id
  FROM mpi_identity_event e, jsonb_array_elements_text(e.payload -> 'links_opened') AS told(link)
), ended AS (
  SELECT e.id AS event_id, told.link::bigint AS link_id
  FROM mpi_identity_event e, jsonb_array_elements_text(e.payload -> 'links_ended') AS told(link)
)
SELECT 'source record ' || r.uuid, CASE
  WHEN l.opened_by_event_id IS DISTINCT FROM o.event_id THEN 'a link that the event which opened it does not name'
  WHEN (l.ended_at IS NULL) <> (l.ended_by_event_id IS NULL) THEN 'a link that ended without an event'
  WHEN l.ended_by_event_id IS DISTINCT FROM d.event_id THEN 'a link that the event which ended it does not name' END
FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id
LEFT JOIN opened o ON o.link_id = l.id LEFT JOIN ended d ON d.link_id = l.id
UNION ALL
SELECT 'identity event ' || e.uuid, 'names a link that does not exist'
FROM (SELECT * FROM opened UNION ALL SELECT * FROM ended) AS told
JOIN mpi_identity_event e ON e.id = told.event_id LEFT JOIN mpi_link l ON l.id = told.link_id WHERE l.id IS NULL
"""
_UNDOS = """
WITH retired AS (
  SELECT e.id AS event_id, told.golden AS golden
  FROM mpi_identity_event e, jsonb_each(e.payload -> 'golden_records') AS told(golden, states)
  WHERE told.states -> 'before' ->> 'status' <> 'merged' AND told.states -> 'after' ->> 'status' = 'merged'
), standing AS (
  SELECT s.event_id FROM mpi_separation s WHERE s.lifted_at IS NULL
)
SELECT 'identity event ' || e.uuid, CASE
  WHEN (e.kind IN ('undo', 'unmerge', 'source-unmerge')) <> (e.undoes_id IS NOT NULL)
    THEN 'an undo without its act, or an act with one'
  WHEN e.undoes_id IS NULL THEN NULL
  WHEN undone.id IS NULL OR undone.id >= e.id THEN 'undoes an act that is not before it'
  WHEN undone.kind IN ('undo', 'unmerge', 'source-unmerge') THEN 'undoes an undo'
  WHEN count(*) OVER (PARTITION BY e.undoes_id) > 1 THEN 'undoes an act that another one undoes too'
  WHEN EXISTS (
    SELECT 1 FROM retired WHERE retired.event_id = undone.id
    AND coalesce(e.payload -> 'golden_records' -> retired.golden -> 'after' ->> 'status', 'merged') = 'merged'
  ) THEN 'leaves a golden record merged that the undone act has merged'
  WHEN undone.id IN (SELECT event_id FROM standing) THEN 'leaves a separation that the undone act has made' END
FROM mpi_identity_event e LEFT JOIN mpi_identity_event undone ON undone.id = e.undoes_id
"""
_EVENTS = """
SELECT recorded_at, id, uuid, golden_record_ids, payload FROM mpi_identity_event ORDER BY recorded_at, id
"""
_LINKS = """
SELECT l.id, l.source_record_id, r.uuid, l.ended_at IS NULL
FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id
"""
_GOLDEN = "SELECT id, euid, status, merged_into_id, verified FROM mpi_golden_record"


@dataclass(frozen=True, slots=True)
class _Event:
    moment: datetime
    uuid: str
    opened: tuple[int, ...]
    ended: tuple[int, ...]
    after: dict[int, tuple[Any, ...]]


@dataclass(slots=True)
class _Replay:
    """The index as the events make it. `links` are the source records of the links, by key, as stored."""

    tally: Tally
    links: dict[int, int]
    at: dict[int, int] = field(default_factory=dict)
    golden: dict[int, tuple[datetime, tuple[Any, ...]]] = field(default_factory=dict)

    def moment(self, events: list[_Event]) -> None:
        """All events of one moment: a bulk load numbers them by kind, so what ends a link waits for what opens it."""
        left = events
        while left:
            waiting = [event for event in left if not self._apply(event)]
            if len(waiting) == len(left):
                for event in waiting:
                    self.tally.add(
                        "ends a link that was not open, or opens a second one", f"identity event {event.uuid}"
                    )
                return
            left = waiting

    def _apply(self, event: _Event) -> bool:
        ending = [pk for pk in event.ended if pk not in event.opened]
        there = self.at
        if any(there.get(self._record(pk)) != pk for pk in ending):
            return False
        leaving = {self._record(pk) for pk in ending}
        coming = [pk for pk in event.opened if pk not in event.ended]
        records = [self._record(pk) for pk in coming]
        if len(set(records)) < len(records) or any(pk in there and pk not in leaving for pk in records):
            return False
        for record in leaving:
            del there[record]
        there.update(zip(records, coming, strict=True))
        for pk, state in event.after.items():
            before = self.golden.get(pk)
            # Acts of one moment are one transaction: what one of them has merged, none brings back.
            if before is None or before[0] != event.moment or before[1][0] != "merged":
                self.golden[pk] = (event.moment, state)
        return True

    def _record(self, link_id: int) -> int:
        return self.links.get(link_id, -link_id)


def _look_replayed(examples: int) -> Looked:
    tally = Tally(examples)
    links = list(chain.from_iterable(chunks(_LINKS)))
    replay = _Replay(tally, {pk: record for pk, record, _, _ in links})
    for _, events in groupby(_events(tally), key=lambda event: event.moment):
        replay.moment(list(events))
    _compare_links(tally, replay, links)
    for row in chain.from_iterable(chunks(_GOLDEN)):
        _compare_golden(tally, replay, row)
    for pk in replay.golden:
        tally.add("the replay ends in a golden record that does not exist", f"golden record no. {pk}")
    return tally.looked()


def _events(tally: Tally) -> Iterable[_Event]:
    for moment, _, uuid, golden_ids, text in chain.from_iterable(chunks(_EVENTS)):
        tally.rows += 1
        payload = orjson.loads(text)
        states = {int(pk): told["after"] for pk, told in payload["golden_records"].items()}
        if set(states) != set(golden_ids):
            tally.add("its golden records are not those of its payload", f"identity event {uuid}")
        after = {pk: (told["status"], told["merged_into"], told["verified"]) for pk, told in states.items()}
        opened, ended = (tuple(map(int, payload[name])) for name in ("links_opened", "links_ended"))
        yield _Event(moment, str(uuid), opened, ended, after)


def _compare_links(tally: Tally, replay: _Replay, links: list[tuple[Any, ...]]) -> None:
    present = {record: pk for pk, record, _, is_open in links if is_open}
    for pk in replay.at.values():
        if pk not in replay.links:
            tally.add("the replay ends in a link that does not exist", f"link no. {pk}")
    for record, uuid in {record: uuid for _, record, uuid, _ in links}.items():
        if present.get(record) != replay.at.get(record):
            tally.add("the replay ends in another link", f"source record {uuid}")


def _compare_golden(tally: Tally, replay: _Replay, row: tuple[Any, ...]) -> None:
    pk, euid, *now = row
    told = replay.golden.pop(pk, None)
    if told is None:
        tally.add("no identity event knows it", f"golden record {euid}")
    elif told[1] != tuple(now):
        tally.add("the replay ends in another status, survivor or verification", f"golden record {euid}")


EVENTS: Final = (
    Invariant(
        "links-named",
        "Every link is named by the identity event that opened it and by the one that ended it.",
        "mpi_link",
        by_sql(_NAMED),
    ),
    Invariant(
        "undos",
        "Every undo names one earlier act, brings back what that had merged, and lifts what it had separated.",
        "mpi_identity_event",
        by_sql(_UNDOS),
    ),
    Invariant(
        "replay",
        "The identity events, replayed in order, give the present open links, statuses and survivors.",
        "mpi_identity_event",
        _look_replayed,
    ),
)
