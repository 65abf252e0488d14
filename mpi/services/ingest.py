"""T2: messages take effect, one or many in one transaction. A single record is a batch of one.

Standardised before any lock; then lock, look around, decide in the order of receipt, write. A batch
that fails is bisected until the one bad message stands alone; it never stops the line.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Model

from audit.actions import Action
from mpi import codec
from mpi.commands import Actor, system_actor
from mpi.database.reading import Rows
from mpi.errors import Busy, Flaw, MpiError, ServiceDown
from mpi.models import (
    BlockingKey,
    Decision,
    GoldenRecord,
    Identifier,
    IdentityEvent,
    InboundMessage,
    Link,
    MessageState,
    OutboxEvent,
    RecordState,
    SourceRecord,
    SourceSystem,
)
from mpi.services.active_model import ActiveModel
from mpi.services.apply import Applied, Applier
from mpi.services.claim import claim
from mpi.services.identifiers import write_identifiers
from mpi.services.in_force import ASKED, in_force
from mpi.services.locking import TryAgain, lock_golden_and_ask, lock_keys, run_act
from mpi.services.neighbourhood import OPEN_LINKS, Neighbourhood, asked_hits, look_around, read_links
from mpi.services.parse import Key, Told, keys_of, parse
from mpi.services.plan import Plan, Planner
from mpi.services.rows import fetch_all, instance, table_of, tell, together, update_rows, write_values
from mpi.services.said import accepted_messages
from mpi.services.sequences import asked_ids, reserved
from mpi.services.subsumed import refuse_subsumed
from mpi.services.unit import UnitOfWork

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 5


_FEW = 3
"""Records from which COPY, which needs round trips of its own, beats a pipeline of INSERTs."""
_USUAL_ROWS: dict[type[Model], int] = {
    SourceRecord: 1,
    GoldenRecord: 1,
    IdentityEvent: 1,
    Decision: 1,
    Link: 1,
    OutboxEvent: 2,
    Identifier: 1,
}
"""Rows that a new record usually makes: their keys are fetched together, and those not needed are lost."""
_EXISTING = (
    f"SELECT {table_of(SourceRecord).selected} FROM unnest(%s::bigint[], %s::text[]) AS w(system, mrn) "  # noqa: S608  # our own names
    "CROSS JOIN LATERAL (SELECT * FROM mpi_source_record WHERE source_system_id = w.system AND mrn = w.mrn OFFSET 0) t"
)

_DELETE_KEYS = (
    "DELETE FROM mpi_blocking_key b USING unnest(%s::bigint[], %s::bigint[]) AS gone(key, record) "
    "WHERE b.key = gone.key AND b.source_record_id = gone.record"
)


@dataclass(frozen=True, slots=True)
class Locked:
    """What a batch reads in the round trip in which it takes its locks.

    moment    the time of the transaction
    existing  source records that the batch speaks of and that exist, by primary key
    hits      records under the blocking keys, for `look_around`
    ids       fresh keys for the rows that records usually make
    """

    moment: datetime
    existing: dict[int, SourceRecord]
    hits: Rows
    ids: dict[type[Model], list[int]]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one message."""

    message_id: int
    state: str
    outcome: str = ""
    record_id: int | None = None
    decision: dict[str, Any] | None = field(default=None, repr=False)
    errors: tuple[Flaw, ...] = ()


def ingest(*, message_ids: Sequence[int]) -> dict[int, IngestResult]:
    """Apply these messages if they are still open and it is their turn. Raises ServiceDown, Busy.

    A message whose source record has an earlier open message is left for later. What cannot be
    applied is rejected with its flaws; what fails unexpectedly is tried again alone, then is dead.
    """
    try:
        return run_act(lambda: _ingest_batch(message_ids))
    except ServiceDown:
        raise
    except Busy:
        if len(message_ids) == 1:
            raise
    except Exception as error:  # noqa: BLE001  # whatever it is, one bad message must not stop the others
        if len(message_ids) == 1:
            return {message_ids[0]: _give_up(message_ids[0], error)}
        log.warning("batch of %d messages failed with %s: bisecting", len(message_ids), type(error).__name__)
    middle = len(message_ids) // 2
    results: dict[int, IngestResult] = {}
    for half in (message_ids[:middle], message_ids[middle:]):
        try:
            results |= ingest(message_ids=half)
        except Busy:
            log.warning("message %d waits for the sweep: its records are being changed", half[0])
    return results


def _give_up(message_id: int, error: Exception) -> IngestResult:
    """Count the failure; after MOST_ATTEMPTS the message is dead until somebody replays it."""
    log.error("message %d failed with %s", message_id, type(error).__name__)

    def act() -> IngestResult:
        message = InboundMessage.objects.select_for_update().get(pk=message_id)
        message.attempts += 1
        flaw = Flaw(
            "message", f"could not be applied ({type(error).__name__})", "see the operator's chapter on dead messages"
        )
        if message.attempts >= MOST_ATTEMPTS:
            message.state = MessageState.DEAD
            message.errors = [flaw.as_document()]
        message.save(update_fields=["attempts", "state", "errors"])
        return IngestResult(message_id, message.state, errors=(flaw,))

    return run_act(act)


