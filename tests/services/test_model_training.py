"""Training on the records of the index: a sound draft, no trace on disk, labels that refine, refusals before work."""

from __future__ import annotations

import csv
import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from audit.models import AuditEvent
from matching.levels import BIRTH_DATE, SSN, BirthDate, Ssn
from matching.model_document import from_document
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput
from mpi.models import LinkageModelVersion, PotentialMatch, SourceRecord, User
from mpi.queries.labels import standing_labels
from mpi.services.active_model import active_model
from mpi.services.model_activate import activate_model
from mpi.services.model_approve import approve_model
from mpi.services.model_records import read_standard, sample_of_people
from mpi.services.model_train import TrainingOrder, train_model
from mpi.services.resolve import resolve_potential_match
from mpi.services.systems import register_system
from mpi.services.users import put_user
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from mpi.synthetic.systems import DEFAULT_SYSTEMS
from tests.bulk.loads import load_in_bulk

ORDER = TrainingOrder(version="trained", justification="Our own records.", sampled_pairs=2e5)
RECORDS = 3_000


@pytest.fixture
def town(transactional_db: None, system: Actor, tmp_path: Path) -> Path:
    """An index of 3,000 generated records; the path of its truth."""
    records, truth = tmp_path / "records.csv", tmp_path / "truth.csv"
    write_population(generate(RECORDS, 909), out=records, truth=truth)
    for one in DEFAULT_SYSTEMS:
        register_system(code=one.code, name=one.name, actor=system)
    load_in_bulk(records, system)
    assert SourceRecord.objects.filter(state="active").count() == RECORDS
    return truth


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch) -> Path:
    """The only folder to which anything could spill: work and temporary files go there."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.slow
@override_settings(MODEL_CHANGE_SHARE=1.0)
def test_a_model_is_trained_from_the_index_refined_by_labels_and_put_to_work(
    town: Path, scratch: Path, supervisor: Actor, second_steward: Actor
) -> None:
    answered = _answer_by_truth(town, second_steward)
    stages: list[str] = []
    trained = train_model(
        order=TrainingOrder(**{**_fields(ORDER), "labels": True, "mode": "strict"}),
        actor=supervisor,
        tell=stages.append,
    )
    assert not list(scratch.rglob("*")), "nothing is left on disk"
    assert stages[:3] == ["reading records", "frequencies", "u from random pairs"]

    row = LinkageModelVersion.objects.get(name="trained")
    assert (row.status, row.author_id, row.justification) == ("draft", "susan", "Our own records.")
    model = from_document(row.document)
    assert model == trained.model
    assert model.policy.mode == "strict"
    assert model.thresholds == active_model().model.thresholds
    assert (model.prior_records, model.training["records"]) == (RECORDS, RECORDS)
    assert set(model.training["sessions"]) == {"same SSN", "same birth date and given name"}
    labels = model.training["labels"]
    assert labels["same"] + labels.get("different", 0) == answered
    assert labels["log_loss_after"] <= labels["log_loss_before"]
    assert model.evaluation["links_changed_from_" + active_model().model.version]["looked_at"] == RECORDS
    assert "decisions_of_stewards" in model.evaluation

    assert model.level(BIRTH_DATE, BirthDate.EXACT).bits > 8
    assert model.level(BIRTH_DATE, BirthDate.GENERATION).bits < -3, "father and son were not taught as one person"
    assert model.level(SSN, Ssn.EXACT).bits > 10
    assert all(0 < level.m < 1 and 0 < level.u < 1 for part in model.comparisons for level in part.levels[1:])
    _holds_nobody(row)

    approve_model(name="trained", reason="Looked at it", actor=Actor("user", "adam", "Adam", supervisor.permissions))
    activate_model(name="trained", reason="As agreed", actor=supervisor)
    assert active_model().model.version == "trained"


def _fields(order: TrainingOrder) -> dict[str, object]:
    return {name: getattr(order, name) for name in order.__slots__}


def _answer_by_truth(truth: Path, actor: Actor) -> int:
    """A steward answers all that is asked, rightly."""
    with truth.open(newline="") as file:
        people = {(system, mrn): person for system, mrn, person in list(csv.reader(file))[1:]}
    asked = PotentialMatch.objects.filter(status="open").values_list("pk", flat=True)
    for pk in list(asked):
        match = PotentialMatch.objects.select_related("record_a__source_system", "record_b__source_system").get(pk=pk)
        if match.status != "open":
            continue
        one, other = (people[side.source_system.code, side.mrn] for side in (match.record_a, match.record_b))
        resolve_potential_match(
            uuid=match.uuid,
            outcome="same" if one == other else "different",
            version=match.version,
            reason_code="documents-seen",
            reason="",
            actor=actor,
        )
    labels = standing_labels()
    assert len(labels) >= 20
    return len(labels)


def _holds_nobody(row: LinkageModelVersion) -> None:
    text = json.dumps(row.document)
    for record in read_standard(list(SourceRecord.objects.values_list("pk", flat=True)[:300])).values():
        for value in (record.ssn, *record.phones, *record.emails):
            assert not value or value not in text
    events = AuditEvent.objects.filter(action="model.drafted").values_list("detail", flat=True)
    assert [detail["origin"] for detail in events] == ["trained"]


@pytest.mark.slow
def test_a_sample_takes_whole_persons_and_the_command_says_what_it_did(town: Path, monkeypatch) -> None:
    some = sample_of_people(1_000, seed=3)
    assert len(some) == 1_000
    assert some == sample_of_people(1_000, seed=3) != sample_of_people(1_000, seed=4)
    owners = dict(
        SourceRecord.objects.filter(links__ended_at__isnull=True).values_list("pk", "links__golden_record_id")
    )
    chosen = set(some)
    torn = {owners[pk] for pk in owners if pk in chosen} & {owners[pk] for pk in owners if pk not in chosen}
    assert len(torn) <= 1, "at most the last one is cut"

    monkeypatch.setattr("mpi.services.model_train._SAMPLED_PAIRS", 2e5)
    monkeypatch.setattr("mpi.management.commands.trainmodel.TrainingOrder", _quick)
    out, errors = StringIO(), StringIO()
    call_command(
        "trainmodel", "--version", "small", "--justification", "A sample.", "--sample", "2000", "--json",
        stdout=out, stderr=errors,
    )  # fmt: skip
    told = json.loads(out.getvalue().splitlines()[-1])
    assert (told["version"], told["status"]) == ("small", "draft")
    assert (told["records"], told["index_records"]) == (2_000, RECORDS)
    model = from_document(LinkageModelVersion.objects.get(name="small").document)
    assert model.prior_records == RECORDS, "the prior is that of the index, not of the sample"
    assert "Another person approves it" in errors.getvalue()


def _quick(**fields: object) -> TrainingOrder:
    return TrainingOrder(**{**fields, "sampled_pairs": 2e5})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_refusals_come_before_any_work(supervisor: Actor, steward: Actor) -> None:
    taken = active_model().model.version
    for order, reason in (
        (ORDER, "0 records: at least 2,000"),
        (TrainingOrder(version=taken, justification="Why not."), "already"),
        (TrainingOrder(version="a b", justification="Why not."), "name"),
        (TrainingOrder(version="new", justification=""), "justification"),
        (TrainingOrder(version="new", justification="Why not.", sample=100), "sample is too small"),
    ):
        with pytest.raises(InvalidInput, match=reason):
            train_model(order=order, actor=supervisor)
    with pytest.raises(Forbidden):
        train_model(order=ORDER, actor=steward)
    assert LinkageModelVersion.objects.count() == 1


@pytest.mark.django_db
def test_the_command_line_asks_who_approves_and_for_the_password(system: Actor, monkeypatch) -> None:
    password = "correct horse battery"
    put_user(username="adam", display_name="Adam", roles=["administrator"], password=password, actor=system)
    put_user(username="carla", display_name="Carla", roles=["clerk"], password=password, actor=system)
    document = Path(os.environ["MPI_TEST_HOME"]) / "model.json"
    call_command("linkagemodel", "export", active_model().model.version, out=document, stdout=StringIO())
    text = json.loads(document.read_text())
    del text["content_hash"]
    document.write_text(json.dumps({**text, "version": "copy"}))

    def run(*arguments: str) -> dict[str, object]:
        out = StringIO()
        call_command("linkagemodel", *arguments, "--json", stdout=out, stderr=StringIO())
        return json.loads(out.getvalue().splitlines()[-1])

    assert run("import", str(document))["status"] == "draft"
    document.unlink()
    for arguments, reason in (
        (("approve", "copy", "--reason", "Seen it"), "say who"),
        (("approve", "copy", "--reason", "Seen it", "--user", "carla"), "this was not it"),
        (("activate", "copy", "--reason", "Now please"), "is not approved"),
        (("show", "nothing"), "no linkage model"),
    ):
        with pytest.raises(CommandError, match=reason):
            run(*arguments)
    monkeypatch.setenv("MPI_PASSWORD", password)
    with pytest.raises(CommandError, match="does not have"):
        run("approve", "copy", "--reason", "Seen it", "--user", "carla")
    User.objects.filter(username="adam").update(is_active=False)
    with pytest.raises(CommandError, match="this was not it"):
        run("approve", "copy", "--reason", "Seen it", "--user", "adam")
    User.objects.filter(username="adam").update(is_active=True)
    assert run("approve", "copy", "--reason", "Seen it", "--user", "adam")["status"] == "approved"
    assert run("activate", "copy", "--reason", "Go")["status"] == "active"
    assert run("compare", "copy", text["version"])["pairs_changed"] == 0
    assert run("show", "copy")["thresholds"] == text["thresholds"]
    assert run("rollback", "--reason", "Back")["version"] == text["version"]
    assert [row["status"] for row in run("list")["versions"]] == ["active", "superseded"]
    failed = AuditEvent.objects.filter(action="sign_in.failed")
    assert {event.actor_id for event in failed} == {"carla", "adam"}
