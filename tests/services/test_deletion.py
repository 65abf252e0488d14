"""Deletion by the source: soft, its link ends, and what comes after it."""

from __future__ import annotations

from audit.models import AuditEvent
from mpi.models import (
    BlockingKey,
    Link,
    OutboxEvent,
    PotentialMatch,
    SourceRecord,
)
from tests.services.telling import (
    KATHERINE,
    MARGARET,
    MARJORIE,
    link_of,
    owner,
    record_of,
    take_back,
    tell,
)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_deleted_record_leaves_its_golden_record_and_is_found_no_more() -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "7", KATHERINE)
    assert take_back("LAB", "7").outcome == "deleted"
    assert not Link.objects.filter(source_record=record_of("LAB", "7"), ended_at__isnull=True).exists()
    assert not BlockingKey.objects.filter(source_record=record_of("LAB", "7")).exists()
    golden = owner("HIS", "1")
    assert (golden.member_count, golden.status) == (1, "provisional")
    assert link_of("HIS", "1").golden_record == golden
    event = AuditEvent.objects.get(action="record.deleted")
    assert f"golden_record:{golden.euid}" in event.subjects


def test_pain_06_an_empty_golden_record_is_retired_and_its_questions_close() -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    golden = owner("LAB", "2")
    take_back("LAB", "2")
    golden.refresh_from_db()
    assert (golden.status, golden.member_count) == ("retired", 0)
    assert not PotentialMatch.objects.filter(status="open").exists()
    assert actions().count("golden.retired") == 1
    assert "golden.retired" in OutboxEvent.objects.values_list("type", flat=True)


def test_a_deleted_record_that_is_told_again_is_found_again() -> None:
    tell("HIS", "1", KATHERINE)
    keys = set(BlockingKey.objects.values_list("key", flat=True))
    take_back("HIS", "1")
    assert tell("HIS", "1", KATHERINE).outcome == "updated"
    assert set(BlockingKey.objects.values_list("key", flat=True)) == keys
    tell("LAB", "7", KATHERINE)
    assert owner("LAB", "7") == owner("HIS", "1")


def test_deleting_what_is_not_there_changes_nothing() -> None:
    assert take_back("HIS", "nobody").outcome == "unchanged"
    assert not SourceRecord.objects.exists()
