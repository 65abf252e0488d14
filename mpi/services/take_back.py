"""What taking an act back would change, by an undo or an unmerge: computed before anybody is asked to confirm it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.models import GoldenRecord, IdentityEvent, PotentialMatchStatus
from mpi.services.second_person_policy import WORDS, take_back_reasons
from mpi.services.undo import UndoPlan, find_event, plan_undo
from mpi.services.unmerge import plan_unmerge


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Which golden record gets how many source records back, and how many questions are open again.

    undoable, blocked_by   whether it can be done now; if not, what stands in the way
    asked_by               why policy asks two people for it, in words; () where one is enough
    """

    event: IdentityEvent
    restored: tuple[tuple[GoldenRecord, int], ...] = ()
    questions: int = 0
    undoable: bool = True
    blocked_by: str = ""
    asked_by: tuple[str, ...] = ()


def preview_undo(*, event_uuid: UUID | str, actor: Actor) -> TakeBack:
    """Compute an undo without writing anything. Raises Forbidden, NotFound."""
    return _preview(event_uuid, actor, plan_undo)


def preview_unmerge(*, event_uuid: UUID | str, actor: Actor) -> TakeBack:
    """The same of an unmerge; the questions between the two are answered by it. Raises Forbidden, NotFound."""
    return _preview(event_uuid, actor, plan_unmerge)


def _preview(event_uuid: UUID | str, actor: Actor, plan_of: Callable[[UUID | str], UndoPlan]) -> TakeBack:
    require(actor, Permission.MERGE)
    event = find_event(event_uuid)
    try:
        plan = plan_of(event_uuid)
    except MpiError as error:
        return TakeBack(event, undoable=False, blocked_by=error.detail)
    counts = Counter(home for _, home in (*plan.moves, *plan.reopened))
    concerned = {int(pk) for pk in event.payload["golden_records"]} | counts.keys()
    golden = GoldenRecord.objects.in_bulk({*concerned, *(link.golden_record_id for link, _ in plan.moves)})
    asked_by = take_back_reasons(event, golden.values(), actor=actor, now=timezone.now())
    return TakeBack(
        event,
        restored=tuple((golden[pk], counts[pk]) for pk in sorted(counts)),
        questions=_open_again(plan),
        asked_by=tuple(WORDS[code] for code in asked_by),
    )


def _open_again(plan: UndoPlan) -> int:
    """Questions that were open before the act and are not now."""
    before = plan.event.payload["potential_matches"]
    then_open = {int(pk) for pk, state in before.items() if state["before"]["status"] == PotentialMatchStatus.OPEN}
    return sum(1 for pk in then_open if (match := plan.matches.get(pk)) and match.status != PotentialMatchStatus.OPEN)
