"""The model card answers the auditor's two questions from stored evaluations, and hides none behind another."""

from __future__ import annotations

import pytest
from django.urls import reverse

from matching.blocking import RULES
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.models import EvaluationRun, LinkageModelVersion
from mpi.queries.evaluation_figures import figures_of, made_by_others
from mpi.queries.key_words import KEY_WORDS
from mpi.queries.model_card import card_of
from mpi.queries.model_card_answers import deciding
from mpi.queries.model_card_blocks import markdown
from mpi.queries.model_card_evidence import stated_by_author
from mpi.services.evaluation import run_evaluation, start_evaluation
from mpi.services.evaluation_truth import Truth
from tests.services.models import approved, changed

pytestmark = pytest.mark.django_db

WHOLE = Truth("ab" * 32, {("GENHOSP", "GH-4711"): 0, ("CLINIC", "CN-0815"): 0, ("GENHOSP", "GH-9999"): 1})
PART = Truth("cd" * 32, {("GENHOSP", "GH-9999"): 0})


@pytest.fixture
def adam() -> Actor:
    return Actor(kind="user", id="adam", name="Adam", permissions=ROLES["administrator"], source="web")


def evaluated(actor, truth: Truth | None = WHOLE, version: str = "") -> EvaluationRun:
    version_id = LinkageModelVersion.objects.get(name=version).pk if version else None
    request = start_evaluation(actor=actor, truth=truth, truth_name="truth.csv", version_id=version_id, by_worker=False)
    run = run_evaluation(request.pk)
    assert run is not None
    return run


def answers(name: str = "") -> str:
    text = markdown(card_of(name))
    return text[text.index("## Two questions") : text.index("## Algorithm")]


def test_without_an_evaluation_the_card_says_that_nothing_is_known_and_what_to_do() -> None:
    told = answers()
    assert "### Why were these two joined?" in told
    assert "### How do you know that the thresholds are right?" in told
    assert "Not known here yet" in told
    assert "manage.py evaluate --truth FILE" in told


def test_the_answers_are_the_figures_of_the_run_with_intervals(people, auditor) -> None:
    run = evaluated(auditor)
    told = answers()
    share = run.figures["pairs"]["bands"]["certain"]["one_person"]
    assert f"{share['hits']:,} of {share['of']:,}" in told
    assert "0 false merges in 3 records: 0 per million (0 to " in told
    assert "3 of 3 records with a known person, 2 people (SHA-256 abababababababab…)" in told
    assert "No threshold down to 80 % would have linked more" in told
    assert "no tenth of them holds 200 judged pairs" in told
    assert "Stewards have not decided" not in told, "no evaluation by decisions was asked for"
    evaluated(auditor, None)
    assert "Stewards have not decided on anything yet" in answers()


def test_a_small_new_truth_hides_no_large_one_and_a_repeated_one_stands_once(people, auditor) -> None:
    old, whole, part = evaluated(auditor), evaluated(auditor), evaluated(auditor, PART)
    text = markdown(card_of())
    assert str(whole.uuid) in text
    assert str(part.uuid) in text
    assert str(old.uuid) not in text, "the newest against one truth file"
    assert "3 of 3 records with a known person" in answers(), "the larger truth answers"
    known = tuple((run, figures_of(run)) for run in (whole, part))
    assert [run.pk for run, _ in deciding(known)] == [whole.pk]


def test_what_nobody_can_know_is_not_told_as_one(people, auditor) -> None:
    run = evaluated(auditor, PART)
    measures = {measure.name: measure for measure in figures_of(run).measures}
    assert measures["Pairwise F1"].value is None, "no pair of the truth, so no F1"
    assert measures["F1 after review"].value is None
    text = markdown(card_of())
    assert "| Pairwise F1 (harmonic mean of the two) | not known |" in text
    assert "(; )" not in text


def test_persons_made_under_another_version_are_not_credited_to_this_one(
    people, auditor, supervisor, adam, sign_in
) -> None:
    mine = evaluated(auditor)
    assert made_by_others(mine, figures_of(mine)) == ""
    name = approved(changed("newer"), supervisor, adam)
    other = evaluated(auditor, version=name)
    told = made_by_others(other, figures_of(other))
    assert f"0 were made under newer, 1 under {mine.model_version.name}" in told
    assert told in " ".join(answers(name).split())
    page = sign_in("compliance officer").get(reverse("evaluation-run", args=[other.uuid])).content.decode()
    assert "not the work of this version alone" in page


def test_every_blocking_rule_has_words() -> None:
    assert set(KEY_WORDS) == set(RULES)


def test_figures_of_several_sets_that_an_author_states_stand_in_one_table() -> None:
    told = {
        "FEBRL 1": {"one by one": {"recall": 0.9, "false_merges": 0}},
        "FEBRL 2": {"one by one": {"recall": 0.95, "false_merges": 1}},
        "levels_by_origin": {"splink": 70, "hand": 5},
        "note": "by hand",
    }
    table, rest = stated_by_author(told)
    assert table.headers == ("Data", "recall", "false merges")
    assert table.rows == (("FEBRL 1, one by one", "0.9", "0"), ("FEBRL 2, one by one", "0.95", "1"))
    assert dict(rest.rows) == {"levels by origin, splink": "70", "levels by origin, hand": "5", "note": "by hand"}
