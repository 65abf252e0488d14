"""An activation that would change many links needs a preview; links name their version; what outgrew is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from matching.model import Thresholds
from matching.model_document import load_default
from mpi.errors import InvalidInput, NotFound, ServiceDown
from mpi.models import GoldenRecord, LinkageModelVersion, ModelActivation, PotentialMatch, RematchRun
from mpi.queries import linkage
from mpi.services.active_model import active_model
from mpi.services.in_force import in_force
from mpi.services.merge import merge_golden_records
from mpi.services.model_activate import activate_model, outlook
from mpi.services.model_compare import compare_versions
from mpi.services.model_estimate import LinkEstimate, estimate_links, grade_changes
from mpi.services.model_rollback import roll_back_model
from mpi.services.rematch import preview_rematch
from tests.services.models import activated, approved, changed, wary
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    link_of,
    owner,
    tell,
    versions,
)

pytestmark = pytest.mark.django_db
SHIPPED = load_default().version


@pytest.fixture
def people() -> None:
    """Two persons of two records, one of one."""
    for system, mrn, person in (
        ("HIS", "1", KATHERINE),
        ("LAB", "1", KATHERINE),
        ("HIS", "2", MARCUS),
        ("LAB", "2", MARCUS),
        ("HIS", "3", ESTEBAN),
    ):
        tell(system, mrn, person)


def test_a_model_that_says_the_same_changes_no_link(people) -> None:
    estimate = estimate_links(load_default(), changed("same"))
    assert estimate == LinkEstimate(links=5, looked_at=5, would_end=0, would_move=0)
    assert estimate.at_most == 0.0


def test_links_that_would_end_are_counted_under_both_models(people) -> None:
    strict = changed("strict", thresholds=Thresholds(automatic=0.9999999999, review=0.75))
    doubting = wary("wary")
    assert estimate_links(load_default(), strict).would_end == 0, "their evidence is stronger still"
    estimate = estimate_links(load_default(), doubting)
    assert (estimate.links, estimate.would_end) == (5, 4), "the fifth is alone"
    assert estimate_links(doubting, doubting).would_end == 0, (
        "what the present model would not link either does not count"
    )


def test_a_model_that_links_more_than_the_active_one_needs_a_preview_too(supervisor, admin) -> None:
    activated(wary("wary"), supervisor, admin)
    for system, mrn in (("HIS", "1"), ("LAB", "1"), ("HIS", "2")):
        tell(system, mrn, KATHERINE)
    assert GoldenRecord.objects.count() == 3, "the active model asks and links nothing"
    assert not PotentialMatch.objects.exists()
    bold = approved(changed("bold"), supervisor, admin)
    ahead = outlook(name=bold, actor=admin)
    assert ahead.estimate == LinkEstimate(links=3, looked_at=3, would_end=0, would_move=3)
    with pytest.raises(InvalidInput, match="Of 3 links looked at 3 would change"):
        activate_model(name=bold, reason="As agreed", actor=admin)


def test_a_link_that_a_person_made_is_never_counted(people, steward) -> None:
    merge_golden_records(
        survivor_euid=owner("HIS", "1").euid,
        retired_euid=owner("HIS", "3").euid,
        versions=versions(owner("HIS", "1"), owner("HIS", "3")),
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    before = estimate_links(load_default(), wary("wary"))
    assert link_of("HIS", "3").by_human
    assert before.would_end <= 4


def test_the_share_of_a_sample_is_held_at_its_upper_end() -> None:
    whole = LinkEstimate(links=1_000, looked_at=1_000, would_end=1, would_move=0)
    sample = LinkEstimate(links=100_000, looked_at=5_000, would_end=0, would_move=0)
    assert whole.at_most == 0.001
    assert sample.at_most == pytest.approx(0.000768, abs=1e-6), "Wilson, 0 of 5,000"
    assert LinkEstimate(100_000, 5_000, 1, 0).at_most > 0.001
    assert LinkEstimate(0, 0, 0, 0).at_most == 0.0


def test_an_activation_that_changes_many_links_is_refused_with_the_mend(people, supervisor, admin) -> None:
    name = approved(wary("wary"), supervisor, admin)
    with pytest.raises(InvalidInput, match=r"manage\.py rematch --model wary --dry-run") as refused:
        activate_model(name=name, reason="As agreed", actor=supervisor)
    assert "4" in refused.value.detail
    assert active_model().model.version == SHIPPED
    event = AuditEvent.objects.filter(action="model.activated", outcome="refused").get()
    assert event.detail["estimate"]["would_end"] == 4
    assert event.subjects == ["linkage_model:wary"]


def _preview(name: str, at: datetime | None) -> RematchRun:
    return RematchRun.objects.create(
        model_version=LinkageModelVersion.objects.get(name=name),
        status="previewed" if at else "previewing",
        records=5 if at else 0,
        started_by="adam",
        started_by_name="Adam",
        started_at=timezone.now(),
        previewed_at=at,
    )


def test_a_finished_preview_opens_the_way_and_is_named(people, supervisor, admin) -> None:
    name = approved(wary("wary"), supervisor, admin)
    _preview(name, None)
    assert not outlook(name=name, actor=admin).is_open, "not finished"
    _preview(name, ModelActivation.objects.get().recorded_at - timedelta(seconds=1))
    assert not outlook(name=name, actor=admin).is_open, "older than the active version"
    _preview(SHIPPED, timezone.now())
    assert not outlook(name=name, actor=admin).is_open, "of another version"
    run = _preview(name, timezone.now())
    activate_model(name=name, reason="Looked at the whole difference", actor=supervisor)
    activation = ModelActivation.objects.order_by("-pk")[0]
    assert (activation.preview, activation.estimate["would_end"]) == (run.uuid, 4)


def test_a_preview_of_an_index_that_has_grown_since_opens_nothing(people, supervisor, admin) -> None:
    name = approved(wary("wary"), supervisor, admin)
    preview_rematch(model_name=name, actor=supervisor)
    assert outlook(name=name, actor=admin).is_open
    tell("HIS", "4", MARGARET)
    tell("HIS", "5", MARJORIE)
    ahead = outlook(name=name, actor=admin)
    assert (ahead.needs_preview, ahead.preview) == (True, None), "two of seven records came since"


def test_the_share_is_a_setting(people, supervisor, admin, settings: Settings) -> None:
    name = approved(wary("wary"), supervisor, admin)
    settings.MODEL_CHANGE_SHARE = 0.9
    activate_model(name=name, reason="As agreed", actor=supervisor)
    assert active_model().model.version == name


def test_an_empty_index_needs_no_preview(supervisor, admin) -> None:
    name = activated(wary("wary"), supervisor, admin)
    assert active_model().model.version == name


def test_the_way_back_to_the_one_before_is_open_and_further_back_needs_a_preview(
    people, supervisor, admin, settings: Settings
) -> None:
    settings.MODEL_CHANGE_SHARE = 1.0
    for model in (wary("wary"), changed("calm"), changed("calmer", prior=5e-5)):
        activated(model, supervisor, admin)
    settings.MODEL_CHANGE_SHARE = 0.0
    with pytest.raises(InvalidInput, match="whole difference"):
        roll_back_model(name="wary", reason="Much too calm", actor=admin)
    assert active_model().model.version == "calmer"
    roll_back_model(reason="Too calm", actor=admin)
    assert active_model().model.version == "calm"
    roll_back_model(reason="Still too calm", actor=admin)
    assert active_model().model.version == "wary", "back again is further back, not forward to what was left"
    with pytest.raises(InvalidInput, match="whole difference"):
        roll_back_model(name="calm", reason="Forward to what was left", actor=admin)
    roll_back_model(reason="To the beginning", actor=admin)
    assert active_model().model.version == SHIPPED
    with pytest.raises(NotFound, match="No linkage model was active before"):
        roll_back_model(reason="And before that", actor=admin)


def test_links_name_the_version_they_were_made_under(supervisor, admin) -> None:
    tell("HIS", "1", KATHERINE)
    activated(changed("newer"), supervisor, admin)
    tell("HIS", "2", MARCUS)
    names = [link_of("HIS", mrn).model_version.name for mrn in ("1", "2")]
    assert names == [SHIPPED, "newer"]


def test_a_batch_under_way_ends_under_the_version_it_began_with(supervisor, admin, monkeypatch) -> None:
    """The engine's own look at the active model, held back until another one is active."""
    from mpi.services import ingest as module

    began = active_model()
    activated(changed("newer"), supervisor, admin)
    with monkeypatch.context() as patch:
        patch.setattr(module, "in_force", lambda answers: replace(in_force(answers), active=began))
        tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    assert [link_of("HIS", mrn).model_version.name for mrn in ("1", "2")] == [SHIPPED, "newer"]


