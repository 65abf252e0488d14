"""The watch over persons: it asks a steward where two hold one number, or one has too many records.

Run by beat, apart from the messages: what an import and a bulk load make of the same records stays equal, and no
message waits for it. Each run looks at what is fresh since the last one, and once a night at everything: the mark of
the last run is only a hint, and a transaction that took long may commit keys below it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from audit.actions import Action
from mpi.commands import Actor, system_actor
from mpi.errors import Busy
from mpi.models import GoldenRecord, IdentityTask, Link, SourceRecord, TaskType
from mpi.services.act import begin
from mpi.services.locking import run_act
from mpi.services.record_states import close_task, open_task
from mpi.services.watch_read import (
    MOST_HOLDERS,
    Large,
    Mark,
    Shared,
    asked_large,
    gone_tasks,
    large_persons,
    present_mark,
    settled_pairs,
    shared_numbers,
)

log = logging.getLogger(__name__)
_MARK = "watch-over-persons"
_MARGIN = 10_000
"""Keys below the mark that are looked at again: of transactions that were under way when it was taken."""
_MOST = 500
"""Tasks opened or closed in one run: some seconds."""
_GROWN = 1.5
"""A person whose many records a steward has seen and accepted is asked about again when it has half as many more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run did. `waiting`: there is more to do, which the next whole run takes up."""

    opened: int
    closed: int
    waiting: bool


def watch_persons(*, whole: bool = False) -> Watched:
    """Open what is to be asked and close what needs no answer any more, a task a transaction; run again, nothing new.

    `whole` looks at the whole index. What somebody else is changing is left to a later run. Raises ServiceDown.
    """
    since = None if whole else _last_mark()
    mark = present_mark()
    actor = system_actor("watch")
    closed = sum(_close(pk, actor) for pk in gone_tasks(settings.LARGE_PERSON, most=_MOST))
    conflicts, persons = _to_ask(shared_numbers(since)), _too_large(large_persons(settings.LARGE_PERSON, since))
    opened = sum(_ask_conflict(shared, actor) for shared in conflicts[:_MOST])
    opened += sum(_ask_large(large, actor) for large in persons[:_MOST])
    waiting = len(conflicts) > _MOST or len(persons) > _MOST
    # With more to do, no mark: the next run looks at everything.
    cache.set(_MARK, None if waiting else (mark.identifier, mark.link), timeout=None)
    return Watched(opened, closed, waiting)


def _last_mark() -> Mark | None:
    """Where the last run ended, less a margin; None where nobody knows."""
    known = cache.get(_MARK)
    if known is None:
        return None
    identifier, link = known
    return Mark(max(identifier - _MARGIN, 0), max(link - _MARGIN, 0))


def _to_ask(found: list[Shared]) -> list[Shared]:
    """Those that are neither kept apart nor asked about, each two persons once."""
    apart, asked = settled_pairs(found)
    wanted: dict[frozenset[int], Shared] = {}
    for shared in found:
        pair = frozenset(shared.golden)
        if pair not in apart and (pair, shared.code) not in asked:
            wanted.setdefault(pair, shared)
    return list(wanted.values())


def _too_large(found: list[Large]) -> list[Large]:
    """Those that were never asked about, or have grown by half since."""
    asked = asked_large(found)
    return [large for large in found if large.members >= _GROWN * asked.get(large.golden, 0)]


def _ask_conflict(shared: Shared, actor: Actor) -> bool:
    """One task about the two, if it is still to be asked under the locks."""

    def act() -> bool:
        unit = begin(actor, shared.golden)
        records = _standing(shared.records, shared.golden)
        if records is None or not _to_ask([shared]):
            return False
        reasons = ["identifier_shared", shared.code]
        reasons += [f"holders:{shared.holders}"] if shared.holders > MOST_HOLDERS else []
        one, other = (records[pk] for pk in shared.records)
        open_task(unit, one, TaskType.IDENTIFIER_CONFLICT, reasons=reasons, other=other)
        unit.flush()
        return True

    return _unless_busy(act)


def _ask_large(large: Large, actor: Actor) -> bool:
    """One task about the person, if it is still to be asked under the lock."""

    def act() -> bool:
        unit = begin(actor, [large.golden])
        golden: GoldenRecord = unit.golden_records[large.golden]
        records = _standing([large.record], [large.golden])
        now = Large(large.golden, large.record, golden.member_count)
        if records is None or golden.member_count <= settings.LARGE_PERSON or not _too_large([now]):
            return False
        reasons = ["large_person", f"members:{golden.member_count}"]
        open_task(unit, records[large.record], TaskType.LARGE_PERSON, reasons=reasons)
        unit.flush()
        return True

    return _unless_busy(act)


def _close(pk: int, actor: Actor) -> bool:
    """Nobody need look at it any more."""

    def act() -> bool:
        task = IdentityTask.objects.select_for_update(of=("self",)).select_related("source_record").get(pk=pk)
        if task.status != "open":
            return False
        unit = begin(actor, ())
        close_task(unit, None, task, "closed")
        detail: dict[str, object] = {"type": str(task.type), "task": str(task.uuid)}
        unit.audit_record(Action.TASK_CLOSED, task.source_record, detail=detail)
        unit.flush()
        return True

    return _unless_busy(act)


def _standing(records: Sequence[int], golden: Sequence[int]) -> dict[int, SourceRecord] | None:
    """The source records, if each still belongs to the golden record beside it."""
    links = Link.objects.filter(source_record__in=records, ended_at__isnull=True).select_related("source_record")
    found = {link.source_record_id: link for link in links}
    if any(pk not in found or found[pk].golden_record_id != of for pk, of in zip(records, golden, strict=True)):
        return None
    return {pk: link.source_record for pk, link in found.items()}


def _unless_busy(act: Callable[[], bool]) -> bool:
    try:
        return run_act(act)
    except Busy:
        log.warning("a person is being changed: whether a steward is to look at it is seen in a later run")
        return False
