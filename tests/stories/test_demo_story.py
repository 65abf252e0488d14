"""The month that the demonstration shows: made through the services, sound, and something on every page."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.management import demo
from mpi.management.demo_story import story, tell_story
from mpi.models import (
    GoldenOverride,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Link,
    PotentialMatch,
    Proposal,
    Registration,
    Relationship,
    SourceRecord,
    TaskType,
    VipMark,
)
from mpi.queries.invariants import check_index
from review.desk import desk
from review.models import Assignment, Claim, Deferral, Note, SavedView
from review.queries.metrics import period

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_the_story_fills_every_page_and_is_sound(tmp_path: Path, system: Actor, settings: Any) -> None:
    settings.SECOND_PERSON = settings.SECOND_PERSON_OF_THE_PRODUCT
    demo.sign_ins(system)
    told: list[int] = []
    steps = tell_story(tmp_path, actor=system, advance=told.append)
    assert len(told) == steps == len(story(timezone.now()))
    assert tell_story(tmp_path, actor=system, advance=told.append) == 0, "what was told is not told again"

    open_tasks = Counter(PotentialMatch.objects.filter(status="open").values_list("kind", flat=True))
    open_tasks += Counter(IdentityTask.objects.filter(status="open").values_list("type", flat=True))
    assert set(open_tasks) == {"duplicate", "overlap", *TaskType.values}, "each type of task waits somewhere"
    assert {"overlay-split", "same-person"} == set(Proposal.objects.values_list("act", flat=True))
    assert set(Proposal.objects.values_list("state", flat=True)) == {"open", "approved", "rejected"}
    kinds = set(IdentityEvent.objects.values_list("kind", flat=True))
    assert {"merge", "unmerge", "undo", "relate", "override", "overlay-accept", "overlay-reject"} <= kinds
    filled = (VipMark, Relationship, Registration, GoldenOverride, Assignment, Deferral, Note, SavedView)
    assert all(model.objects.exists() for model in filled)
    assert Claim.objects.filter(ended_at=None).exists()

    found = desk(period(30, now=timezone.now()))
    assert found.tiles.late > 3
    assert found.tiles.overturned.hits >= 3
    assert found.tiles.second_numbers.hits > 20
    rows = {figure.slug: figure.rows for figure in found.figures}
    assert len(rows["reviewers"]) == 3
    assert rows["registrars"]
    assert found.tiles.agreement.pairs >= 30
    assert found.tiles.agreement.interval
    assert 0.3 < found.tiles.agreement.kappa < 0.9
    assert len(rows["disagreements"]) == 8
    assert {row[-1] for row in rows["disagreements"]} == {"same person", "different people", "open"}

    report = check_index()
    assert not [one for one in report.checked if one.looked.faults], "what is told of the past holds together"


def test_the_story_is_told_once_goes_on_where_it_was_cut_off_and_lies_in_the_past(
    tmp_path: Path, system: Actor
) -> None:
    demo.sign_ins(system)

    class CutOff(Exception):
        pass

    told: list[int] = []

    def cut_off(count: int) -> None:
        told.append(count)
        if len(told) == 6:
            raise CutOff

    began = timezone.now()
    with pytest.raises(CutOff):
        tell_story(tmp_path, actor=system, advance=cut_off)
    records = SourceRecord.objects.count()
    assert records
    for link in Link.objects.select_related("opened_by_event", "source_record"):
        assert link.opened_at == link.opened_by_event.recorded_at == link.source_record.recorded_at
        assert link.opened_at < began - timedelta(days=24)
    assert not InboundMessage.objects.filter(received_at__gt=began - timedelta(days=24)).exists()
    assert not AuditEvent.objects.filter(action="link.opened", recorded_at__gt=began - timedelta(days=24)).exists()
    told.clear()
    with pytest.raises(CutOff):
        tell_story(tmp_path, actor=system, advance=cut_off)
    assert SourceRecord.objects.count() > records
    assert json.loads((tmp_path / "story.json").read_text())["done"] == 12, "it went on where it was"
