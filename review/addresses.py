"""The permanent address of a task of each type."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from mpi.models import PotentialMatch, PotentialMatchKind, TaskType
from review.tasks import Task


def task_url(kind: str, uuid: UUID) -> str:
    """Where a task of this type is worked on, and where it stands for ever once it is decided."""
    if kind in PotentialMatchKind.values:
        return reverse("review-task", kwargs={"uuid": uuid})
    if kind == TaskType.OVERLAY:
        return reverse("review-overlay", kwargs={"uuid": uuid})
    return reverse("review-identity-task", kwargs={"uuid": uuid})


def url_of(task: Task) -> str:
    """The address of a task of either kind."""
    return task_url(task.kind if isinstance(task, PotentialMatch) else task.type, task.uuid)
