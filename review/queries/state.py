"""Small reads without a value of a person: who holds a task, what became of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from mpi.models import PotentialMatch, PotentialMatchStatus
from review.addresses import url_of
from review.basis import basis_of
from review.models import Outcome
from review.queries.holding import Holding, holding
from review.queries.kept import kept_answer
from review.queries.labels import answers
from review.queries.queue import Holder
from review.queries.task import TaskPage
from review.tasks import Task, find_task


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a task stands now. `seen` stands for what a page shows; `changed`: it is something else by now.

    `lapsed` and `ends_soon` speak of the claim of whoever looks (see `Holding`).
    """

    uuid: UUID
    address: str
    open: bool
    holder: Holder | None
    seen: str
    changed: bool
    lapsed: datetime | None = None
    ends_soon: bool = False


@dataclass(frozen=True, slots=True)
class DoneLine:
    """The quiet line after an answer. `kept` says why an answer has changed nothing yet."""

    uuid: UUID
    task: UUID
    number: int
    words: str
    user_name: str
    mine: bool
    undone: bool
    kept: str = ""


def fresh_state(page: TaskPage) -> TaskState:
    """The state of a page that is just being made. No query."""
    address = reverse("review-task", kwargs={"uuid": page.uuid})
    return held_state(page.uuid, page.holding, address=address, is_open=page.open, seen=page.digest, changed=False)


def task_state(uuid: UUID, *, user_id: str, now: datetime, seen: str) -> TaskState:
    """At most four queries. `seen` is what the page was made with (see `present_mark`). Raises NotFound."""
    task: Task = _match(uuid) or find_task(uuid)
    return held_state(
        uuid,
        holding(task, user_id=user_id, now=now),
        address=url_of(task),
        is_open=task.status == "open",
        seen=seen,
        changed=present_mark(task) != seen,
    )


def present_mark(task: Task) -> str:
    """What stands for all that a page shows: the digest of its basis, or the version of an identity task."""
    return basis_of(task).digest() if isinstance(task, PotentialMatch) else str(task.version)


def arrival(uuid: UUID, *, user_id: str, now: datetime, seen: str) -> tuple[TaskState, str] | None:
    """State and fresh basis of a task whose page was loaded ahead with the digest `seen`.

    None where the page would not be the same any more. Three queries.
    """
    match = _match(uuid)
    if match is None or match.status != PotentialMatchStatus.OPEN:
        return None
    basis = basis_of(match)
    if basis.digest() != seen:
        return None
    held = holding(match, user_id=user_id, now=now)
    state = held_state(uuid, held, address=url_of(match), is_open=True, seen=seen, changed=False)
    return state, basis.token(shown_at=now)


def _match(uuid: UUID) -> PotentialMatch | None:
    related = ("golden_a", "golden_b", "model_version")
    return PotentialMatch.objects.select_related(*related).defer("model_version__document").filter(uuid=uuid).first()


def held_state(
    uuid: UUID, held: Holding, *, address: str, is_open: bool, seen: str, changed: bool = False
) -> TaskState:
    """The state of a task of either kind that is held so. No query."""
    return TaskState(
        uuid=uuid,
        address=address,
        open=is_open,
        holder=held.holder,
        seen=seen,
        changed=changed,
        lapsed=held.lapsed,
        ends_soon=held.ends_soon,
    )


def done_line(answer: str, *, user_id: str) -> DoneLine | None:
    """The answer named in an address, None for a malformed or unknown one. One query."""
    try:
        uuid = UUID(answer)
    except ValueError:
        return None
    row = answers().filter(uuid=uuid).select_related("potential_match").first()
    if row is None:
        return _kept_line(uuid, user_id)
    return DoneLine(
        uuid=row.uuid,
        task=row.potential_match.uuid,
        number=row.potential_match_id,
        words=Outcome(row.outcome).label,
        user_name=row.user_name,
        mine=row.user_id == user_id,
        undone=row.undone_at is not None,
    )


def _kept_line(uuid: UUID, user_id: str) -> DoneLine | None:
    found = kept_answer(uuid, user_id=user_id)
    if found is None:
        return None
    return DoneLine(
        uuid=uuid,
        task=found.task,
        number=found.number,
        words=found.words,
        user_name=found.user_name,
        mine=True,
        undone=found.undone,
        kept=found.sentence,
    )