def test_a_document_that_this_release_cannot_read_is_said_so_and_can_be_left(supervisor, admin) -> None:
    name = approved(changed("old"), supervisor, admin)
    tell("HIS", "1", KATHERINE)
    shipped = LinkageModelVersion.objects.get(name=SHIPPED)
    unreadable = LinkageModelVersion.objects.create(
        name="future",
        content_hash="f" * 64,
        document={"format": 99},
        status="superseded",
        justification="-",
        author="-",
        author_id="a",
        approver_id="b",
        created_at=timezone.now(),
    )
    LinkageModelVersion.objects.filter(pk=shipped.pk).update(status="superseded")
    LinkageModelVersion.objects.filter(pk=unreadable.pk).update(status="active", activated_at=timezone.now())
    with pytest.raises(ServiceDown, match="cannot be read by this release"):
        active_model()
    assert outlook(name=name, actor=admin).estimate is None
    _preview(name, timezone.now())
    activate_model(name=name, reason="The release is older", actor=admin)
    assert active_model().model.version == "old"


def test_an_index_that_has_doubled_asks_for_a_new_model() -> None:
    trained_for = load_default().prior_records
    assert linkage.retrain_notice(2 * trained_for - 1) is None
    notice = linkage.retrain_notice(2 * trained_for)
    assert notice is not None
    assert "2.0 times" in notice.words
    assert "trainmodel" in notice.words


def test_a_comparison_tells_bits_settings_and_grades_and_names_nobody(people, supervisor, admin, auditor) -> None:
    name = approved(wary("wary"), supervisor, admin)
    found = compare_versions(name=name, actor=auditor)
    sizes = [abs(change.bits) for change in found.difference.levels]
    assert sizes == sorted(sizes, reverse=True)
    assert found.difference.levels[0].level == "exact"
    assert [change.name for change in found.difference.settings] == ["prior/probability"]
    assert found.estimate.would_end == 4
    assert (found.compared_pairs, found.changed_pairs) == (2, 2)
    text = str(found.to_document())
    for value in ("Oyelaran", "OYELARAN", "536228145", "1971"):
        assert value not in text
    same = compare_versions(name=SHIPPED, other=SHIPPED, actor=auditor)
    assert same.difference.is_none
    assert not same.changed_pairs


def test_pairs_are_sampled_the_same_each_time(people) -> None:
    models = load_default(), wary("wary")
    assert grade_changes(*models) == grade_changes(*models)
    assert sum(change.pairs for change in grade_changes(*models, sample=1)) == 1
    assert estimate_links(*models, sample=3).looked_at == 3
