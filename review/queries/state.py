"""Small reads without a value of a person: who holds a task, what became of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.errors import NotFound
from mpi.models import PotentialMatch, PotentialMatchStatus
from review.basis import basis_of
from review.models import Outcome
from review.queries.labels import answers
from review.queries.queue import Holder
from review.queries.task import TaskPage, holder


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a task stands now. `seen` is the digest of what a page shows; `changed`: it shows something else."""

    uuid: UUID
    open: bool
    holder: Holder | None
    seen: str
    changed: bool


@dataclass(frozen=True, slots=True)
class DoneLine:
    """The quiet line after an answer."""

    uuid: UUID
    task: UUID
    number: int
    words: str
    user_name: str
    mine: bool
    undone: bool


def fresh_state(page: TaskPage) -> TaskState:
    """The state of a page that is just being made. No query."""
    return TaskState(uuid=page.uuid, open=page.open, holder=page.holder, seen=page.digest, changed=False)


def task_state(uuid: UUID, *, user_id: str, now: datetime, seen: str) -> TaskState:
    """Three queries. `seen` is the digest that the page was made with. Raises NotFound."""
    related = ("golden_a", "golden_b", "model_version")
    match = PotentialMatch.objects.select_related(*related).defer("model_version__document").filter(uuid=uuid).first()
    if match is None:
        raise NotFound("There is no potential match under this number.")
    present = basis_of(match).digest()
    return TaskState(
        uuid=uuid,
        open=match.status == PotentialMatchStatus.OPEN,
        holder=holder(match, user_id=user_id, now=now),
        seen=seen,
        changed=seen != present,
    )


def done_line(answer: str, *, user_id: str) -> DoneLine | None:
    """The answer named in an address, None for a malformed or unknown one. One query."""
    try:
        uuid = UUID(answer)
    except ValueError:
        return None
    row = answers().filter(uuid=uuid).select_related("potential_match").first()
    if row is None:
        return None
    return DoneLine(
        uuid=row.uuid,
        task=row.potential_match.uuid,
        number=row.potential_match_id,
        words=Outcome(row.outcome).label,
        user_name=row.user_name,
        mine=row.user_id == user_id,
        undone=row.undone_at is not None,
    )
