"""What stewards do in the tests: merge, undo, unmerge."""

from __future__ import annotations

from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.act import ActResult
from mpi.services.merge import merge_golden_records
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from tests.services.telling import versions


def merge(survivor: GoldenRecord, retired: GoldenRecord, actor: Actor) -> ActResult:
    return merge_golden_records(
        survivor_euid=survivor.euid,
        retired_euid=retired.euid,
        versions=versions(survivor, retired),
        reason_code="documents-seen",
        reason="Passport",
        actor=actor,
    )


def undo(act: ActResult, actor: Actor) -> ActResult:
    return undo_event(event_uuid=act.event_uuid, reason="The wrong row", actor=actor)


def unmerge(act: ActResult, actor: Actor) -> ActResult:
    return unmerge_golden_records(event_uuid=act.event_uuid, reason_code="wrong-merge", reason="", actor=actor)
