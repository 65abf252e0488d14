"""Undo an identity act: the exact state before, the potential match open again.

Links that the act moved go back; what arrived since goes where the record that earned its link goes.
A record that a person has decided on since stays where that person put it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import CannotUndo
from mpi.models import (
    LIVE_STATUSES,
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    Link,
    PotentialMatchStatus,
    Separation,
    SeparationPair,
)
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.override_rows import restore_overrides
from mpi.services.questions import close_question, settle_questions
from mpi.services.reasons import check_note
from mpi.services.relationship_rows import restore_relationships
from mpi.services.second_person_policy import Approval, require_two, take_back_reasons
from mpi.services.undo_plan import CAME_TOGETHER, UndoPlan, find_event, plan_undo, was_retired_by
from mpi.services.undo_records import lock_records_of, records_of, restore_records
from mpi.services.unit import UnitOfWork

__all__ = ["UndoPlan", "concerned", "find_event", "plan_undo", "undo_event", "undo_locked", "undo_within"]


def undo_event(*, event_uuid: UUID | str, reason: str, actor: Actor) -> ActResult:
    """Undo a slip. Raises Forbidden, NotFound, InvalidInput, CannotUndo (naming what stands in the way),
    SecondPersonNeeded (policy), Busy.
    """
    require(actor, Permission.MERGE)
    check_note(reason)
    return run_act(lambda: undo_within(event_uuid=event_uuid, reason=reason, actor=actor))


def undo_within(*, event_uuid: UUID | str, reason: str, actor: Actor, approval: Approval | None = None) -> ActResult:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    lock_records_of(find_event(event_uuid))
    plan = plan_undo(event_uuid)
    unit = begin(actor, plan.golden_ids)
    plan_now = plan_undo(event_uuid)
    if plan_now.golden_ids != plan.golden_ids:
        raise TryAgain
    reasons = take_back_reasons(plan_now.event, concerned(unit, plan_now), actor=actor, now=unit.recorded_at)
    require_two(actor, reasons, approval)
    undoing = unit.event(EventKind.UNDO, reason_code="slip", reason=reason, undoes=plan_now.event)
    restored = undo_locked(unit, undoing, plan_now)
    _tell(unit, undoing, plan_now.event, restored)
    unit.flush()
    return done(undoing, "Undone: everything is as it was before.", *restored, undoable=False)


def concerned(unit: UnitOfWork, plan: UndoPlan) -> list[GoldenRecord]:
    """The golden records that an undo changes, locked."""
    ids = {int(pk) for pk in plan.event.payload["golden_records"]}
    ids |= {pk for link, home in plan.moves for pk in (link.golden_record_id, home)}
    return [unit.golden_records[pk] for pk in sorted(ids)]


def _tell(unit: UnitOfWork, undoing: IdentityEvent, event: IdentityEvent, restored: list[GoldenRecord]) -> None:
    """One audit event: about the golden records, or about the source record of an answer that concerned none."""
    detail = {"event": str(undoing.uuid), "undone": str(event.uuid), "kind": str(event.kind)}
    if restored:
        unit.audit_golden(Action.IDENTITY_UNDONE, restored[0], *restored[1:], reason=undoing.reason, detail=detail)
        return
    for record in records_of(event):
        unit.audit_record(Action.IDENTITY_UNDONE, record, reason=undoing.reason, detail=detail)


def undo_locked(unit: UnitOfWork, undoing: IdentityEvent, plan: UndoPlan) -> list[GoldenRecord]:
    """The body of an undo, on locked golden records. Returns the live golden records, the oldest first."""
    event = plan.event
    _require_no_later_separation(unit, plan)
    for pk_text, states in event.payload["golden_records"].items():
        _restore_golden(unit, undoing, int(pk_text), states, event)
    for link, home in plan.moves:
        _move_back(unit, undoing, link, home, event)
    restore_records(unit, undoing, event, plan.reopened)
    restore_overrides(unit, undoing, event)
    restore_relationships(unit, undoing, event)
    for separation in Separation.objects.filter(pk__in=event.payload["separations"], lifted_at__isnull=True):
        separation.lifted_at = unit.recorded_at
        separation.lifted_by_event_id = undoing.pk
        unit.change(separation)
        unit.audit(Action.SEPARATION_LIFTED, subject=("separation", str(separation.uuid)))
    for pk_text in event.payload["potential_matches"]:
        _restore_match(unit, undoing, plan, pk_text)
    _ask_again(unit, undoing, plan)
    settle_questions(unit, undoing, plan.matches.values())
    restored = [unit.golden_records[pk] for pk in undoing.golden_record_ids]
    live = [golden for golden in restored if golden.status in LIVE_STATUSES or _lives_again(unit, golden)]
    return sorted(live, key=lambda golden: golden.pk) or restored


def _lives_again(unit: UnitOfWork, golden: GoldenRecord) -> bool:
    """Whether a golden record that had lost all its source records has some again; its status follows."""
    return golden.status == GoldenStatus.RETIRED and bool(unit.members_of([golden.pk]))


def _ask_again(unit: UnitOfWork, undoing: IdentityEvent, plan: UndoPlan) -> None:
    """Open the questions that a merge had closed and whose records are apart now, unless another one asks the same."""
    matches = sorted(plan.matches.values(), key=lambda match: match.pk)
    owners = unit.owners_of(pk for match in matches for pk in (match.record_a_id, match.record_b_id))
    pairs = {match.pk: {owners.get(match.record_a_id), owners.get(match.record_b_id)} for match in matches}
    asked = [pairs[match.pk] for match in matches if match.status == PotentialMatchStatus.OPEN]
    for match in matches:
        closed = match.status == PotentialMatchStatus.CLOSED and match.closed_reason in CAME_TOGETHER
        if not closed or None in pairs[match.pk] or len(pairs[match.pk]) < 2 or pairs[match.pk] in asked:
            continue
        asked.append(pairs[match.pk])
        unit.change_potential_match(undoing, match, status=PotentialMatchStatus.OPEN, closed_reason="", closed_at=None)


def _require_no_later_separation(unit: UnitOfWork, plan: UndoPlan) -> None:
    """Raise CannotUndo where a standing separation, not of this act, keeps apart what would come together."""
    others = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    others = others.exclude(separation__in=plan.event.payload["separations"])
    moves = (*plan.moves, *plan.reopened)
    moving = {link.source_record_id for link, _ in moves}
    for home in {home for _, home in moves}:
        coming = {link.source_record_id for link, there in moves if there == home}
        together = coming | (unit.members_of([home]) - moving)
        if others.filter(record_low__in=together, record_high__in=together).exists():
            raise CannotUndo("A later separation keeps apart what this would bring together again; lift it first.")


def _restore_golden(
    unit: UnitOfWork, undoing: IdentityEvent, pk: int, states: dict[str, Any], event: IdentityEvent
) -> None:
    golden, before, after = unit.golden_records[pk], states["before"], states["after"]
    unit.touch(undoing, golden)
    if was_retired_by(event, pk):
        if golden.status != GoldenStatus.MERGED:
            raise CannotUndo("The golden record that this act retired lives again already.")
        golden.status = before["status"]
        golden.merged_into_id = None
        unit.notify("golden.restored", golden)
    if before["verified"] != after["verified"]:
        golden.verified = before["verified"]


def _move_back(unit: UnitOfWork, undoing: IdentityEvent, link: Link, home: int, event: IdentityEvent) -> None:
    giver, taker = unit.golden_records[link.golden_record_id], unit.golden_records[home]
    back = unit.move_link(undoing, link, giver, taker)
    own = Link.objects.filter(source_record=link.source_record_id)
    stood = [states["link"] for states in event.payload.get("records", {}).values() if states["link"]]
    original = own.filter(pk__in=[*event.payload["links_ended"], *stood]).first()
    original = original or own.filter(opened_by_event__gte=event.pk).order_by("pk").first()
    if original is not None:
        back.origin, back.by_human = original.origin, original.by_human
        back.supporting_record_id = original.supporting_record_id
        back.decision_id, back.model_version_id = original.decision_id, original.model_version_id
    unit.notify("link.moved", taker, record_ids=[link.source_record_id], related=[giver.euid])
    unit.notify("link.moved", giver, record_ids=[link.source_record_id], related=[taker.euid])


def _restore_match(unit: UnitOfWork, undoing: IdentityEvent, plan: UndoPlan, pk_text: str) -> None:
    """The question as it was; `settle_questions` then sees to it that it asks about the right golden records."""
    match, states = plan.matches[int(pk_text)], plan.event.payload["potential_matches"][pk_text]
    before, after = states["before"], states["after"]
    if match.version != after["version"]:
        return  # somebody has decided on it since: that stands
    if not before:
        # What the engine asked when it joined two stays a question: the record that raised it is still there.
        if match.status == PotentialMatchStatus.OPEN and plan.event.kind != EventKind.JOIN:
            close_question(unit, undoing, match, "undone")
        return
    is_open = before["status"] == PotentialMatchStatus.OPEN
    unit.change_potential_match(
        undoing,
        match,
        golden_a_id=before["golden_a_id"],
        golden_b_id=before["golden_b_id"],
        status=before["status"],
        closed_reason=before["closed_reason"],
        closed_at=None if is_open else match.closed_at,
        resolved_by_event_id=None if is_open else match.resolved_by_event_id,
    )