def _ingest_batch(message_ids: Sequence[int]) -> dict[int, IngestResult]:
    messages, answers = claim(message_ids, *ASKED)
    if not messages:
        return {}
    force = in_force(answers)
    active = force.active
    told, rejected = _parse_all(messages, force.systems, active)
    before = _records(fetch_all(_asked_records(told))[0])
    old_keys = {pk: _stored_keys(record) for pk, record in before.items()}
    every_key = [*chain.from_iterable(item.keys for item in told), *chain.from_iterable(old_keys.values())]
    locked = _lock(told, every_key)
    existing = locked.existing
    if _versions(existing) != _versions(before):
        raise TryAgain
    unit = UnitOfWork(actor=_worker(messages), recorded_at=locked.moment)
    unit.take_ids(locked.ids)
    unit.heard.systems |= {system.pk: system for system in force.systems.values()}
    unit.heard.rules = force.rules
    told, refused = refuse_subsumed(told, existing.values())
    rejected += refused
    seen = look_around(every_key, locked.hits, list(existing))
    planner = Planner(
        unit=unit,
        active=active,
        seen=seen,
        records={(record.source_system_id, record.mrn): record for record in existing.values()},
        accepted=accepted_messages([message.pk for message in messages]) if existing else frozenset(),
        keys={pk: frozenset(key.hash for key in keys) for pk, keys in old_keys.items()},
    )
    plans = [planner.plan(item) for item in told]
    unit.heard.standards |= seen.standards()
    golden, standing = _lock_golden_records(plans, seen, unit.recorded_at)
    unit.heard.links |= {pk: standing.get(pk, []) for pk in golden}
    links = {link.source_record_id: link for own in standing.values() for link in own}
    applier = Applier(unit=unit, active=active, seen=seen, golden=golden, links=links)
    applied = [applier.apply(plan) for plan in plans]
    for message, _ in rejected:
        unit.audit(Action.MESSAGE_REJECTED, subject=("message", str(message.uuid)), message_id=message.pk)
    unit.settle()
    with together(few=len(plans) < _FEW, ends=True):
        unit.write()
        _write_keys(planner)
        write_identifiers(unit, plans)
        return _finish(unit, applied, rejected)


def _parse_all(
    messages: Sequence[InboundMessage], systems: dict[str, SourceSystem], active: ActiveModel
) -> tuple[list[Told], list[tuple[InboundMessage, MpiError]]]:
    told, rejected = [], []
    for message in messages:
        try:
            told.append(parse(message, systems, active))
        except MpiError as error:
            rejected.append((message, error))
    return told, rejected


def _asked_records(told: Sequence[Told]) -> tuple[str, tuple[list[int], list[str]]]:
    """The question for the source records that the batch speaks of and that exist; `_records` reads its answer."""
    return _EXISTING, ([item.system.pk for item in told], [item.mrn for item in told])


def _records(rows: Rows) -> dict[int, SourceRecord]:
    return {row[0]: instance(SourceRecord, row) for row in rows}


def _versions(records: dict[int, SourceRecord]) -> dict[int, tuple[int, str]]:
    return {pk: (record.version, record.state) for pk, record in records.items()}


def _stored_keys(record: SourceRecord) -> tuple[Key, ...]:
    """The blocking keys under which the record can be found now: a deleted one under none."""
    return () if record.state == RecordState.DELETED else keys_of(codec.standard_record(record))


def _lock(told: Sequence[Told], keys: Sequence[Key]) -> Locked:
    """Lock the records' own keys and these, their new and their old ones; then read what was waited for."""
    hashes = [item.message.order_key for item in told] + [key.hash for key in keys]
    wanted = {model: count * len(told) for model, count in _USUAL_ROWS.items()}
    asked = (_asked_records(told), asked_hits(keys), asked_ids(wanted))
    moment, (records, hits, ids) = lock_keys(hashes, *asked)
    return Locked(moment, _records(records), hits, reserved(wanted, ids))


def _worker(messages: Sequence[InboundMessage]) -> Actor:
    """The engine acts; the correlation id is the messages' own where they share one."""
    correlations = {message.correlation_id for message in messages}
    return system_actor("matching", correlation_id=correlations.pop() if len(correlations) == 1 else None)


def _lock_golden_records(
    plans: Sequence[Plan], seen: Neighbourhood, now: datetime
) -> tuple[dict[int, GoldenRecord], dict[int, list[Link]]]:
    """Lock what the plans change, with its open links. Raises TryAgain if it changed since it was read, or since `now`.

    The time of the batch is read before this lock: an act between both would be later than what comes after it.
    """
    wanted = {pk for plan in plans for pk in plan.golden_ids()} & seen.versions.keys()
    if not wanted:
        return {}, {}
    locked, (links,) = lock_golden_and_ask(wanted, (OPEN_LINKS, (list(wanted),)))
    if any(row.version != seen.versions[pk] or row.recorded_at > now for pk, row in locked.items()):
        raise TryAgain
    return locked, read_links(links)


def _write_keys(planner: Planner) -> None:
    """Blocking keys of the batch's records: those gone are deleted, new ones written."""
    if gone := planner.keys_gone():
        tell(_DELETE_KEYS, *zip(*gone, strict=True))
    write_values(table_of(BlockingKey), planner.keys_come())


def _finish(
    unit: UnitOfWork, applied: Sequence[Applied], rejected: Sequence[tuple[InboundMessage, MpiError]]
) -> dict[int, IngestResult]:
    results = {}
    for item in applied:
        message = item.message
        message.state = item.state
        message.outcome = item.outcome
        message.decision_id = item.decision_id
        message.source_record_id = item.record_id
        message.applied_at = None if item.state == MessageState.QUEUED else unit.recorded_at
        message.errors = None
        results[message.pk] = IngestResult(
            message.pk, message.state, message.outcome, item.record_id, item.decision_document
        )
    for message, error in rejected:
        message.state = MessageState.REJECTED
        message.applied_at = unit.recorded_at
        message.errors = [flaw.as_document() for flaw in error.flaws] or [{"problem": error.detail}]
        results[message.pk] = IngestResult(message.pk, message.state, errors=error.flaws)
    fields = ("state", "outcome", "decision_id", "source_record_id", "applied_at", "errors")
    update_rows([item.message for item in applied] + [message for message, _ in rejected], fields)
    return results
