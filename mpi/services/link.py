"""Link by hand: a source record belongs to another golden record than the engine thought."""

from __future__ import annotations

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, Separated
from mpi.models import EventKind, LinkOrigin, SourceRecord
from mpi.services.act import ActResult, check_sides, done, find_golden_record
from mpi.services.locking import run_act
from mpi.services.neighbourhood import open_links, open_matches, separated_pairs
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_reason
from mpi.services.second_person_policy import Approval, link_reasons, require_two
from mpi.services.unlink import locked_link


def link_record(
    *, record_id: int, euid: str, version: int | None, reason_code: str, reason: str, actor: Actor
) -> ActResult:
    """Move a source record to a golden record. The engine will never undo it.

    It is kept apart from the records that it leaves: else the next message of either would bring them together.
    `version` is the golden record's as the caller saw it. Raises Forbidden, NotFound, InvalidInput,
    StaleVersion, AlreadyMerged, Separated, SecondPersonNeeded, Busy.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)
    return run_act(
        lambda: link_within(
            record_id=record_id, euid=euid, version=version, reason_code=reason_code, reason=reason, actor=actor
        )
    )


def link_within(
    *,
    record_id: int,
    euid: str,
    version: int | None,
    reason_code: str,
    reason: str,
    actor: Actor,
    approval: Approval | None = None,
) -> ActResult:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    target = find_golden_record(euid)
    unit, link = locked_link(record_id, actor, target.pk)
    left, golden = unit.golden_records[link.golden_record_id], unit.golden_records[target.pk]
    if left.pk == golden.pk:
        flaw = Flaw("euid", "is the golden record it is linked to already", "name another one")
        raise InvalidInput("Nothing was changed.", flaws=[flaw])
    check_sides([golden], {golden.euid: version} if version is not None else {})
    members = {other.source_record_id for other in open_links([golden.pk])[golden.pk]}
    if any(record_id in pair and members & set(pair) for pair in separated_pairs([record_id])):
        raise Separated("A steward decided that these are different people; nothing was changed. Lift that first.")
    reasons = link_reasons(record_id, left, golden, actor=actor, now=unit.recorded_at)
    require_two(actor, reasons, approval)
    event = unit.event(EventKind.LINK, reason_code=reason_code, reason=reason)
    unit.end_link(event, link, left)
    unit.open_link(event, record_id, golden, origin=LinkOrigin.STEWARD, by_human=actor.is_human)
    if stays := unit.members_of([left.pk]):
        pairs = [(record_id, other) for other in stays]
        unit.separate(event, pairs, reason_code=reason_code, reason=reason)
    settle_questions(unit, event, open_matches([left.pk, golden.pk]).values())
    record = SourceRecord.objects.get(pk=record_id)
    unit.audit_record(Action.LINK_ENDED, record, left, reason_code=reason_code, reason=reason)
    unit.audit_record(Action.LINK_OPENED, record, golden, reason_code=reason_code, reason=reason)
    unit.notify("link.opened", golden, record_ids=[record_id], related=[left.euid])
    unit.notify("link.ended", left, record_ids=[record_id], related=[golden.euid])
    unit.flush()
    return done(event, "The source record is linked by hand now.", golden, left)
