"""Unlink: a source record does not belong to its golden record; it gets a provisional one of its own."""

from __future__ import annotations

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import EventKind, GoldenRecord, Link, LinkOrigin, SourceRecord
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_reason
from mpi.services.second_person_policy import Approval, require_two, unlink_reasons
from mpi.services.unit import UnitOfWork


def unlink_record(*, record_id: int, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """Take a source record out of its golden record and keep it apart from the records that stay.

    Without the separation the next message of either side would join them again. Raises Forbidden,
    NotFound, InvalidInput when it is the only source record, SecondPersonNeeded, Busy.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)
    return run_act(lambda: unlink_within(record_id=record_id, reason_code=reason_code, reason=reason, actor=actor))


def unlink_within(
    *, record_id: int, reason_code: str, reason: str, actor: Actor, approval: Approval | None = None
) -> ActResult:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    unit, link = locked_link(record_id, actor)
    golden = unit.golden_records[link.golden_record_id]
    stays = [other for other in open_links([golden.pk])[golden.pk] if other.source_record_id != record_id]
    if not stays:
        flaw = Flaw("record", "is the only source record of its golden record", "there is nothing to take it from")
        raise InvalidInput("Nothing was changed.", flaws=[flaw])
    require_two(actor, unlink_reasons(record_id, golden, actor=actor, now=unit.recorded_at), approval)
    event = unit.event(EventKind.UNLINK, reason_code=reason_code, reason=reason)
    unit.end_link(event, link, golden)
    own = unit.create_golden_record(event)
    unit.open_link(event, record_id, own, origin=LinkOrigin.STEWARD, by_human=actor.is_human)
    pairs = [(record_id, other.source_record_id) for other in stays]
    unit.separate(event, pairs, reason_code=reason_code, reason=reason)
    settle_questions(unit, event, open_matches([golden.pk]).values())
    _tell(unit, record_id, golden, own, reason_code, reason)
    unit.flush()
    return done(event, "The source record has a golden record of its own now.", own, golden)


def locked_link(record_id: int, actor: Actor, *also: int) -> tuple[UnitOfWork, Link]:
    """The open link of a record with its golden record (and others) locked. Raises NotFound, TryAgain."""
    link = Link.objects.filter(source_record=record_id, ended_at__isnull=True).first()
    if link is None:
        raise NotFound("This source record has no link.")
    unit = begin(actor, {link.golden_record_id, *also})
    now = Link.objects.filter(pk=link.pk, ended_at__isnull=True).first()
    if now is None:
        raise TryAgain
    return unit, now


def _tell(
    unit: UnitOfWork, record_id: int, left: GoldenRecord, own: GoldenRecord, reason_code: str, reason: str
) -> None:
    record = SourceRecord.objects.get(pk=record_id)
    unit.audit_record(Action.LINK_ENDED, record, left, reason_code=reason_code, reason=reason)
    unit.audit_record(Action.LINK_OPENED, record, own, reason_code=reason_code, reason=reason)
    unit.notify("link.ended", left, record_ids=[record_id], related=[own.euid])
    unit.notify("link.opened", own, record_ids=[record_id], related=[left.euid])
