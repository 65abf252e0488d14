"""What golden records would say under other survivorship rules: a dry run over the index, in chunks, before approval.

A worker looks at every golden record of several members: of a single one no rule chooses. Nothing is locked and no
golden record changes; memory holds one chunk, and what is kept are counts and some keys. A preview that was
interrupted goes on where it stood.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from matching.survivorship import FIELDS, SurvivorshipRules
from mpi import codec
from mpi.access import Permission, allowed, audit_search, require
from mpi.commands import Actor, system_actor
from mpi.errors import AlreadyDecided, Busy, Flaw, InvalidInput, ServiceDown
from mpi.models import GoldenRecord, RulesStatus, SurvivorshipActivation, SurvivorshipPreview, SurvivorshipVersion
from mpi.services.dispatch import hint_preview
from mpi.services.golden import recompute
from mpi.services.locking import run_act, transaction_time
from mpi.services.rows import fetch, stored
from mpi.services.rules_versions import SUBJECT, lock_versions

log = logging.getLogger(__name__)
CHUNK = 500
"""Golden records a transaction."""
SAMPLE = 3
"""Golden records of a field that are kept to be looked at."""
_KEPT = ("position", "examined", "changed", "fields", "sample", "error", "worked_at", "finished_at")
_SECONDS = 20.0
"""How long one task works: far below the broker's visibility timeout."""
_QUIET_S = 30.0
"""A preview that has not moved for so long has lost its worker."""
_COUNT = "SELECT count(*) FROM mpi_golden_record WHERE member_count > 1"
_NEXT = "SELECT id FROM mpi_golden_record WHERE id > %s AND member_count > 1 ORDER BY id LIMIT %s"


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One golden record whose value of a field would be another; None where the reader may not see persons."""

    field: str
    euid: str
    now: Any
    then: Any


def order_preview(*, name: str, actor: Actor, by_worker: bool = True) -> SurvivorshipPreview:
    """Ask for a comparison of the golden records with what a version would make of them.

    A worker makes it unless the caller does, by `follow_preview`. One that is under way is not begun twice. Raises
    Forbidden, NotFound, AlreadyDecided (active, or rejected), InvalidInput (the index still changes to the active
    rules), Busy.
    """
    require(actor, Permission.MODEL_MANAGE)

    def act() -> SurvivorshipPreview:
        version, active = lock_versions(name)
        if active is None or version.status in (RulesStatus.ACTIVE, RulesStatus.REJECTED):
            raise AlreadyDecided(f"The survivorship rules {name} are {version.status}: there is nothing to compare.")
        newest = SurvivorshipActivation.objects.order_by("-pk").first()
        if newest is not None and newest.finished_at is None:
            flaw = Flaw("version", "would be compared with an index that is changing", "wait until all follow it")
            raise InvalidInput(f"Golden records are still being made anew under {active.name}.", flaws=[flaw])
        begun = SurvivorshipPreview.objects.filter(version=version, against=active, finished_at=None).first()
        preview = begun or _ordered(version, active, actor)
        if by_worker:
            hint_preview(preview.pk)
        return preview

    return run_act(act)


def _ordered(version: SurvivorshipVersion, active: SurvivorshipVersion, actor: Actor) -> SurvivorshipPreview:
    ((total,),) = fetch(_COUNT)
    now = transaction_time()
    told = {"actor_id": actor.id, "actor_name": actor.name, "correlation_id": actor.correlation_id}
    preview = SurvivorshipPreview.objects.create(
        version=version, against=active, total=total, recorded_at=now, worked_at=None, **told
    )
    detail = {"preview": str(preview.uuid), "against": active.name}
    subject = (SUBJECT, version.name)
    record(entry_by(actor, Action.RULES_PREVIEW_ORDERED, subject=subject, detail=detail, recorded_at=now))
    return preview


def follow_preview(preview_id: int, *, seconds: float = _SECONDS, chunk: int = CHUNK) -> SurvivorshipPreview:
    """Go on with a preview for at most `seconds`. Raises Busy, ServiceDown."""
    ends = time.monotonic() + seconds
    while True:
        preview = run_act(lambda: _next_chunk(preview_id, chunk))
        if preview.finished_at is not None or time.monotonic() > ends:
            return preview


def work_on_preview(preview_id: int) -> None:
    """What a worker does about it; what is left is hinted again, or found by the sweep."""
    try:
        preview = follow_preview(preview_id)
    except (Busy, ServiceDown) as error:
        log.warning("a preview of survivorship rules waits for the sweep: %s", error.code)
        return
    if preview.finished_at is None:
        hint_preview(preview_id)


def resume_previews() -> None:
    """Hint previews again that are not finished and that nobody is at."""
    since = timezone.now() - timedelta(seconds=_QUIET_S)
    for preview in SurvivorshipPreview.objects.filter(finished_at=None):
        if (preview.worked_at or preview.recorded_at) < since:
            hint_preview(preview.pk)


def _next_chunk(preview_id: int, size: int) -> SurvivorshipPreview:
    """One transaction. Workers take turns: the preview's row is locked first."""
    locked = SurvivorshipPreview.objects.select_for_update(of=("self",)).select_related("version", "against")
    preview = locked.get(pk=preview_id)
    if preview.finished_at is not None:
        return preview
    preview.worked_at = transaction_time()
    ids = [pk for (pk,) in fetch(_NEXT, preview.position, size)]
    if preview.against.status != RulesStatus.ACTIVE:
        preview.error = "Other rules have become active meanwhile; compare again."
        preview.finished_at = preview.worked_at
    elif ids:
        _look(preview, ids)
    else:
        preview.finished_at = preview.worked_at
        _write_down(preview)
    preview.save(update_fields=_KEPT)
    return preview


