"""Evaluation pages and the model card: who sees them, what they say, what they refuse, and that nobody is named."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

from audit.models import AuditEvent
from matching.model_document import from_document
from mpi.models import EvaluationRequest, EvaluationRun, Job, LinkageModelVersion, TruthFile
from mpi.queries.model_card import card_of
from mpi.queries.model_card_blocks import bits, markdown, number
from mpi.services.evaluation import run_evaluation, start_evaluation
from mpi.services.evaluation_truth import Truth

pytestmark = pytest.mark.django_db

TRUTH = Truth("ab" * 32, {("GENHOSP", "GH-4711"): 0, ("CLINIC", "CN-0815"): 0, ("GENHOSP", "GH-9999"): 1})
FILE = b"source_system,mrn,person_id\nGENHOSP,GH-4711,a\nCLINIC,CN-0815,a\nGENHOSP,GH-9999,b\n"
MAY = {"supervisor": True, "compliance officer": True, "administrator": True, "steward": False, "clerk": False}


def evaluated(actor, truth: Truth | None = TRUTH) -> EvaluationRun:
    request = start_evaluation(actor=actor, truth=truth, truth_name="truth.csv", by_worker=False)
    run = run_evaluation(request.pk)
    assert run is not None
    return run


def addresses(run: EvaluationRun, other: EvaluationRun) -> list[str]:
    compare = f"{reverse('evaluation-compare')}?a={run.uuid}&b={other.uuid}"
    return [reverse("evaluation"), reverse("evaluation-run", args=[run.uuid]), compare]


@pytest.mark.parametrize("role", MAY)
def test_supervisor_compliance_and_administrator_see_evaluations_and_nobody_else(
    people, auditor, sign_in, role
) -> None:
    run, other = evaluated(auditor), evaluated(auditor, None)
    browser = sign_in(role)
    for address in addresses(run, other):
        assert browser.get(address).status_code == (200 if MAY[role] else 403), address
    answer = browser.post(reverse("evaluation-start"), {"source": "decisions"})
    assert answer.status_code == (302 if MAY[role] else 403)


def test_pages_carry_no_value_of_a_patient(people, auditor, sign_in) -> None:
    run, other = evaluated(auditor), evaluated(auditor, None)
    browser = sign_in("administrator")
    card = reverse("model-card", args=[run.model_version.name])
    for address in [*addresses(run, other), card, reverse("model-card-markdown", args=[run.model_version.name])]:
        text = browser.get(address).content.decode()
        for value in ("HOLLOWAY", "Holloway", "Margaret", "8801", "GH-4711", "CN-0815", "Orchard"):
            assert value not in text, (address, value)


def test_each_plot_has_its_words_and_a_table(people, auditor, sign_in) -> None:
    text = sign_in("supervisor").get(reverse("evaluation-run", args=[evaluated(auditor).uuid])).content.decode()
    assert re.search(r'role="img" aria-label="Stated against observed: [^"]*pairs', text)
    assert re.search(r'role="img" aria-label="Pairs by match weight: [^"]*one person', text)
    for caption in ("Stated against observed", "Pairs by match weight", "Precision of each band", "Pairs held by each"):
        assert f'<caption class="sr">{caption}' in text


def test_an_empty_page_says_what_will_be_there_and_how(sign_in) -> None:
    text = sign_in("compliance officer").get(reverse("evaluation")).content.decode()
    assert "No evaluation yet" in text
    assert "Evaluate against decisions" in text


def test_decisions_are_told_to_be_no_sample_in_numbers(people, auditor, sign_in) -> None:
    run = evaluated(auditor, None)
    text = sign_in("compliance officer").get(reverse("evaluation-run", args=[run.uuid])).content.decode()
    assert "Decisions are no random sample" in text
    assert "0 decisions stand" in text
    assert re.search(r"Of \d+ automatic links 0 were judged by a person", re.sub(r"\s+", " ", text))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("automatic=0.97", "Links by itself over 97 %"),
        ("automatic=0.95&review=0.75", "own thresholds"),
        ("automatic=0.9&review=0.6", "more automatic links"),
        ("automatic=0.5&review=0.6", "must be lower than the automatic one"),
        ("automatic=much", "Enter a number"),
        ("automatic=7", "less than or equal"),
    ],
)
def test_the_explorer_answers_a_plain_form(people, auditor, sign_in, asked, said) -> None:
    evaluated(auditor)
    answer = sign_in("supervisor").get(f"{reverse('evaluation')}?{asked}")
    assert answer.status_code == 200
    assert said in re.sub(r"\s+", " ", answer.content.decode().replace("&#x27;", "'"))


def test_an_uploaded_truth_starts_an_evaluation_and_is_kept_as_ids(people, sign_in) -> None:
    browser = sign_in("compliance officer")
    answer = browser.post(reverse("evaluation-start"), {"truth": SimpleUploadedFile("truth.csv", FILE)})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("evaluation"))
    request = EvaluationRequest.objects.get()
    assert (request.truth.matched, request.truth.people) == (3, 2)
    assert b"GH-4711" not in bytes(request.truth.mapping)
    assert "Waiting for a worker" in browser.get(reverse("evaluation")).content.decode()
    run_evaluation(request.pk)
    assert "Pairwise precision" in browser.get(reverse("evaluation")).content.decode()


REFUSED = {
    "no file": (None, 422, "Choose a file"),
    "an empty file": (b"", 422, "The file is empty"),
    "a bad line": (FILE + b"CLINIC,SECRET\n", 400, "has 2 values"),
    "another table": (b"name,born\nSECRET,1970\n", 400, "no truth file has"),
    "binary": (b"source_system,mrn,person_id\n\0SECRET,a,b\n", 400, "NUL byte"),
    "records of another index": (b"source_system,mrn,person_id\nA,B,SECRET\n", 422, "name no record of the index"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_upload_is_refused_and_changes_nothing(people, sign_in, name) -> None:
    content, status, words = REFUSED[name]
    sent = {} if content is None else {"truth": SimpleUploadedFile("truth.csv", content)}
    answer = sign_in("supervisor").post(reverse("evaluation-start"), sent)
    text = answer.content.decode()
    assert answer.status_code == status
    assert words in text
    assert "SECRET" not in text
    assert not TruthFile.objects.exists()
    assert not Job.objects.filter(kind="evaluation").exists()


def test_a_bad_line_is_shown_with_line_and_column(people, sign_in) -> None:
    sent = {"truth": SimpleUploadedFile("truth.csv", FILE + b"CLINIC,9\n")}
    text = sign_in("supervisor").post(reverse("evaluation-start"), sent).content.decode()
    assert re.search(r'data-label="Line">5</td><td class="r num" data-label="Column">3</td>', text)


@pytest.mark.parametrize("asked", ["", "a=1&b=2", "a={one}&b={one}", "a={one}"])
def test_a_comparison_of_anything_but_two_runs_is_refused_in_words(people, auditor, sign_in, asked) -> None:
    run = evaluated(auditor)
    answer = sign_in("supervisor").get(f"{reverse('evaluation-compare')}?{asked.format(one=run.uuid)}")
    assert answer.status_code == 422
    assert "Please mend this first" in answer.content.decode()


def test_an_unknown_run_is_not_found(people, sign_in) -> None:
    address = reverse("evaluation-run", args=["00000000-0000-4000-8000-000000000000"])
    assert sign_in("supervisor").get(address).status_code == 404


@pytest.mark.parametrize("name", ["evaluation", "evaluation-compare"])
def test_looking_needs_no_more_queries_with_more_runs(
    people, auditor, sign_in, name, django_assert_max_num_queries
) -> None:
    runs = [evaluated(auditor) for _ in range(4)]
    browser = sign_in("compliance officer")
    asked = f"?a={runs[0].uuid}&b={runs[1].uuid}" if name == "evaluation-compare" else ""
    with django_assert_max_num_queries(14):
        assert browser.get(reverse(name) + asked).status_code == 200


def test_the_card_prints_every_weight_and_threshold_of_the_document() -> None:
    version = LinkageModelVersion.objects.get(status="active")
    model = from_document(version.document)
    text = markdown(card_of())
    for comparison in model.comparisons:
        for level in comparison.levels[1:]:
            assert f"| {number(level.m)} | {number(level.u)} | {bits(level.bits)} | {level.origin} |" in text
    for told in (version.content_hash, version.author, version.approver, bits(model.automatic_bits)):
        assert told in text
    assert "No evaluation of this version is stored" in text


def test_the_card_prints_the_newest_evaluations(people, auditor) -> None:
    run = evaluated(auditor)
    text = markdown(card_of())
    assert str(run.uuid) in text
    assert run.data_fingerprint in text
    precision = run.figures["persons"]["precision"]
    assert f"{precision['hits']:,} of {precision['of']:,}" in text


def test_text_of_a_document_is_no_markup_in_the_card() -> None:
    version = LinkageModelVersion.objects.get(status="active")
    document = {**version.document, "justification": "<b>x</b> | *y* [z](http://z)\n# big", "version": "2"}
    document.pop("content_hash")
    model = from_document(document)
    LinkageModelVersion.objects.create(
        name="2",
        content_hash=model.content_hash,
        document={**document, "content_hash": model.content_hash},
        justification=model.justification,
        author="Ann",
        author_id="ann",
        created_at=version.created_at,
    )
    text = markdown(card_of("2"))
    assert r"\<b\>x\</b\> | \*y\* \[z\](http://z) # big" in text
    assert "Compared with" in text


@pytest.mark.parametrize("role", ["steward", "supervisor", "compliance officer", "administrator"])
def test_the_card_can_be_read_and_taken_along_by_who_may_see_models(sign_in, role) -> None:
    name = LinkageModelVersion.objects.get(status="active").name
    browser = sign_in(role)
    assert browser.get(reverse("model-card", args=[name])).status_code == 200
    answer = browser.get(reverse("model-card-markdown", args=[name]))
    assert answer.headers["Content-Type"].startswith("text/markdown")
    assert answer.content.decode().startswith(f"# Model card: {name}")
    event = AuditEvent.objects.get(action="export.model_card")
    assert event.subject_id == name


def test_a_clerk_sees_no_model_card(sign_in) -> None:
    name = LinkageModelVersion.objects.get(status="active").name
    browser = sign_in("clerk")
    assert browser.get(reverse("model-card", args=[name])).status_code == 403
    assert browser.get(reverse("model-card-markdown", args=[name])).status_code == 403


@override_settings(DEBUG=False)
def test_an_unknown_model_has_no_card(sign_in) -> None:
    assert sign_in("supervisor").get(reverse("model-card", args=["none"])).status_code == 404


def test_the_audit_log_leads_to_the_stored_decision(people, sign_in) -> None:
    browser = sign_in("compliance officer")
    event = AuditEvent.objects.filter(action="record.created").order_by("-pk").first()
    answer = browser.get(reverse("decision-of-message", args=[event.message_id]), follow=True)
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in ("The sum, line by line", "Found by the same", "Evidence in bits"):
        assert words in text
    assert "412558801" not in text
    assert AuditEvent.objects.filter(action="record.read", actor_id="compliance").exists()


def test_a_decision_is_shown_to_those_only_who_may_read_persons(people, sign_in) -> None:
    event = AuditEvent.objects.filter(action="record.created").first()
    address = reverse("decision-of-message", args=[event.message_id])
    assert sign_in("administrator").get(address, follow=True).status_code == 403
