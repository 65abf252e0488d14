"""Survivorship rules as data: immutable, one version active, followed by every golden record."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from audit.models import AuditEvent
from matching.survivorship import DEFAULT_RULES
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden, InvalidInput, NotFound, StaleVersion
from mpi.models import GoldenRecord, OutboxEvent, SurvivorshipActivation, SurvivorshipVersion
from mpi.services.active_rules import active_rules
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_draft import draft_rules
from mpi.services.rules_run import follow_rules
from tests.services.history import now
from tests.services.ruling import activate, approve, document, draft
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, owner, past, tell


@pytest.fixture
def town() -> None:
    """Katherine of two sources that differ in phone and e-mail, and two others of one."""
    tell("HIS", "1", KATHERINE, phone="937-555-0101", email="his@example.org", updated_at=past(1))
    tell("LAB", "1", KATHERINE, phone="937-555-0102", email="lab@example.org", updated_at=past(9))
    tell("HIS", "2", MARCUS)
    tell("LAB", "3", ESTEBAN)


def phone() -> tuple[str, str, str]:
    golden = owner("HIS", "1")
    told = golden.provenance
    return golden.values["phone"], told["phone"]["criterion"], told["rules"]


def test_the_shipped_rules_are_active_from_the_start(town: None) -> None:
    assert active_rules() == DEFAULT_RULES
    assert phone() == ("937-555-0102", "recency", "default-1")


def test_a_draft_changes_nothing_and_is_kept_as_it_is(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    assert active_rules() == DEFAULT_RULES
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        SurvivorshipVersion.objects.filter(name="by-rank").update(document={})
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        SurvivorshipVersion.objects.filter(name="by-rank").delete()
    event = AuditEvent.objects.get(action="rules.drafted")
    assert (event.actor_id, event.subject_id, event.reason_text) == (supervisor.id, "by-rank", "As agreed")


def test_other_rules_make_every_golden_record_anew_with_history_audit_and_outbox(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    before = {golden.pk: golden.version for golden in GoldenRecord.objects.all()}
    told = OutboxEvent.objects.filter(type="golden.updated").count()
    audited = AuditEvent.objects.filter(action="golden.updated").count()
    activate(supervisor, "by-rank")
    done = follow_rules()
    assert (done.is_finished, done.recomputed, done.changed) == (True, 3, 1)
    assert phone() == ("937-555-0101", "source_rank", "by-rank")
    for golden in GoldenRecord.objects.all():
        assert golden.version == before[golden.pk] + 1
        assert golden.history.filter(version=golden.version).count() == 1
        assert golden.provenance["rules"] == "by-rank"
    assert OutboxEvent.objects.filter(type="golden.updated").count() == told + 1  # what did not change is not told
    assert AuditEvent.objects.filter(action="golden.updated").count() == audited + 1
    finished = AuditEvent.objects.get(action="rules.followed")
    assert (finished.subject_id, finished.detail["recomputed"], finished.detail["changed"]) == ("by-rank", 3, 1)


def test_what_comes_after_the_activation_follows_the_new_rules_at_once(town: None, supervisor: Actor) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    activate(supervisor, "by-rank")
    tell("LAB", "1", KATHERINE, phone="937-555-0102", email="new@example.org", updated_at=past(11))
    assert phone() == ("937-555-0101", "source_rank", "by-rank")
    done = follow_rules()
    assert (done.is_finished, done.recomputed) == (True, 2)


def test_a_run_goes_on_where_it_was_stopped_and_is_overtaken_by_the_next(town: None, supervisor: Actor) -> None:
    for name, criteria in (("by-rank", ["source_rank"]), ("by-word", ["agreement", "recency"])):
        approve(supervisor, draft(supervisor, name, phone=criteria))
    activate(supervisor, "by-rank")
    assert follow_rules(seconds=0, chunk=1).recomputed == 1
    assert follow_rules(seconds=0, chunk=1).recomputed == 2
    activate(supervisor, "by-word")
    done = follow_rules(chunk=1)
    assert (done.is_finished, done.recomputed) == (True, 3)
    assert {golden.provenance["rules"] for golden in GoldenRecord.objects.all()} == {"by-word"}
    overtaken = SurvivorshipActivation.objects.get(version__name="by-rank")
    assert (overtaken.recomputed, overtaken.finished_at) == (2, None)


def test_the_rules_of_before_can_be_activated_again(town: None, supervisor: Actor) -> None:
    start = {golden.euid: golden.values for golden in GoldenRecord.objects.all()}
    draft(supervisor, "by-rank", phone=["source_rank"], email=["source_rank"])
    activate(supervisor, "by-rank")
    follow_rules()
    instant = now()
    activate(supervisor, "default-1")
    follow_rules()
    assert {golden.euid: golden.values for golden in GoldenRecord.objects.all()} == start
    then = owner("HIS", "1").history.filter(history_date__lte=instant).order_by("-version")[0]
    assert (then.values["email"], then.provenance["rules"]) == ("his@example.org", "by-rank")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[]", "document"),
        ("{", "document"),
        (document("a b"), "version"),
        (document("v", phone=["luck"]), "fields.phone"),
        (document("v", phone=[]), "fields.phone"),
        (document("v", shoes=["recency"]), "fields.shoes"),
        (document("default-1"), "version"),
        ("1" * 30_000, "document"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_field_and_mend(supervisor: Actor, text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        draft_rules(text=text, justification="As agreed", actor=supervisor)
    assert [(flaw.field, bool(flaw.mend)) for flaw in refused.value.flaws] == [(field, True)]
    assert SurvivorshipVersion.objects.count() == 1


def test_who_may_not_and_what_cannot_be_activated(supervisor: Actor, steward: Actor) -> None:
    with pytest.raises(Forbidden):
        draft(steward, "mine")
    draft(supervisor, "by-rank", phone=["source_rank"])
    with pytest.raises(Forbidden):
        activate(steward, "by-rank")
    with pytest.raises(NotFound):
        activate(supervisor, "unknown")
    with pytest.raises(AlreadyDecided):
        activate(supervisor, "default-1")
    approve(supervisor, "by-rank")
    with pytest.raises(InvalidInput):
        activate_rules(name="by-rank", reason=" ", actor=supervisor)
    with pytest.raises(StaleVersion):
        activate_rules(name="by-rank", reason="yes", seen_active="older", actor=supervisor)
    assert active_rules() == DEFAULT_RULES
