"""Linkage models from draft to rollback: who may, what is refused, what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditEvent
from matching.model import Thresholds
from matching.model_document import hash_of, load_default, to_document
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden, InvalidInput, NotFound, StaleVersion
from mpi.models import LinkageModelVersion, ModelActivation
from mpi.queries import linkage
from mpi.services.active_model import active_model
from mpi.services.model_activate import activate_model, outlook
from mpi.services.model_approve import approve_model, reject_model
from mpi.services.model_draft import export_model, import_model
from mpi.services.model_rollback import roll_back_model
from tests.services.models import activated, approved, changed, drafted, text_of

pytestmark = pytest.mark.django_db
SHIPPED = load_default().version


@pytest.fixture
def calmer():
    return changed("calmer", thresholds=Thresholds(automatic=0.96, review=0.75))


def status_of(name: str) -> str:
    return LinkageModelVersion.objects.get(name=name).status


def events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


def test_a_fresh_index_works_by_the_shipped_model_and_knows_since_when() -> None:
    row = LinkageModelVersion.objects.get(status="active")
    assert (row.name, row.author_id, row.approver_id) == (SHIPPED, "release:author", "release:approver")
    assert ModelActivation.objects.get().version_id == row.pk


def test_a_model_is_drafted_approved_by_another_activated_and_rolled_back(calmer, supervisor, admin) -> None:
    name = drafted(calmer, supervisor)
    assert status_of(name) == "draft"
    assert active_model().model.version == SHIPPED

    approve_model(name=name, reason="Looked at the bits", actor=admin)
    assert status_of(name) == "approved"
    assert active_model().model.version == SHIPPED

    activate_model(name=name, reason="As agreed", actor=supervisor, seen_active=SHIPPED)
    assert (active_model().model.version, active_model().model.thresholds.automatic) == ("calmer", 0.96)
    assert status_of(SHIPPED) == "superseded"

    roll_back_model(reason="Too many questions", actor=admin)
    assert active_model().model.version == SHIPPED
    assert [(row.version.name, row.is_rollback, row.actor_id) for row in linkage.activations()] == [
        (SHIPPED, True, "adam"),
        ("calmer", False, "susan"),
        (SHIPPED, False, "system:setup"),
    ]


def test_every_act_is_written_down_with_before_and_after(calmer, supervisor, admin) -> None:
    name = activated(calmer, supervisor, admin)
    roll_back_model(reason="Back again", actor=admin)
    (draft,), (approval,) = events("model.drafted"), events("model.approved")
    activation, rollback = events("model.activated")[-1], events("model.rolled_back")[0]
    assert (draft.actor_id, draft.subjects, draft.after["status"]) == ("susan", [f"linkage_model:{name}"], "draft")
    assert (approval.actor_id, approval.before, approval.after) == (
        "adam",
        {"status": "draft"},
        {"status": "approved"},
    )
    assert (activation.before, activation.after) == ({"active": SHIPPED}, {"active": name})
    assert (rollback.before, rollback.after, rollback.reason_text) == (
        {"active": name},
        {"active": SHIPPED},
        "Back again",
    )


def test_nobody_approves_a_model_of_his_own_and_the_try_is_written_down(calmer, supervisor) -> None:
    name = drafted(calmer, supervisor)
    with pytest.raises(Forbidden, match="another person"):
        approve_model(name=name, reason="Mine is best", actor=supervisor)
    assert status_of(name) == "draft"
    (refused,) = events("model.approved")
    assert (refused.outcome, refused.actor_id, refused.detail["why"]) == ("refused", "susan", "own work")


def test_only_a_person_approves(calmer, supervisor, system) -> None:
    name = drafted(calmer, supervisor)
    with pytest.raises(Forbidden, match="A person must approve"):
        approve_model(name=name, reason="By machine", actor=system)


def test_the_database_itself_refuses_an_approval_by_the_author(calmer, supervisor) -> None:
    name = drafted(calmer, supervisor)
    rows = LinkageModelVersion.objects.filter(name=name)
    with pytest.raises(DatabaseError, match="model_approved_by_another_person"), transaction.atomic():
        rows.update(status="approved", approver_id="susan")


@pytest.mark.parametrize("field", ["document", "name", "content_hash", "justification", "author_id"])
def test_the_database_itself_refuses_a_changed_or_deleted_version(field) -> None:
    rows = LinkageModelVersion.objects.filter(name=SHIPPED)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        rows.update(**{field: {} if field == "document" else "other"})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM mpi_linkage_model_version WHERE name = %s", [SHIPPED])
    with pytest.raises(DatabaseError), transaction.atomic():
        ModelActivation.objects.update(reason="otherwise")


@pytest.mark.parametrize("role", ["clerk", "steward", "compliance officer"])
def test_other_roles_may_do_none_of_it(role, calmer, supervisor) -> None:
    name = drafted(calmer, supervisor)
    actor = Actor(kind="user", id="someone", name="Someone", permissions=ROLES[role], source="web")
    acts: list[Callable[[], Any]] = [
        lambda: import_model(text=text_of(changed("other")), actor=actor),
        lambda: approve_model(name=name, reason="Yes indeed", actor=actor),
        lambda: reject_model(name=name, reason="No indeed", actor=actor),
        lambda: activate_model(name=name, reason="Now please", actor=actor),
        lambda: roll_back_model(reason="Back please", actor=actor),
        lambda: outlook(name=name, actor=actor),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    assert len(events("access.refused")) == len(acts)
    assert status_of(name) == "draft"


def test_a_draft_or_rejected_model_is_not_activated(calmer, supervisor, admin) -> None:
    name = drafted(calmer, supervisor)
    with pytest.raises(InvalidInput) as refused:
        activate_model(name=name, reason="Now please", actor=admin)
    assert "approved by another person" in refused.value.flaws[0].mend
    reject_model(name=name, reason="The prior is wrong", actor=admin)
    with pytest.raises(InvalidInput):
        activate_model(name=name, reason="Now please", actor=admin)
    with pytest.raises(AlreadyDecided):
        approve_model(name=name, reason="Yes after all", actor=admin)
    assert active_model().model.version == SHIPPED


def test_an_act_needs_a_reason_and_a_version_that_exists(calmer, supervisor, admin) -> None:
    name = drafted(calmer, supervisor)
    with pytest.raises(InvalidInput, match="reason"):
        approve_model(name=name, reason="  ", actor=admin)
    with pytest.raises(NotFound):
        approve_model(name="nothing", reason="Yes indeed", actor=admin)
    with pytest.raises(NotFound):
        activate_model(name="nothing", reason="Yes indeed", actor=admin)
    with pytest.raises(NotFound, match="before this one"):
        roll_back_model(reason="Back where to", actor=admin)
    with pytest.raises(InvalidInput, match="never active"):
        roll_back_model(name=name, reason="Back where to", actor=admin)


def test_a_stale_screen_activates_nothing(supervisor, admin) -> None:
    first, second = (approved(changed(name), supervisor, admin) for name in ("first", "second"))
    activate_model(name=first, reason="As agreed", actor=supervisor, seen_active=SHIPPED)
    with pytest.raises(StaleVersion):
        activate_model(name=second, reason="As agreed", actor=admin, seen_active=SHIPPED)
    assert active_model().model.version == "first"
    with pytest.raises(AlreadyDecided):
        activate_model(name=first, reason="Again", actor=admin)


def test_a_document_goes_out_and_comes_back_as_it_was(calmer, supervisor, admin) -> None:
    name = drafted(calmer, supervisor)
    document = export_model(name=name, actor=admin)
    assert document == to_document(calmer)
    assert hash_of(document) == calmer.content_hash
    assert events("export.model")[0].subjects == [f"linkage_model:{name}"]


def _document(**changes: Any) -> str:
    document = json.loads(text_of(changed("bad")))
    del document["content_hash"]
    for path, value in changes.items():
        target = document
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        for part in parents:
            target = target[part]
        if value is _GONE:
            del target[last]
        else:
            target[last] = value
    return json.dumps(document)


_GONE = object()


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        (_document(comparisons__0__levels__1__m=0), "m of given / exact", "comparisons/given/exact/m"),
        (_document(comparisons__0__levels__1__m=1.0), "m of given / exact", "comparisons/given/exact/m"),
        (_document(comparisons__3__levels__1__u=-1), "u of birth_date / exact", "comparisons/birth_date/exact/u"),
        (_document(comparisons__3__levels__2=_GONE), "lacks levels: day_month", "comparisons/birth_date"),
        (_document(comparisons__1__name="shoe_size"), "Unknown comparisons: shoe_size", "comparisons"),
        (_document(comparisons__1=_GONE), "must be exactly", "comparisons"),
        (_document(thresholds={"automatic": 0.7, "review": 0.8}), "crossed", "thresholds"),
        (_document(content_hash="0" * 64), "hash does not fit", "content_hash"),
        (_document(policy__mode="daring"), "neither balanced nor strict", "policy/mode"),
        (_document(prior__records=0), "prior", "prior"),
        (_document(tresholds={}), "“tresholds”, which is not known", "document"),
        (_document(format=2), "format 1", "format"),
        (_document(version="a name"), "version name", "version"),
        (_document(version=SHIPPED), "already", "version"),
        (_document(justification=" "), "justification", "justification"),
        ('{"format": 1,\n}', "not JSON", "document"),
        ("", "not JSON", "document"),
        ("[]", "not a JSON object", "document"),
        ('{"a": NaN}', "NaN is not JSON", "document"),
        ("[" * 200_000, "nested", "document"),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) > 60 else value,
)
def test_a_bad_document_is_refused_with_reason_and_place_and_nothing_changes(text, reason, place, supervisor) -> None:
    before = LinkageModelVersion.objects.count(), AuditEvent.objects.count()
    with pytest.raises(InvalidInput, match=reason) as refused:
        import_model(text=text, actor=supervisor)
    assert refused.value.flaws[0].field == place
    assert (LinkageModelVersion.objects.count(), AuditEvent.objects.count()) == before


def test_text_that_is_no_json_is_refused_with_line_and_column(supervisor) -> None:
    with pytest.raises(InvalidInput) as refused:
        import_model(text='{"format": 1,\n "version": }', actor=supervisor)
    assert (refused.value.flaws[0].line, refused.value.flaws[0].column) == (2, 13)


def test_a_known_document_is_not_drafted_twice(calmer, supervisor) -> None:
    drafted(calmer, supervisor)
    with pytest.raises(InvalidInput, match="already"):
        drafted(calmer, supervisor)
