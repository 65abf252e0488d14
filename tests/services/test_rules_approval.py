"""Before survivorship rules are followed they are compared with the index, and a second person answers for them."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden, InvalidInput
from mpi.models import GoldenRecord, SourceSystem, SurvivorshipPreview, SurvivorshipVersion
from mpi.services.active_rules import active_rules
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_approve import approve_rules, reject_rules
from mpi.services.rules_preview import follow_preview, order_preview, resume_previews, sample_of, work_on_preview
from mpi.services.rules_run import follow_rules
from mpi.services.systems import register_system
from tests.services.acting import merge
from tests.services.ruling import activate, approve, draft, previewed, second_supervisor
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, owner, past, tell


@pytest.fixture
def town() -> None:
    """Katherine and Marcus of two sources that differ, Katherine in phone and e-mail, Marcus in phone; one of one."""
    for person, number, emails in ((KATHERINE, "1", ("a@example.org", "b@example.org")), (MARCUS, "2", ("", ""))):
        tell("HIS", number, person, phone=f"937-555-010{number}", email=emails[0], updated_at=past(1))
        tell("LAB", number, person, phone=f"937-555-020{number}", email=emails[1], updated_at=past(9))
    tell("LAB", "3", ESTEBAN)


def everything() -> list[tuple[object, ...]]:
    return list(GoldenRecord.objects.order_by("pk").values_list("version", "values", "provenance", "recorded_at"))


def test_a_preview_counts_what_would_change_by_field_and_changes_nothing(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"], email=["source_rank"])
    before = everything()
    preview = previewed(supervisor, "by-rank")
    assert (preview.total, preview.examined, preview.changed) == (2, 2, 2)
    assert preview.fields == {"phone": 2, "email": 1}
    assert everything() == before
    lines = {(line.field, line.euid): (line.now, line.then) for line in sample_of(preview, actor=supervisor)}
    katherine, marcus = owner("HIS", "1").euid, owner("HIS", "2").euid
    assert lines == {
        ("phone", katherine): ("937-555-0201", "937-555-0101"),
        ("phone", marcus): ("937-555-0202", "937-555-0102"),
        ("email", katherine): ("b@example.org", "a@example.org"),
    }
    event = AuditEvent.objects.get(action="rules.previewed")
    assert (event.subject_id, event.detail["changed"], event.detail["fields"]) == ("by-rank", 2, preview.fields)
    read = AuditEvent.objects.filter(action="person.searched", actor_id=supervisor.id).exclude(subject_id="")
    assert {row.subject_id for row in read} == {katherine, marcus}


def test_what_was_previewed_is_what_the_activation_does(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"], email=["source_rank"])
    preview = previewed(supervisor, "by-rank")
    activate(supervisor, "by-rank")
    assert follow_rules().changed == preview.changed


def test_an_ssn_of_the_sample_is_masked_and_who_may_see_nobody_sees_no_value(supervisor: Actor, admin: Actor) -> None:
    tell("HIS", "1", KATHERINE, ssn="536-22-8146", updated_at=past(1))
    tell("LAB", "1", KATHERINE, ssn="536-22-8154", updated_at=past(9))
    if owner("HIS", "1") != owner("LAB", "1"):
        merge(owner("LAB", "1"), owner("HIS", "1"), supervisor)
    assert owner("HIS", "1").provenance["ssn"]["source_system"] == "HIS"
    draft(supervisor, "newest", ssn=["recency"])
    preview = previewed(supervisor, "newest")
    (line,) = sample_of(preview, actor=supervisor)
    assert (line.field, str(line.now)[-4:], str(line.then)[-4:]) == ("ssn", "8146", "8154")
    assert "536" not in f"{line.now}{line.then}"
    (hidden,) = sample_of(preview, actor=admin)
    assert (hidden.euid, hidden.now, hidden.then) == (line.euid, None, None)


def test_a_preview_goes_on_where_it_was_stopped_and_is_asked_for_once(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    first = order_preview(name="by-rank", actor=supervisor)
    assert follow_preview(first.pk, seconds=0, chunk=1).examined == 1
    again = order_preview(name="by-rank", actor=supervisor)
    assert (again.pk, SurvivorshipPreview.objects.count()) == (first.pk, 1)
    resume_previews()
    work_on_preview(first.pk)
    first.refresh_from_db()
    assert (first.examined, first.changed, first.fields) == (2, 2, {"phone": 2})
    assert first.finished_at
    assert AuditEvent.objects.filter(action="rules.preview_ordered").count() == 1


def test_a_preview_against_rules_of_before_counts_no_more(town: None, supervisor: Actor) -> None:
    draft(supervisor, "slow", phone=["source_rank"])
    draft(supervisor, "late", email=["source_rank"])
    draft(supervisor, "fast", phone=["agreement"])
    slow = order_preview(name="slow", actor=supervisor, by_worker=False)
    previewed(supervisor, "late")
    activate(supervisor, "fast")
    with pytest.raises(InvalidInput, match="still being made anew"):
        order_preview(name="late", actor=supervisor)
    follow_rules()
    assert follow_preview(slow.pk).error
    for name in ("slow", "late"):
        with pytest.raises(InvalidInput, match="must be looked at first"):
            approve_rules(name=name, reason="yes", actor=second_supervisor())
    assert approve(supervisor, "late").status == "approved"


def test_another_person_than_the_author_approves_and_refusals_are_written_down(
    town: None, system: Actor, supervisor: Actor, steward: Actor
) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    previewed(supervisor, "by-rank")
    with pytest.raises(InvalidInput, match="not approved"):
        activate_rules(name="by-rank", reason="yes", actor=second_supervisor())
    for actor in (supervisor, system, steward):
        with pytest.raises(Forbidden):
            approve_rules(name="by-rank", reason="yes", actor=actor)
    refused = AuditEvent.objects.filter(action="rules.approved", outcome="refused")
    assert [row.detail["why"] for row in refused.order_by("pk")] == ["own work", "no person"]
    row = approve_rules(name="by-rank", reason="Looked at both", actor=second_supervisor())
    assert (row.status, row.approver_id, row.decision_reason) == ("approved", "sven", "Looked at both")
    event = AuditEvent.objects.get(action="rules.approved", outcome="success")
    assert (event.actor_id, event.detail["changed"], event.detail["author"]) == ("sven", 2, supervisor.id)
    with pytest.raises(AlreadyDecided, match="approved already by Sven"):
        reject_rules(name="by-rank", reason="no", actor=supervisor)
    assert active_rules().version == "default-1"


def test_rejected_rules_are_never_followed(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    assert reject_rules(name="by-rank", reason="A slip", actor=supervisor).status == "rejected"
    with pytest.raises(InvalidInput) as refused:
        activate_rules(name="by-rank", reason="yes", actor=second_supervisor())
    assert refused.value.flaws[0].mend == "draft another version"
    with pytest.raises(AlreadyDecided):
        order_preview(name="by-rank", actor=supervisor)


def test_a_rank_changes_with_rules_that_are_previewed_approved_and_followed(
    town: None, system: Actor, supervisor: Actor
) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    activate(supervisor, "by-rank")
    follow_rules()
    assert owner("HIS", "1").values["phone"] == "937-555-0101"
    draft(supervisor, "lab-first", {"LAB": 1, "HIS": 2}, phone=["source_rank"])
    assert previewed(supervisor, "lab-first").fields == {"phone": 2}
    activate(supervisor, "lab-first")
    assert (follow_rules().changed, owner("HIS", "1").values["phone"]) == (2, "937-555-0201")
    activate(supervisor, "by-rank")
    assert (follow_rules().changed, owner("HIS", "1").values["phone"]) == (2, "937-555-0101")


def test_the_rank_of_a_registered_system_is_changed_by_nothing_else(system: Actor) -> None:
    with pytest.raises(InvalidInput, match="survivorship rules") as refused:
        register_system(code="LAB", rank=1, actor=system)
    assert refused.value.flaws[0].field == "rank"
    with pytest.raises(DatabaseError, match="survivorship rules"), transaction.atomic():
        SourceSystem.objects.filter(code="LAB").update(rank=1)
    register_system(code="LAB", name="Laboratory", actor=system)
    row = SourceSystem.objects.get(code="LAB")
    assert (row.name, row.rank, row.time_zone) == ("Laboratory", 20, "UTC")


@pytest.mark.parametrize(
    ("ranks", "field"), [({"XYZ": 1}, "ranks.XYZ"), ({"LAB": 0}, "ranks.LAB"), ({"LAB": "first"}, "ranks.LAB")]
)
def test_ranks_that_cannot_be_are_refused_by_name(supervisor: Actor, ranks: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        draft(supervisor, "ranked", ranks)
    assert [flaw.field for flaw in refused.value.flaws] == [field]
    assert SurvivorshipVersion.objects.count() == 1
