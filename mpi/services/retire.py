"""Retire: a golden record that is no patient (a test, an error) is not served any more (decision 0009).

Its source records are withdrawn, as if their sources had deleted them: they keep their history and are found by
nobody. A source that tells one of them again brings it back as a new question, under an EUID of its own.
"""

from __future__ import annotations

from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, UnderReview
from mpi.models import EventKind, GoldenRecord, Link, RecordState, SourceRecord
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.locking import TryAgain, run_act
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_reason
from mpi.services.record_states import close_doubt, lock_own_keys, withdraw


def retire_golden_record(*, euid: str, version: int, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """Serve this golden record no longer. One identity event, undoable while no source has told more.

    Raises Forbidden, NotFound, InvalidInput, StaleVersion, AlreadyMerged (merged or retired), UnderReview (an update
    of a source record waits), Busy.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)

    def act() -> ActResult:
        golden = find_golden_record(euid)
        members = _members(golden)
        lock_own_keys(members)
        asked = {pk for pair in open_matches([golden.pk]) for pk in pair}
        unit = begin(actor, {golden.pk, *asked})
        golden = unit.golden_records[golden.pk]
        check_sides([golden], {golden.euid: version})
        links = open_links([golden.pk])[golden.pk]
        records = {record.pk: record for record in _members(golden)}
        if records.keys() != {record.pk for record in members}:
            raise TryAgain
        if any(record.state == RecordState.QUARANTINED for record in records.values()):
            flaw = Flaw("euid", "has a source record whose update waits for a steward", "answer that task first")
            raise UnderReview("Nothing was changed.", flaws=[flaw])
        event = unit.event(EventKind.RETIRE, reason_code=reason_code, reason=reason)
        unit.touch(event, golden)
        for link in links:
            withdraw(unit, event, records[link.source_record_id], link)
            close_doubt(unit, event, records[link.source_record_id])
        settle_questions(unit, event, open_matches([golden.pk]).values())
        unit.flush()
        return done(event, "The golden record is retired: it is not served any more.", golden)

    return run_act(act)


def _members(golden: GoldenRecord) -> list[SourceRecord]:
    """The source records that belong to it now, in order, as stored."""
    linked = Link.objects.filter(golden_record=golden.pk, ended_at__isnull=True).values("source_record")
    return list(SourceRecord.objects.filter(pk__in=linked).select_related("source_system").order_by("pk"))