def _look(preview: SurvivorshipPreview, ids: list[int]) -> None:
    counts = Counter(preview.fields)
    sample: dict[str, list[int]] = preview.sample
    for golden, changed in _chosen_by(preview.version, ids):
        fields = changed.intersection(FIELDS)
        counts.update(fields)
        preview.changed += bool(fields)
        for name in fields:
            kept = sample.setdefault(name, [])
            if len(kept) < SAMPLE:
                kept.append(golden.pk)
    preview.fields = dict(counts)
    preview.position = ids[-1]
    preview.examined += len(ids)


def _chosen_by(version: SurvivorshipVersion, ids: Collection[int]) -> list[tuple[GoldenRecord, set[str]]]:
    """Golden records as this version would have them, in memory alone, each with what changes."""
    rules = SurvivorshipRules.from_document(version.document)
    golden_records = list(stored(GoldenRecord, sorted(ids)).values())
    return list(recompute(golden_records, opened=(), ended=set(), records={}, rules=rules))


def _write_down(preview: SurvivorshipPreview) -> None:
    actor = system_actor("survivorship", correlation_id=preview.correlation_id)
    detail = {"preview": str(preview.uuid), "against": preview.against.name}
    figures = {"examined": preview.examined, "changed": preview.changed, "fields": preview.fields}
    subject = (SUBJECT, preview.version.name)
    record(entry_by(actor, Action.RULES_PREVIEWED, subject=subject, detail={**detail, **figures}))


def sample_of(preview: SurvivorshipPreview, *, actor: Actor) -> tuple[SampleLine, ...]:
    """Some golden records with the value of now and the one that would be, by field; an SSN as its last four.

    They are compared as they stand now: where both have become the same since, the line is left out. Audited as a
    search, for whoever may see persons; others are told the EUIDs.
    """
    shown = allowed(actor, Permission.PERSON_READ)
    keys = {pk for kept in preview.sample.values() for pk in kept}
    now = {pk: codec.golden_values(golden) for pk, golden in stored(GoldenRecord, sorted(keys)).items()}
    then = {golden.pk: golden for golden, _ in _chosen_by(preview.version, keys)}
    values = {pk: codec.golden_values(golden) for pk, golden in then.items()}
    lines = tuple(
        SampleLine(name, then[pk].euid, now[pk].get(name) if shown else None, values[pk].get(name) if shown else None)
        for name in FIELDS
        for pk in preview.sample.get(name, ())
        if now[pk].get(name) != values[pk].get(name)
    )
    if shown and lines:
        audit_search(actor, sorted({line.euid for line in lines}))
    return lines
