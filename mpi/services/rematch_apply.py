"""Rematch, for good: approved by a second person, then change by change, each in a transaction of its own.

A change is made only while what it was computed on still stands; otherwise it is skipped and says why. A run that
was stopped, killed or told twice goes on where it is: the run's row is locked for each change, so that the next
one in order is taken by one process only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations
from uuid import UUID

from audit.actions import Action
from matching.join import separation
from mpi.access import Permission, require
from mpi.commands import Actor, Source
from mpi.errors import AlreadyDecided, Busy, Flaw, InvalidInput
from mpi.models import (
    Link,
    LinkageModelVersion,
    ModelStatus,
    PotentialMatchStatus,
    RecordState,
    RematchChange,
    RematchChangeState,
    RematchKind,
    RematchRun,
    RematchStatus,
    SourceRecord,
)
from mpi.services.act import begin
from mpi.services.dispatch import hint_rematch
from mpi.services.locking import TryAgain, run_act, transaction_time
from mpi.services.neighbourhood import open_matches, separated_pairs
from mpi.services.rematch_acts import Work, carry_out, question_of
from mpi.services.rematch_read import View, membership, view_under
from mpi.services.rematch_run import Tell, actor_of, find_run, note, silent, step_by_step
from mpi.services.second_person import require_second_person

_OF_LINKS = frozenset({RematchKind.SPLIT, RematchKind.MOVE, RematchKind.JOIN})


class _Skip(Exception):
    """The change is not made; the argument is a code of `mpi.queries.rematch_words.SKIP_WORDS`."""


def approve_rematch(*, run_uuid: UUID | str, actor: Actor) -> RematchRun:
    """Let a previewed run be applied. Raises Forbidden (also for who started it, and for whoever is no person),
    NotFound, AlreadyDecided. Refusals are audited.
    """
    require(actor, Permission.MODEL_MANAGE)
    begun = find_run(run_uuid)
    require_second_person(
        actor,
        began_by=begun.started_by,
        action=Action.REMATCH_APPROVED,
        subject=("rematch_run", str(begun.uuid)),
        own="Who started a rematch does not approve it: a second person must look at the difference.",
        nobody="A person must approve a rematch, and not the one who started it.",
    )

    def act() -> RematchRun:
        run = locked_run(begun.pk)
        if run.status != RematchStatus.PREVIEWED:
            raise AlreadyDecided(f"This run is {run.status}; only a finished preview is approved. Nothing was changed.")
        run.status = RematchStatus.APPROVED
        run.approved_by, run.approved_by_name, run.approved_at = actor.id, actor.name, transaction_time()
        run.save(update_fields=["status", "approved_by", "approved_by_name", "approved_at"])
        note(run, Action.REMATCH_APPROVED, actor)
        return run

    return run_act(act)


def start_applying(*, run_uuid: UUID | str, actor: Actor, by_worker: bool = True) -> RematchRun:
    """Begin to apply an approved run, or go on with one that was stopped.

    A worker does the work unless the caller does, by `continue_applying`.

    Raises Forbidden, NotFound, AlreadyDecided, InvalidInput when the run's model is not the active one, Busy
    when another run is being applied or undone.
    """
    require(actor, Permission.MODEL_MANAGE)

    def act() -> RematchRun:
        run = locked_run(find_run(run_uuid).pk)
        if by_worker:
            hint_rematch(run.pk)
        if run.status in (RematchStatus.APPLYING, RematchStatus.APPLIED):
            return run
        if run.status != RematchStatus.APPROVED:
            mend = "have it approved by a second person first" if run.status == "previewed" else "start another preview"
            raise AlreadyDecided(f"This run is {run.status}: {mend}. Nothing was changed.")
        _require_active(run.model_version_id)
        require_alone(run)
        run.status, run.finished_at = RematchStatus.APPLYING, None
        run.stage, run.done, run.total = "applying", 0, run.changes.count()
        run.save(update_fields=["status", "finished_at", "stage", "done", "total"])
        note(run, Action.REMATCH_STARTED, actor, changes=run.total)
        return run

    return run_act(act)


def continue_applying(
    run: RematchRun, *, seconds: float | None = None, source: Source = "worker", tell: Tell = silent
) -> bool:
    """Apply what is pending, for at most `seconds`. Returns whether the run is done. Raises Busy."""
    return step_by_step(lambda: _next(run.pk, source), RematchStatus.APPLYING, seconds=seconds, tell=tell)


def _next(run_id: int, source: Source) -> RematchRun:
    """Apply or skip the run's next change, or close the run. Returns the run as it is now."""
    run = locked_run(run_id)
    if run.status != RematchStatus.APPLYING:
        return run
    change = run.changes.filter(state=RematchChangeState.PENDING).order_by("number").first()
    if change is None:
        return _finish(run, source)
    change.run = run
    try:
        _apply(run, change, source)
    except _Skip as skip:
        change.state, change.skip_reason = RematchChangeState.SKIPPED, str(skip)
    change.changed_at = transaction_time()
    change.save(update_fields=["state", "skip_reason", "event", "potential_match", "euids", "changed_at"])
    run.done += 1
    run.save(update_fields=["done"])
    return run


