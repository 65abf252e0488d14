"""What the tests of a rematch say and look at: other models, runs, and every table of the database."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection
from django.utils import timezone

from matching.model import LinkageModel, Thresholds
from matching.model_document import load_default, to_document, with_hash
from mpi.commands import Actor
from mpi.models import LinkageModelVersion, ModelStatus, RematchRun
from mpi.services.rematch import preview_rematch
from mpi.services.rematch_apply import approve_rematch, continue_applying, start_applying
from mpi.services.rematch_run import find_run
from mpi.services.rematch_undo import continue_undoing, start_undoing

SHIPPED = load_default()
BLIND = with_hash(replace(SHIPPED, version="blind", prior=1e-30))
"""Sees two people everywhere."""
CAUTIOUS = with_hash(replace(SHIPPED, version="cautious", thresholds=Thresholds(automatic=1 - 1e-16, review=0.75)))
"""Links nothing by itself that is not beyond every doubt: what the shipped model links, it asks."""


def version_of(model: LinkageModel, *, status: str = ModelStatus.APPROVED) -> LinkageModelVersion:
    """The version of this model, put there if need be."""
    known = LinkageModelVersion.objects.filter(content_hash=model.content_hash).first()
    return known or LinkageModelVersion.objects.create(
        name=model.version,
        content_hash=model.content_hash,
        document=to_document(model),
        status=status,
        justification="For the tests.",
        author="Anna",
        author_id="anna",
        approver="" if status == ModelStatus.DRAFT else "Berta",
        approver_id="" if status == ModelStatus.DRAFT else "berta",
        created_at=timezone.now(),
    )


def use(model: LinkageModel) -> LinkageModelVersion:
    """Make this model the active one."""
    version = version_of(model)
    LinkageModelVersion.objects.filter(status=ModelStatus.ACTIVE).exclude(pk=version.pk).update(
        status=ModelStatus.SUPERSEDED
    )
    LinkageModelVersion.objects.filter(pk=version.pk).update(status=ModelStatus.ACTIVE, activated_at=timezone.now())
    version.refresh_from_db()
    return version


def preview(actor: Actor, model: LinkageModel | None = None) -> RematchRun:
    """Compare the index with what the model, or the active one, would make of it."""
    return preview_rematch(model_name=version_of(model).name if model else "", actor=actor)


def approved(proposer: Actor, approver: Actor) -> RematchRun:
    """A run under the active model, approved."""
    return approve_rematch(run_uuid=preview(proposer).uuid, actor=approver)


def applied(run: RematchRun, actor: Actor) -> RematchRun:
    """The run, applied to its end."""
    assert continue_applying(start_applying(run_uuid=run.uuid, actor=actor, by_worker=False))
    return find_run(run.uuid)


def undone(run: RematchRun, actor: Actor) -> RematchRun:
    """The run, undone to its end."""
    assert continue_undoing(start_undoing(run_uuid=run.uuid, reason="A mistake", actor=actor, by_worker=False))
    return find_run(run.uuid)


def kinds(run: RematchRun) -> list[tuple[str, str]]:
    """Kind and state of each change in its order."""
    return list(run.changes.order_by("number").values_list("kind", "state"))


def table_marks() -> dict[str, str]:
    """A digest of every table, whatever tables there are."""
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
        marks = {}
        for name in names:
            rows = "string_agg(row::text, '|' ORDER BY row::text)"
            cursor.execute(f"SELECT count(*) || ' ' || coalesce(md5({rows}), '') FROM {name} AS row")
            marks[name] = cursor.fetchone()[0]
    return marks
