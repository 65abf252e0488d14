"""Every type of task stands in one queue: in one order, page by page, in a steady number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from mpi.commands import Actor
from mpi.models import IdentityTask, PotentialMatch, PotentialMatchKind, SourceRecord, TaskType
from mpi.queries.navigation import open_kinds, open_review
from mpi.services.watch import watch_persons
from review.addresses import url_of
from review.queries.queue import QueueFilter, next_up, queue_page
from review.queries.queue_counts import counts
from review.queries.queue_types import KIND_WORDS, TARGETS, TASK_RISK
from review.services.claim import claim, claim_next
from review.services.set_aside import set_aside
from tests.review.conftest import ROBERT, Tell, plain

pytestmark = pytest.mark.django_db
ALL = QueueFilter()


FAMILIES = ("Bergmann", "Okafor", "Delacroix", "Silva", "Tanaka", "Novak", "Amundsen", "Castellano")


def pairs(tell: Tell, families: Sequence[str]) -> None:
    """Two brothers a family: a question each."""
    for family in families:
        number = FAMILIES.index(family)
        same = {"family": family, "street": f"{number + 2} {family} Road", "sex": "M", "postal_code": f"0{number}177"}
        same |= {"phone": f"2{number}75550{number}34", "birth_date": f"19{40 + number}-0{number + 1}-1{number}"}
        tell("GH", f"2{number}", given="Robert", **same)
        tell("GH" if number % 2 else "CN", f"3{number}", given="Roland", **same)


@pytest.fixture
def every_type(overlay: IdentityTask, tell: Tell) -> dict[str, IdentityTask]:
    """An overlay, a conflict, and the tasks about numbers; beside them pairs of either kind."""
    pairs(tell, FAMILIES[:2])
    tell("LAB", "C-1", **(ROBERT | {"given": "Ottoline", "family": "Krantz", "sex": "F", "birth_date": "2001-02-03",
                                    "street": "5 Quay", "city": "Erie", "phone": "8145550100"}))  # fmt: skip
    tell("CN", "C-2", **ROBERT)
    assert watch_persons(whole=True).opened == 1
    now = timezone.now()
    for kind in (TaskType.SOURCE_MERGE, TaskType.SOURCE_CORRECTION, TaskType.LARGE_PERSON):
        IdentityTask.objects.create(
            type=kind, source_record=overlay.source_record, reasons=["number_reused"], opened_at=now
        )
    return {task.type: task for task in IdentityTask.objects.all()}


def test_every_type_has_words_a_target_and_a_risk() -> None:
    types = {*TaskType.values, *PotentialMatchKind.values}
    assert set(KIND_WORDS) == set(TARGETS) == types
    assert set(TASK_RISK) == set(TaskType.values)


def test_the_riskiest_stands_first_whatever_its_type_and_pages_leave_nothing_out(
    every_type: dict[str, IdentityTask],
) -> None:
    whole = queue_page(ALL, user_id="stefan", now=timezone.now()).rows
    expected = [
        (-TASK_RISK[task.type], 0, task.pk, task.uuid) for task in IdentityTask.objects.filter(status="open")
    ] + [(-match.risk, 1, match.pk, match.uuid) for match in PotentialMatch.objects.filter(status="open")]
    assert [row.uuid for row in whole] == [uuid for *_, uuid in sorted(expected)]
    assert len(whole) == 7
    for size in (1, 2, 3):
        seen, after = [], ""
        while True:
            found = queue_page(ALL, user_id="stefan", now=timezone.now(), after=after, size=size)
            seen += [row.uuid for row in found.rows]
            after = found.after
            if not after:
                break
        assert seen == [row.uuid for row in whole]


def test_a_tie_of_risk_across_the_two_tables_is_no_gap(every_type: dict[str, IdentityTask]) -> None:
    PotentialMatch.objects.update(risk=TASK_RISK[TaskType.LARGE_PERSON])
    whole = [row.uuid for row in queue_page(ALL, user_id="stefan", now=timezone.now()).rows]
    seen, after = [], ""
    while True:
        found = queue_page(ALL, user_id="stefan", now=timezone.now(), after=after, size=1)
        seen += [row.uuid for row in found.rows]
        after = found.after
        if not after:
            break
    assert seen == whole


def test_counts_filters_and_permanent_addresses_hold_for_every_type(
    every_type: dict[str, IdentityTask], stefan: Client
) -> None:
    now = timezone.now()
    found = counts(user_id="stefan", now=now)
    for kind, task in every_type.items():
        assert found.of(kind).open == 1
        (row,) = queue_page(QueueFilter(kind=kind), user_id="stefan", now=now).rows
        assert (row.uuid, row.url) == (task.uuid, url_of(task))
        assert row.state.due_at == task.opened_at + TARGETS[kind]
        html = stefan.get(reverse("review-queue"), {"kind": kind}).content.decode()
        assert f'href="{url_of(task)}?kind={kind}"' in html
    assert found.open == sum(found.of(kind).open for kind in KIND_WORDS) == 7
    overdue = every_type[TaskType.IDENTIFIER_CONFLICT]
    IdentityTask.objects.filter(pk=overdue.pk).update(opened_at=now - timedelta(days=2, minutes=1))
    assert counts(user_id="stefan", now=now).of(TaskType.IDENTIFIER_CONFLICT).late == 1
    late = queue_page(QueueFilter(age="late"), user_id="stefan", now=now).rows
    assert [row.uuid for row in late] == [overdue.uuid]
    words = plain(stefan.get(reverse("review-queue")).content.decode())
    assert "▲ 1 over 2 days" in words


def test_next_goes_over_all_types_and_leaves_out_what_is_set_aside(
    every_type: dict[str, IdentityTask], steward: Actor, second_steward: Actor
) -> None:
    overlay, conflict = every_type[TaskType.OVERLAY], every_type[TaskType.IDENTIFIER_CONFLICT]
    now = timezone.now()
    ahead = next_up(ALL, user_id=steward.id, now=now)
    assert ahead is not None
    assert (ahead.uuid, ahead.kind) == (overlay.uuid, TaskType.OVERLAY)
    tomorrow = now + timedelta(days=1)
    set_aside(task=overlay.uuid, version=overlay.version, until=tomorrow, comment="", actor=steward)
    claim(task=conflict.uuid, actor=second_steward)
    taken = claim_next(wanted=ALL, actor=steward)
    assert taken is not None
    assert taken.kind == TaskType.SOURCE_MERGE
    desk = counts(user_id="", now=timezone.now())
    assert open_review() == desk.open == 6, "the navigation counts as the desk does"
    by_kind = {kind.title: kind.count for kind in open_kinds(timezone.now())}
    assert by_kind == {kind.words: kind.open for kind in desk.kinds if kind.open}, "and so does the dashboard"
    aside = queue_page(QueueFilter(show="aside"), user_id=steward.id, now=timezone.now()).rows
    assert [row.uuid for row in aside] == [overlay.uuid]
    IdentityTask.objects.filter(pk=overlay.pk).update(version=overlay.version + 1)
    assert next_up(QueueFilter(kind=TaskType.OVERLAY), user_id=steward.id, now=timezone.now()) is not None


def test_the_page_takes_the_same_queries_for_three_tasks_and_for_twelve(
    every_type: dict[str, IdentityTask], stefan: Client, tell: Tell
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            assert stefan.get(reverse("review-queue")).status_code == 200
        return len(found)

    few = cost()
    pairs(tell, FAMILIES[2:])
    held = [record.pk for record in SourceRecord.objects.exclude(pk=every_type["overlay"].source_record_id)[:6]]
    for pk in held:
        IdentityTask.objects.create(
            type=TaskType.SOURCE_MERGE, source_record_id=pk, reasons=["number_reused"], opened_at=timezone.now()
        )
    assert counts(user_id="stefan", now=timezone.now()).open >= 12
    assert cost() == few <= 22
