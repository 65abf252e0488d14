"""A rematch is applied change by change, by a second person's leave, and only while its facts stand."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Busy, Forbidden, InvalidInput
from mpi.models import (
    Decision,
    EventKind,
    GoldenRecord,
    IdentityEvent,
    Link,
    OutboxEvent,
    PotentialMatch,
    RematchRun,
    RematchStatus,
)
from mpi.services.rematch_apply import approve_rematch, continue_applying, start_applying
from mpi.services.rematch_run import find_run
from mpi.services.separate import separate
from mpi.services.verify import verify_golden_record
from tests.rematch.rematching import BLIND, CAUTIOUS, SHIPPED, applied, approved, kinds, preview, use
from tests.services.telling import (
    KATHERINE,
    KATHERINE_BY_NUMBER,
    MARCUS,
    MARGARET,
    MARJORIE,
    link_of,
    owner,
    question,
    questions_rest_on_their_golden_records,
    record_of,
    tell,
)


@pytest.fixture
def three_apart() -> None:
    """One person told by three systems, left apart by a blind model; the shipped one is active now."""
    use(BLIND)
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    use(SHIPPED)


@pytest.fixture
def one_too_many() -> None:
    """Two records linked by the shipped model; a cautious one is active now."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    use(CAUTIOUS)


