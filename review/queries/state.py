"""Small reads without a value of a person: who holds a task, what became of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.errors import NotFound
from mpi.models import PotentialMatch, PotentialMatchStatus
from review.basis import basis_of
from review.models import Outcome
from review.queries.holding import Holding, holding
from review.queries.kept import kept_answer
from review.queries.labels import answers
from review.queries.queue import Holder
from review.queries.task import TaskPage


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a task stands now. `seen` is the digest of what a page shows; `changed`: it shows something else.

    `lapsed` and `ends_soon` speak of the claim of whoever looks (see `Holding`).
    """

    uuid: UUID
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
    return _state(page.uuid, page.holding, is_open=page.open, seen=page.digest, changed=False)


def task_state(uuid: UUID, *, user_id: str, now: datetime, seen: str) -> TaskState:
    """Three queries. `seen` is the digest that the page was made with. Raises NotFound."""
    match = _match(uuid)
    changed = basis_of(match).digest() != seen
    held = holding(match, user_id=user_id, now=now)
    return _state(uuid, held, is_open=_is_open(match), seen=seen, changed=changed)


def arrival(uuid: UUID, *, user_id: str, now: datetime, seen: str) -> tuple[TaskState, str] | None:
    """State and fresh basis of a task whose page was loaded ahead with the digest `seen`.

    None where the page would not be the same any more. Three queries. Raises NotFound.
    """
    match = _match(uuid)
    basis = basis_of(match)
    if not _is_open(match) or basis.digest() != seen:
        return None
    held = holding(match, user_id=user_id, now=now)
    return _state(uuid, held, is_open=True, seen=seen, changed=False), basis.token(shown_at=now)


def _match(uuid: UUID) -> PotentialMatch:
    related = ("golden_a", "golden_b", "model_version")
    match = PotentialMatch.objects.select_related(*related).defer("model_version__document").filter(uuid=uuid).first()
    if match is None:
        raise NotFound("There is no potential match under this number.")
    return match


def _is_open(match: PotentialMatch) -> bool:
    return match.status == PotentialMatchStatus.OPEN


def _state(uuid: UUID, held: Holding, *, is_open: bool, seen: str, changed: bool) -> TaskState:
    return TaskState(
        uuid=uuid,
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