def _apply(run: RematchRun, change: RematchChange, source: Source) -> None:
    sides: list[list[int]] = change.facts["sides"]
    golden_ids = _golden_of(sides)
    unit = begin(actor_of(run, source=source), golden_ids)
    if _golden_of(sides) != golden_ids:
        raise TryAgain
    _check_facts(change, sides, golden_ids)
    view = _view(run.model_version_id, run.model_version.content_hash)
    work = Work(run, change, unit, view, tuple(unit.golden_records[pk] for pk in golden_ids))
    event = carry_out(work)
    unit.flush()
    change.state, change.event = RematchChangeState.APPLIED, event
    change.euids = [unit.golden_records[pk].euid for pk in dict.fromkeys((*golden_ids, *event.golden_record_ids))]


def _golden_of(sides: Iterable[Iterable[int]]) -> list[int]:
    """The golden record of each side. Raises _Skip when a side is not exactly one golden record any more."""
    sides = [set(side) for side in sides]
    links = Link.objects.filter(source_record__in=set().union(*sides), ended_at__isnull=True)
    owner = dict(links.values_list("source_record_id", "golden_record_id"))
    found = [{owner.get(pk) for pk in side} for side in sides]
    golden_ids = [pk for owners in found for pk in owners if pk is not None and len(owners) == 1]
    if len(golden_ids) != len(sides):
        raise _Skip("members-changed")
    if len(set(golden_ids)) != len(golden_ids):
        raise _Skip("together-already")
    held = membership(golden_ids).members
    if any(set(held[pk]) != side for pk, side in zip(golden_ids, sides, strict=True)):
        raise _Skip("members-changed")
    return golden_ids


def _check_facts(change: RematchChange, sides: list[list[int]], golden_ids: list[int]) -> None:
    """What is decided by records, by persons and by open questions must be as it was. Raises _Skip."""
    versions = {int(pk): version for pk, version in change.facts["versions"].items()}
    now = SourceRecord.objects.filter(pk__in=versions).values_list("pk", "version", "state")
    waiting = set(change.facts["waiting"])
    if any(
        versions[pk] != version or (state == RecordState.QUARANTINED) != (pk in waiting) for pk, version, state in now
    ):
        raise _Skip("record-changed")
    if change.kind in _OF_LINKS and membership(golden_ids).human:
        raise _Skip("human-decided")
    if change.kind != RematchKind.CLOSE_QUESTION and _apart(change, sides):
        raise _Skip("separated")
    if change.kind == RematchKind.OPEN_QUESTION and frozenset(golden_ids) in open_matches(golden_ids):
        raise _Skip("asked-already")
    if change.kind == RematchKind.CLOSE_QUESTION:
        match = question_of(change)
        if match.status != PotentialMatchStatus.OPEN:
            raise _Skip("answered-meanwhile")
        if {match.golden_a_id, match.golden_b_id} != set(golden_ids):
            raise _Skip("members-changed")


def _apart(change: RematchChange, sides: list[list[int]]) -> bool:
    """Whether a standing separation lies between what would come together."""
    together = [change.record_ids, sides[1]] if change.kind == RematchKind.MOVE else sides
    standing = separated_pairs([pk for side in together for pk in side])
    return any(
        separation(one, other) in standing
        for left, right in combinations(together, 2)
        for one in left
        for other in right
    )


def _finish(run: RematchRun, source: Source) -> RematchRun:
    states = RematchChange.objects.filter(run=run).values_list("state", "skip_reason")
    applied = sum(state == RematchChangeState.APPLIED for state, _ in states)
    why: dict[str, int] = {}
    for state, reason in states:
        if state == RematchChangeState.SKIPPED:
            why[reason] = why.get(reason, 0) + 1
    run.counts = {**run.counts, "applied": applied, "skipped": why}
    run.status, run.stage, run.applied_at = RematchStatus.APPLIED, "", transaction_time()
    run.finished_at = run.applied_at
    run.save(update_fields=["counts", "status", "stage", "applied_at", "finished_at"])
    note(run, Action.REMATCH_APPLIED, actor_of(run, source=source), applied=applied, skipped=sum(why.values()))
    return run


def require_alone(run: RematchRun) -> None:
    """Raise Busy while another run is applied or undone: two differences at once would stand on shifting ground."""
    at_work = RematchRun.objects.filter(status__in=(RematchStatus.APPLYING, RematchStatus.UNDOING)).exclude(pk=run.pk)
    if (other := at_work.first()) is not None:
        raise Busy(f"Rematch {str(other.uuid)[:8]} is {other.status}; nothing was changed. Let it end first.")


def _require_active(version_id: int) -> None:
    """Links are made under the active model only: else the next message would judge them by another one."""
    version = LinkageModelVersion.objects.only("status", "name").get(pk=version_id)
    if version.status != ModelStatus.ACTIVE:
        flaw = Flaw("model", f"is {version.status}", "activate it first; the preview stays valid")
        raise InvalidInput(f"Model {version.name} is not active; nothing was changed.", flaws=[flaw])


def locked_run(run_id: int) -> RematchRun:
    """The run as it is now, its row locked until the transaction ends."""
    rows = RematchRun.objects.select_for_update(of=("self",)).select_related("model_version")
    return rows.defer("model_version__document").get(pk=run_id)


@lru_cache(maxsize=2)
def _view(version_id: int, _content_hash: str) -> View:
    return view_under(LinkageModelVersion.objects.get(pk=version_id))
