"""A whole rematch is undone: exactly as before, but for what a person has decided since."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden
from mpi.models import IdentityEvent, OutboxEvent
from mpi.queries.rematch import summary
from mpi.services.rematch_apply import continue_applying, start_applying
from mpi.services.rematch_undo import start_undoing
from mpi.services.separate import separate
from mpi.services.undo import undo_event
from mpi.services.verify import verify_golden_record
from tests.rematch.rematching import BLIND, CAUTIOUS, SHIPPED, applied, approved, kinds, preview, undone, use
from tests.services.acting import merge
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BY_NUMBER,
    MARCUS,
    MARGARET,
    MARJORIE,
    golden_state,
    link_state,
    owner,
    question_state,
    questions_rest_on_their_golden_records,
    tell,
)


def _live_state() -> tuple[object, ...]:
    """All but the golden records that the run made and that are retired again."""
    live = {euid: told for euid, told in golden_state().items() if told["status"] != "retired"}
    return live, link_state(), question_state()


@pytest.fixture
def busy() -> None:
    """Persons apart that are one, and others that may be."""
    use(BLIND)
    for number, person in enumerate((KATHERINE, MARCUS), start=1):
        for system in ("HIS", "LAB", "PORTAL"):
            tell(system, str(number), person)
    use(SHIPPED)
    tell("HIS", "3", MARGARET)
    tell("LAB", "3", MARJORIE)


def test_undoing_joins_and_questions_restores_every_pair(
    busy: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    before = _live_state()
    run = applied(approved(supervisor, second_supervisor), supervisor)
    assert _live_state() != before
    run = undone(run, supervisor)
    assert run.status == "undone"
    assert {state for _, state in kinds(run)} == {"undone"}
    assert _live_state() == before
    assert questions_rest_on_their_golden_records()


def test_undoing_splits_restores_every_pair(supervisor: Actor, second_supervisor: Actor) -> None:
    for number, person in enumerate((KATHERINE, MARCUS), start=1):
        for system in ("HIS", "LAB", "PORTAL"):
            tell(system, str(number), person)
    tell("HIS", "3", MARGARET)
    tell("LAB", "3", MARJORIE)
    for model in (CAUTIOUS, BLIND):
        use(model)
        before = _live_state()
        run = applied(approved(supervisor, second_supervisor), supervisor)
        assert {kind for kind, _ in kinds(run)} >= {"split"}
        run = undone(run, supervisor)
        assert {state for _, state in kinds(run)} == {"undone"}
        assert _live_state() == before


def test_every_undoing_is_an_event_told_and_audited(busy: None, supervisor: Actor, second_supervisor: Actor) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    told = OutboxEvent.objects.count()
    run = undone(run, supervisor)
    changes = list(run.changes.all())
    assert all(change.undone_by and change.undone_by.undoes_id == change.event_id for change in changes)
    assert OutboxEvent.objects.count() > told
    audited = AuditEvent.objects.filter(correlation_id=run.correlation_id, action="identity.undone")
    assert audited.count() == len(changes)
    assert AuditEvent.objects.filter(action="rematch.undone", correlation_id=run.correlation_id).exists()


def test_a_later_act_of_a_person_stands_and_is_named(
    busy: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    golden = owner("HIS", "1")
    act = verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=steward)
    run = undone(run, supervisor)
    assert owner("HIS", "1") == owner("LAB", "1") == owner("PORTAL", "1")
    assert owner("HIS", "2") != owner("LAB", "2")
    (refusal,) = summary(run)["refused"]
    assert str(act.event_uuid) in refusal["reason"]
    assert steward.name in refusal["reason"]
    assert run.counts["refused"] == 1


def test_what_was_refused_is_undone_when_nothing_stands_in_the_way_any_more(
    busy: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    golden = owner("HIS", "1")
    act = verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=steward)
    undone(run, supervisor)
    undo_event(event_uuid=act.event_uuid, reason="The wrong row", actor=steward)
    run = undone(run, supervisor)
    assert owner("HIS", "1") != owner("LAB", "1")
    assert summary(run)["refused"] == []


def test_a_merge_by_hand_since_is_not_torn(
    busy: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    tell("CLINIC", "9", ESTEBAN)
    merge(owner("HIS", "1"), owner("CLINIC", "9"), steward)
    undone(run, supervisor)
    assert owner("HIS", "1") == owner("LAB", "1") == owner("CLINIC", "9")


def test_a_separation_since_of_what_the_run_split_forbids_to_bring_it_together(
    supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    use(CAUTIOUS)
    run = applied(approved(supervisor, second_supervisor), supervisor)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("LAB", "1").euid, reason_code="twins", reason="", actor=steward
    )
    run = undone(run, supervisor)
    assert owner("HIS", "1") != owner("LAB", "1")
    assert any("separation" in refusal["reason"] for refusal in summary(run)["refused"])


def test_what_arrived_since_goes_where_the_record_that_earned_its_link_goes(
    busy: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    tell("CLINIC", "1", KATHERINE)
    joined = owner("HIS", "1")
    assert owner("CLINIC", "1") == joined
    undone(run, supervisor)
    home = owner("CLINIC", "1")
    assert home in {owner(system, "1") for system in ("HIS", "LAB", "PORTAL")}


def test_a_change_that_a_person_has_undone_counts_as_undone(
    busy: None, supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    first = run.changes.order_by("number")[0]
    assert first.event is not None
    undo_event(event_uuid=first.event.uuid, reason="A slip", actor=steward)
    events = IdentityEvent.objects.count()
    run = undone(run, supervisor)
    assert {state for _, state in kinds(run)} == {"undone"}
    assert IdentityEvent.objects.count() == events + run.changes.count() - 1


def test_a_run_that_was_stopped_half_way_is_undone_as_far_as_it_went(
    busy: None, supervisor: Actor, second_supervisor: Actor
) -> None:
    before = _live_state()
    run = start_applying(run_uuid=approved(supervisor, second_supervisor).uuid, actor=supervisor, by_worker=False)

    def stop(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        continue_applying(run, tell=stop)
    run = undone(run, supervisor)
    assert sorted(state for _, state in kinds(run)) == ["pending", "undone"]
    assert _live_state() == before


def test_a_run_that_was_never_applied_is_not_undone(busy: None, supervisor: Actor) -> None:
    with pytest.raises(AlreadyDecided, match="nothing to undo"):
        start_undoing(run_uuid=preview(supervisor).uuid, reason="A mistake", actor=supervisor)


def test_stewards_do_not_undo_a_run(busy: None, supervisor: Actor, second_supervisor: Actor, steward: Actor) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    with pytest.raises(Forbidden):
        start_undoing(run_uuid=run.uuid, reason="A mistake", actor=steward)