def test_a_join_retires_the_younger_golden_records_into_the_oldest(
    three_apart: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    oldest, second, third = (owner(system, "1") for system in ("HIS", "LAB", "PORTAL"))
    run = applied(approved(supervisor, second_supervisor), supervisor)
    assert (run.status, kinds(run)) == ("applied", [("join", "applied")])
    assert {owner(system, "1").euid for system in ("HIS", "LAB", "PORTAL")} == {oldest.euid}
    second.refresh_from_db()
    third.refresh_from_db()
    assert {second.merged_into, third.merged_into} == {oldest}
    assert owner("HIS", "1").member_count == 3


def test_a_change_is_an_event_with_history_audit_notices_and_its_evidence(
    three_apart: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    told = OutboxEvent.objects.count()
    run = applied(approved(supervisor, second_supervisor), supervisor)
    event = run.changes.get().event
    assert event is not None
    assert (event.kind, event.actor_kind, event.actor_id) == ("join", "system", f"system:rematch:{run.uuid}")
    assert (event.reason_code, run.model_version.name in event.reason) == ("rematch", True)
    assert event.correlation_id == run.correlation_id
    link = link_of("LAB", "1")
    assert (link.model_version_id, link.opened_by_event_id) == (run.model_version_id, event.pk)
    decision = Decision.objects.get(pk=link.decision_id)
    evidence = codec.decision_evidence(decision)
    assert (evidence["model_version"], evidence["rematch"]["run"]) == (run.model_version.name, str(run.uuid))
    assert evidence["considered"][0]["evidence"]
    assert Link.history.filter(history_correlation_id=run.correlation_id).count() == 4
    kinds_told = set(OutboxEvent.objects.order_by("id")[told:].values_list("type", flat=True))
    assert {"golden.merged"} <= kinds_told
    actions = set(AuditEvent.objects.filter(correlation_id=run.correlation_id).values_list("action", flat=True))
    assert {"golden.merged", "rematch.applied", "golden.updated"} <= actions


def test_a_split_opens_a_golden_record_under_the_new_model_and_tells_both_sides(
    one_too_many: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    golden = owner("HIS", "1")
    told = OutboxEvent.objects.count()
    run = applied(approved(supervisor, second_supervisor), supervisor)
    assert kinds(run) == [("split", "applied"), ("open-question", "applied")]
    assert owner("HIS", "1") == golden
    link = link_of("LAB", "1")
    assert link.golden_record != golden
    assert (link.model_version_id, link.origin, link.by_human) == (run.model_version_id, "first", False)
    assert link.golden_record.status == "provisional"
    notices = {(event.type, event.euid) for event in OutboxEvent.objects.order_by("id")[told:]}
    assert {("link.ended", golden.euid), ("link.opened", link.golden_record.euid)} <= notices
    match = question()
    assert {match.golden_a, match.golden_b} == {golden, link.golden_record}
    assert match.model_version_id == run.model_version_id
    assert questions_rest_on_their_golden_records()
    assert run.changes.get(kind="split").euids == [golden.euid, link.golden_record.euid]


def test_a_question_that_lost_its_reason_closes_by_itself(supervisor: Actor, second_supervisor: Actor) -> None:
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    match = question()
    use(BLIND)
    run = applied(approved(supervisor, second_supervisor), supervisor)
    match.refresh_from_db()
    assert (match.status, match.closed_reason) == ("closed", "evidence-changed")
    assert run.changes.get().potential_match == match
    assert run.changes.get().event is not None
    assert AuditEvent.objects.filter(action="potential_match.closed", correlation_id=run.correlation_id).exists()


def test_after_a_rematch_another_one_shows_no_difference(
    three_apart: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    applied(approved(supervisor, second_supervisor), supervisor)
    assert kinds(preview(supervisor)) == []
    use(CAUTIOUS)
    applied(approved(supervisor, second_supervisor), supervisor)
    assert kinds(preview(supervisor)) == []


def test_to_apply_an_applied_run_changes_nothing(
    three_apart: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    events = IdentityEvent.objects.count()
    applied(run, supervisor)
    assert IdentityEvent.objects.count() == events


def test_a_run_that_was_stopped_goes_on_where_it_was(supervisor: Actor, second_supervisor: Actor) -> None:
    use(BLIND)
    for number, person in enumerate((KATHERINE, MARCUS, MARGARET), start=1):
        for system in ("HIS", "LAB"):
            tell(system, str(number), person)
    use(SHIPPED)
    run = start_applying(run_uuid=approved(supervisor, second_supervisor).uuid, actor=supervisor, by_worker=False)
    stopped: list[int] = []

    def stop(_stage: str, done: int, _total: int) -> None:
        stopped.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        continue_applying(run, tell=stop)
    assert stopped == [1]
    assert sorted(state for _, state in kinds(run)) == ["applied", "pending", "pending"]
    run = applied(run, supervisor)
    assert [state for _, state in kinds(run)] == ["applied"] * 3
    assert IdentityEvent.objects.filter(kind=EventKind.JOIN).count() == 3


def test_who_started_a_run_does_not_approve_it(three_apart: None, supervisor: Actor) -> None:
    run = preview(supervisor)
    with pytest.raises(Forbidden, match="second person"):
        approve_rematch(run_uuid=run.uuid, actor=supervisor)
    assert find_run(run.uuid).status == "previewed"


def test_an_unapproved_run_is_not_applied(three_apart: None, supervisor: Actor) -> None:
    run = preview(supervisor)
    with pytest.raises(AlreadyDecided, match="approved"):
        start_applying(run_uuid=run.uuid, actor=supervisor)


def test_a_run_is_approved_once(three_apart: None, supervisor: Actor, second_supervisor: Actor) -> None:
    run = approved(supervisor, second_supervisor)
    with pytest.raises(AlreadyDecided):
        approve_rematch(run_uuid=run.uuid, actor=second_supervisor)


def test_stewards_neither_approve_nor_apply(
    three_apart: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = preview(supervisor)
    with pytest.raises(Forbidden):
        approve_rematch(run_uuid=run.uuid, actor=steward)
    approve_rematch(run_uuid=run.uuid, actor=second_supervisor)
    with pytest.raises(Forbidden):
        start_applying(run_uuid=run.uuid, actor=steward)


def test_a_run_of_a_model_that_is_not_active_waits_for_its_activation(
    supervisor: Actor, second_supervisor: Actor
) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    run = preview(supervisor, CAUTIOUS)
    approve_rematch(run_uuid=run.uuid, actor=second_supervisor)
    with pytest.raises(InvalidInput, match="not active"):
        start_applying(run_uuid=run.uuid, actor=supervisor)
    use(CAUTIOUS)
    assert [state for _, state in kinds(applied(run, supervisor))] == ["applied", "applied"]


def test_one_run_at_a_time_is_at_work(three_apart: None, supervisor: Actor, second_supervisor: Actor) -> None:
    first, second = approved(supervisor, second_supervisor), approved(supervisor, second_supervisor)
    start_applying(run_uuid=first.uuid, actor=supervisor, by_worker=False)
    with pytest.raises(Busy, match=str(first.uuid)[:8]):
        start_applying(run_uuid=second.uuid, actor=supervisor, by_worker=False)
    assert RematchRun.objects.filter(status=RematchStatus.APPLYING).count() == 1


def _skipped(run: RematchRun) -> dict[str, int]:
    return dict(run.counts["skipped"])


def test_a_record_that_was_updated_meanwhile_is_left_to_the_online_path(
    three_apart: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    run = approved(supervisor, second_supervisor)
    record = record_of("LAB", "1")
    record.version += 1
    record.save(update_fields=["version"])
    run = applied(run, supervisor)
    assert (kinds(run), _skipped(run)) == ([("join", "skipped")], {"record-changed": 1})
    assert owner("LAB", "1") != owner("HIS", "1")


def test_a_golden_record_that_got_another_member_meanwhile_is_left_alone(
    one_too_many: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    run = approved(supervisor, second_supervisor)
    use(SHIPPED)
    tell("PORTAL", "1", KATHERINE)
    use(CAUTIOUS)
    run = applied(run, supervisor)
    assert _skipped(run) == {"members-changed": 1, "together-already": 1}
    assert owner("LAB", "1") == owner("HIS", "1") == owner("PORTAL", "1")


def test_a_separation_made_meanwhile_stands(
    three_apart: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = approved(supervisor, second_supervisor)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("PORTAL", "1").euid, reason_code="twins", reason="", actor=steward
    )
    run = applied(run, supervisor)
    assert _skipped(run) == {"separated": 1}
    assert owner("HIS", "1") != owner("PORTAL", "1")


def test_what_a_person_has_decided_on_meanwhile_is_left_alone(
    three_apart: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = approved(supervisor, second_supervisor)
    golden = owner("HIS", "1")
    verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=steward)
    run = applied(run, supervisor)
    assert _skipped(run) == {"human-decided": 1}
    assert GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).count() == 3


def test_a_question_that_was_answered_meanwhile_stays_answered(
    supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    use(BLIND)
    run = approved(supervisor, second_supervisor)
    separate(
        euid_a=owner("HIS", "2").euid, euid_b=owner("LAB", "2").euid, reason_code="twins", reason="", actor=steward
    )
    run = applied(run, supervisor)
    assert _skipped(run) == {"answered-meanwhile": 1}
    assert PotentialMatch.objects.get().status == "different"
