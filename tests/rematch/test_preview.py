"""A preview shows what would change, changes nothing, and respects what people have decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.models import AuditEvent
from matching.model_document import with_hash
from matching.standardise import ExcessiveValues, value_digest
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput, NotFound
from mpi.models import LinkageModelVersion, ModelStatus, RecordState, RematchRun, SourceRecord
from mpi.queries.rematch import summary
from mpi.services.rematch import order_preview
from mpi.services.rematch_run import find_run
from mpi.services.separate import separate
from mpi.services.undo import undo_event
from mpi.services.verify import verify_golden_record
from tests.rematch.rematching import (
    BLIND,
    CAUTIOUS,
    SHIPPED,
    applied,
    approved,
    kinds,
    preview,
    table_marks,
    use,
    version_of,
)
from tests.services.acting import merge, unmerge
from tests.services.telling import KATHERINE, KATHERINE_BY_NUMBER, MARCUS, MARGARET, MARJORIE, link_of, owner, tell

_MAY_CHANGE = {"mpi_rematch_run", "mpi_rematch_change", "audit_event", "audit_pending_event"}


def test_a_preview_changes_nothing_but_its_own_rows_and_the_audit_log(supervisor: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    before = table_marks()
    run = preview(supervisor, SHIPPED)
    after = table_marks()
    assert run.changes.exists()
    assert {name for name in after if before[name] != after[name]} <= _MAY_CHANGE
    assert before["mpi_rematch_run"] != after["mpi_rematch_run"]


def test_an_index_that_is_as_the_model_would_have_it_shows_no_difference(supervisor: Actor) -> None:
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    run = preview(supervisor)
    assert (run.status, run.records, run.links_changed, kinds(run)) == ("previewed", 5, 0, [])


def test_what_fits_under_the_model_is_joined_and_the_oldest_golden_record_survives(supervisor: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    run = preview(supervisor, SHIPPED)
    (change,) = run.changes.all()
    assert change.kind == "join"
    assert change.euids == [owner(system, "1").euid for system in ("HIS", "LAB", "PORTAL")]
    assert change.record_ids == [link_of(system, "1").source_record_id for system in ("LAB", "PORTAL")]
    assert change.grade == "certain"
    assert change.bits_before < -20 < 30 < change.bits_after
    assert run.links_changed == 2


def test_what_no_longer_fits_gets_a_golden_record_of_its_own(supervisor: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    run = preview(supervisor, BLIND)
    (change,) = run.changes.all()
    assert (change.kind, change.record_ids) == ("split", [link_of("LAB", "1").source_record_id])
    assert change.grade == "certainly-not"
    assert change.bits_before > 10 > change.bits_after
    assert "floor" in change.reason_codes


def test_a_more_cautious_model_asks_what_was_linked(supervisor: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    run = preview(supervisor, CAUTIOUS)
    assert [kind for kind, _ in kinds(run)] == ["split", "open-question"]


def test_a_question_without_evidence_closes_and_one_with_evidence_opens(supervisor: Actor) -> None:
    tell("HIS", "2", MARGARET)
    tell("LAB", "2", MARJORIE)
    assert [kind for kind, _ in kinds(preview(supervisor, BLIND))] == ["close-question"]
    use(BLIND)
    tell("HIS", "3", {**MARGARET, "ssn": "", "birth_date": "1971-03-09", "given_name": "Margret"})
    asked = [kind for kind, _ in kinds(preview(supervisor, SHIPPED))]
    assert "join" in asked or "open-question" in asked


def test_separated_records_are_neither_joined_nor_asked_about(supervisor: Actor, steward: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB"):
        tell(system, "1", KATHERINE)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("LAB", "1").euid, reason_code="twins", reason="", actor=steward
    )
    assert kinds(preview(supervisor, SHIPPED)) == []


def test_a_third_record_does_not_bring_separated_records_together(supervisor: Actor, steward: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("LAB", "1").euid, reason_code="twins", reason="", actor=steward
    )
    run = preview(supervisor, SHIPPED)
    apart = {link_of("HIS", "1").source_record_id, link_of("LAB", "1").source_record_id}
    for change in run.changes.filter(kind="join"):
        assert not apart <= {pk for side in change.facts["sides"] for pk in side}


def test_pain_05_what_a_person_has_merged_is_not_split(supervisor: Actor, steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "2", MARCUS)
    merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    assert kinds(preview(supervisor)) == []
    assert kinds(preview(supervisor, BLIND)) == []


def test_a_verified_golden_record_is_asked_about_and_never_joined(supervisor: Actor, steward: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB"):
        tell(system, "1", KATHERINE)
    golden = owner("HIS", "1")
    verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=steward)
    run = preview(supervisor, SHIPPED)
    (change,) = run.changes.all()
    assert (change.kind, change.reason_codes[0]) == ("open-question", "human-decided")


def test_what_a_person_took_back_from_the_engine_is_asked_and_not_done_again(
    supervisor: Actor, second_supervisor: Actor, steward: Actor
) -> None:
    use(BLIND)
    for system in ("HIS", "LAB"):
        tell(system, "1", KATHERINE)
    use(SHIPPED)
    run = applied(approved(supervisor, second_supervisor), supervisor)
    undo_event(event_uuid=run.changes.get().event.uuid, reason="Two people, I think", actor=steward)
    assert [kind for kind, _ in kinds(preview(supervisor))] == ["open-question"]


def test_an_unmerge_holds_in_a_rematch(supervisor: Actor, steward: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB"):
        tell(system, "1", KATHERINE)
    unmerge(merge(owner("HIS", "1"), owner("LAB", "1"), steward), steward)
    assert kinds(preview(supervisor, SHIPPED)) == []


def test_a_record_under_suspicion_of_an_overlay_attracts_nothing(supervisor: Actor) -> None:
    use(BLIND)
    for system in ("HIS", "LAB"):
        tell(system, "1", KATHERINE)
    SourceRecord.objects.filter(mrn="1", source_system__code="LAB").update(state=RecordState.QUARANTINED)
    run = preview(supervisor, SHIPPED)
    assert (run.records, kinds(run)) == (2, [])


def test_records_are_read_anew_where_the_model_counts_other_values_as_placeholders(supervisor: Actor) -> None:
    james = {
        "given_name": "James",
        "family_name": "Smith",
        "birth_date": "1971-03-09",
        "sex": "M",
        "ssn": "536-22-8145",
    }
    tell("HIS", "1", james)
    tell("LAB", "1", james)
    assert owner("HIS", "1") == owner("LAB", "1")
    numbers = frozenset({value_digest("536228145")})
    wary = with_hash(replace(SHIPPED, version="wary", excessive=ExcessiveValues(ssns=numbers)))
    assert [kind for kind, _ in kinds(preview(supervisor, wary))] == ["split", "open-question"]


def test_an_empty_index_is_refused_with_what_to_do(supervisor: Actor) -> None:
    with pytest.raises(InvalidInput, match="Import some first"):
        preview(supervisor)
    assert not RematchRun.objects.exists()


def test_only_an_approved_model_is_compared(supervisor: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    version_of(BLIND, status=ModelStatus.DRAFT)
    with pytest.raises(InvalidInput, match="approved"):
        preview(supervisor, BLIND)
    with pytest.raises(NotFound):
        order_preview(model_name="nobody-knows-it", actor=supervisor)
    assert not RematchRun.objects.exists()


def test_who_may_not_manage_models_may_not_rematch(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    with pytest.raises(Forbidden):
        preview(steward)
    assert AuditEvent.objects.filter(action="access.refused", actor_id=steward.id).exists()


def test_a_run_is_found_by_the_beginning_of_its_number(supervisor: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    run = preview(supervisor)
    assert find_run(str(run.uuid)[:8]) == run
    with pytest.raises(NotFound):
        find_run("00000000")
    with pytest.raises(InvalidInput):
        find_run("%")


def test_a_run_says_who_asked_for_it_and_under_which_model(supervisor: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    run = preview(supervisor)
    told = summary(run)
    active = LinkageModelVersion.objects.get(status=ModelStatus.ACTIVE)
    assert (told["model"], told["started_by"], told["records"]) == (active.name, supervisor.name, 1)
    actions = set(AuditEvent.objects.filter(subject_id=str(run.uuid)).values_list("action", flat=True))
    assert actions == {"rematch.ordered", "rematch.previewed"}
