"""The supervisor's page: every figure against a small desk whose answers are known, its plot, its table, its CSV."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action
from mpi.commands import Actor
from mpi.models import IdentityTask, PotentialMatch, SourceRecord
from mpi.services.merge import merge_golden_records
from mpi.services.upsert import upsert_record
from mpi.tasks import count_duplicates
from review.desk import desk
from review.models import BlindAnswer, Claim, Outcome, ReviewDecision
from review.queries.metrics import PERIODS, period
from review.services.claim import claim
from review.services.decide import decide
from review.services.undo import undo
from tests.review.conftest import Tell, Token, audited, patient, plain, sign_in

pytestmark = pytest.mark.django_db

FIGURES = (
    "open", "trend", "answers", "waiting", "reviewers", "overturned", "agreement", "disagreements", "answer-pairs",
    "duplicates", "registrars",
)  # fmt: skip


@pytest.fixture
def susan(db: None) -> Client:
    return sign_in("susan", "supervisor", "Susan Marsh")


@pytest.fixture
def read_twice(town: Callable[[int], None], twins: PotentialMatch) -> list[PotentialMatch]:
    """Seven tasks read by Stefan, then by Sonja: they agree on five; Petra settles one of the other two."""
    town(6)
    tasks = list(PotentialMatch.objects.order_by("pk"))
    now = timezone.now()
    said = [("same", "same")] * 3 + [("different", "different")] * 2 + [("same", "different"), ("different", "same")]
    readers = (("stefan", "Stefan Weber"), ("sonja", "Sonja Lindqvist"))
    for task, answers in zip(tasks, said, strict=True):
        for number, ((user, name), outcome) in enumerate(zip(readers, answers, strict=True), 1):
            _read(task, number, user, name, outcome, now)
    _read(tasks[5], 3, "petra", "Petra Novak", "different", now)
    return tasks


def _read(task: PotentialMatch, number: int, user: str, name: str, outcome: str, now: object) -> None:
    BlindAnswer.objects.create(
        potential_match=task, task_version=task.version, round=number, user_id=user, user_name=name, outcome=outcome,
        decided_at=now, seconds=20, basis_hash=f"{task.pk}",
    )  # fmt: skip


def _rows(browser: Client, slug: str, **asked: object) -> list[dict[str, str]]:
    answer = browser.get(reverse("review-figure", args=[slug]), asked)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="desk-{slug}-')
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_only_a_supervisor_sees_the_desk(susan: Client, stefan: Client) -> None:
    for address in (reverse("supervisor"), reverse("review-figure", args=["open"])):
        assert stefan.get(address).status_code == 403
        assert susan.get(address).status_code == 200
    assert b"Desk" not in stefan.get(reverse("dashboard")).content


def test_an_empty_desk_says_what_will_appear(susan: Client) -> None:
    words = plain(susan.get(reverse("supervisor")).content.decode())
    for said in (
        "Nothing is open",
        "Nobody answered a task",
        "No task was answered by two people",
        "No record came new",
    ):
        assert said in words


def test_open_tasks_are_counted_by_type_age_and_target(
    susan: Client, town: Callable[[int], None], twins: PotentialMatch
) -> None:
    town(2)
    now = timezone.now()
    PotentialMatch.objects.filter(pk=twins.pk).update(opened_at=now - timedelta(days=11))
    IdentityTask.objects.create(
        type="overlay", source_record=SourceRecord.objects.first(), opened_at=now - timedelta(hours=20), reasons=[]
    )
    rows = {row["type"]: row for row in _rows(susan, "open")}
    overlap, overlay = rows["Overlap across sources"], rows["Suspected overlay"]
    assert [overlap[name] for name in ("open", "in_time", "due_soon", "over_target", "over_10_days")] == list("21011")
    assert (overlay["due_soon"], overlay["target_seconds"]) == ("1", "86400")
    assert rows["Duplicate in one source"]["in_time"] == "1"
    tiles = desk(period(30, now=timezone.now())).tiles
    assert (tiles.open, tiles.late) == (4, 1)


def test_answers_times_and_what_was_taken_back_by_reviewer(
    susan: Client, town: Callable[[int], None], token: Token, steward: Actor, second_steward: Actor
) -> None:
    town(3)
    tasks = list(PotentialMatch.objects.order_by("pk"))
    PotentialMatch.objects.update(opened_at=timezone.now() - timedelta(hours=3))
    given = []
    for task, actor in zip(tasks, (steward, steward, steward, second_steward), strict=True):
        claim(task=task.uuid, actor=actor)
        given.append(
            decide(
                task=task.uuid,
                outcome=Outcome.DIFFERENT,
                token=token(task),
                reason_code="twins",
                comment="",
                actor=actor,
            )
        )
    ReviewDecision.objects.update(seconds=30)
    undo(answer=given[0].decision, actor=second_steward)
    people = {row["reviewer"]: row for row in _rows(susan, "reviewers")}
    assert [people["Stefan"][name] for name in ("answers", "hours", "seconds_median")] == ["3", "1", "30.0000"]
    taken = {row["reviewer"]: row for row in _rows(susan, "overturned")}
    assert (taken["Stefan"]["overturned_count"], taken["Stefan"]["overturned_of"]) == ("1", "3")
    assert float(taken["Stefan"]["overturned_low"]) == pytest.approx(0.0615, abs=1e-4)  # Wilson, 1 of 3
    assert taken["Sonja"]["overturned_count"] == "0"
    waits = {row["type"]: row for row in _rows(susan, "waiting")}
    assert sum(int(row["claimed"]) for row in waits.values()) == 4
    assert all(abs(float(row["claim_median_seconds"]) - 3 * 3600) < 60 for row in waits.values())
    assert sum(int(row["in_time_of"]) for row in waits.values()) == 3, "the one undone is open again"
    by_day = _rows(susan, "answers", days=7)
    assert sum(int(row["different"]) for row in by_day) == 4
    assert len(by_day) == 8
    last = _rows(susan, "trend", days=7)[-1]
    assert (last["answered"], last["open_at_end"]) == ("3", "1")


def test_a_task_claimed_twice_waited_until_the_first_claim(
    susan: Client, twins: PotentialMatch, steward: Actor
) -> None:
    now = timezone.now()
    PotentialMatch.objects.update(opened_at=now - timedelta(hours=10))
    for hours in (8, 2):
        at = now - timedelta(hours=hours)
        end = at + timedelta(minutes=15)
        Claim.objects.create(potential_match=twins, user_id="x", user_name="X", taken_at=at, until=end, ended_at=end)
    (row,) = _rows(susan, "waiting")
    assert (row["claimed"], float(row["claim_median_seconds"])) == ("1", pytest.approx(2 * 3600, abs=5))


def test_agreement_per_reviewer_and_whom_the_third_upheld(susan: Client, read_twice: list[PotentialMatch]) -> None:
    rows = {row["reviewer"]: row for row in _rows(susan, "agreement")}
    everybody = rows["All together"]
    assert (everybody["agreed_count"], everybody["agreed_of"]) == ("5", "7")
    assert float(everybody["kappa"]) == pytest.approx((5 / 7 - 25 / 49) / (24 / 49), abs=1e-4)
    assert float(everybody["kappa_low"]) < float(everybody["kappa"]) < float(everybody["kappa_high"])
    assert (rows["Stefan Weber"]["upheld_count"], rows["Sonja Lindqvist"]["upheld_count"]) == ("0", "1")
    assert rows["Stefan Weber"]["upheld_of"] == "1"
    found = _rows(susan, "disagreements")
    assert {row["task"] for row in found} == {str(read_twice[5].uuid), str(read_twice[6].uuid)}
    assert {row["third_reviewer"] for row in found} == {"Petra Novak", "nobody yet"}
    page = susan.get(reverse("supervisor")).content.decode()
    assert reverse("review-task", args=[read_twice[5].uuid]) in page


def test_answers_that_were_taken_back_or_rest_on_other_evidence_are_no_pair(
    susan: Client, read_twice: list[PotentialMatch]
) -> None:
    BlindAnswer.objects.filter(potential_match=read_twice[0], round=2).update(overturned_at=timezone.now())
    BlindAnswer.objects.filter(potential_match=read_twice[1], round=2).update(basis_hash="another")
    rows = {row["reviewer"]: row for row in _rows(susan, "agreement")}
    assert rows["All together"]["agreed_of"] == "5"


def test_second_numbers_are_counted_by_source_and_registrar(
    susan: Client, tell: Tell, steward: Actor, writer: Actor
) -> None:
    def registered(system: str, mrn: str, registrar: str, **said: str) -> str:
        record = replace(patient(system, mrn, **said), registrar=registrar)
        done = upsert_record(record=record, source_time=None, actor=writer)
        return str(done.standing.euid)

    tell("LAB", "9", given="Abe", birth_date="1950-05-05", street="7 Oak", phone="")
    first = registered("GH", "1", "Ken Doyle")
    second = registered("GH", "2", "Lena Ortiz", given="Marjorie", ssn="")
    registered("CN", "3", "Lena Ortiz", birth_date="1980-01-01", given="Zoe", phone="", street="1 Elm")
    assert all(int(row["second_numbers_count"]) == 0 for row in _rows(susan, "duplicates"))
    merge_golden_records(
        survivor_euid=first, retired_euid=second, versions={}, reason_code="same-data", reason="", actor=steward
    )
    rows = {row["source_system"]: row for row in _rows(susan, "duplicates")}
    hospital = rows["General Hospital"]
    assert (hospital["second_numbers_count"], hospital["second_numbers_of"]) == ("1", "2")
    assert rows["Clinic North"]["second_numbers_count"] == "0"
    (registrar,) = _rows(susan, "registrars")
    assert (registrar["registrar"], registrar["second_numbers_of"]) == ("Lena Ortiz", "1")


def test_of_a_large_index_second_numbers_are_counted_by_the_hour(
    susan: Client, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr("review.queries.metrics_duplicates._LARGE", 0)
    tell("GH", "1")
    count_duplicates()
    tell("CN", "2")
    assert [row["source_system"] for row in _rows(susan, "duplicates")] == ["General Hospital"], "as it was counted"
    count_duplicates()
    assert len(_rows(susan, "duplicates")) == 2
    cache.clear()


def test_a_name_cannot_become_a_formula_and_every_export_is_written_down(
    susan: Client, read_twice: list[PotentialMatch]
) -> None:
    BlindAnswer.objects.filter(user_id="sonja").update(user_name="=HYPERLINK(1)")
    text = susan.get(reverse("review-figure", args=["agreement"])).content.decode()
    assert "'=HYPERLINK(1)" in text
    assert audited(Action.EXPORT_FIGURES, actor_id="susan") == 1
    assert susan.get(reverse("review-figure", args=["no-such"])).status_code == 404


@pytest.mark.parametrize("days", [*PERIODS, "x", "99999999999"])
def test_every_figure_is_a_plot_with_words_and_a_table_in_every_period(
    susan: Client, read_twice: list[PotentialMatch], days: object
) -> None:
    html = susan.get(reverse("supervisor"), {"days": days}).content.decode()
    for slug in FIGURES:
        assert f'id="{slug}"' in html
        assert f"supervisor/{slug}.csv" in html or slug not in {"open", "trend", "agreement", "disagreements"}
    plots = html.split('<svg class="plot')[1:]
    assert len(plots) >= 3
    for rest in plots:
        drawing = ET.fromstring('<svg class="plot' + rest.split("</svg>")[0] + "</svg>")
        assert drawing.attrib["role"] == "img"
        assert len(drawing.attrib["aria-label"]) > 10
        width = float(drawing.attrib["viewBox"].split()[2])
        for part in drawing.iter("rect"):
            assert 0 <= float(part.attrib["x"]) <= width - float(part.attrib["width"])


def test_no_query_more_for_more_answers(susan: Client, read_twice: list[PotentialMatch]) -> None:
    with CaptureQueriesContext(connection) as few:
        susan.get(reverse("supervisor"))
    task = read_twice[0]
    for number in range(12):
        name = f"Reader {number}"
        ReviewDecision.objects.create(
            potential_match=task, outcome="cannot-tell", user_id=name, user_name=name, decided_at=timezone.now(),
            seconds=9, task_version=1, basis_hash="", model_version="m", bits=0, probability=0.9,
        )  # fmt: skip
        Claim.objects.create(
            potential_match=read_twice[number % 7], user_id=str(uuid4()), user_name=name, taken_at=timezone.now(),
            until=timezone.now() + timedelta(minutes=1), ended_at=timezone.now(),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        susan.get(reverse("supervisor"))
    assert len(many) == len(few) <= 30
