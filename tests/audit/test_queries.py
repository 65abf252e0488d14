"""The log is found again: by person, actor, action, message, correlation id and time, page by page."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from audit.actions import Action, Category
from audit.queries import AuditFilter, BadCursor, event_by_id, for_subject, last_checkpoint, log_state, page
from audit.record import record, record_many
from audit.seal import seal
from tests.audit.conftest import as_role, entry_of, write

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def numbers(**wanted: object) -> list[int]:
    return [logged.event.message_id for logged in page(AuditFilter(**wanted)).events]


@pytest.mark.usefixtures("events")
def test_pages_go_from_the_newest_to_the_oldest_without_a_gap_or_repeat() -> None:
    record_many(entry_of(number, recorded_at=NOON + timedelta(seconds=number // 4)) for number in range(23))
    seen, cursor = [], None
    while True:
        found = page(AuditFilter(), cursor, size=5)
        seen += [logged.event.message_id for logged in found.events]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert seen == list(range(22, -1, -1))


@pytest.mark.usefixtures("events")
def test_a_full_last_page_has_no_next() -> None:
    record_many(entry_of(number) for number in range(5))
    assert page(AuditFilter(), size=5).next_cursor is None


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("cursor", ["x", "é", "MjAyNi0wMS0zMQ==", "fDE=", "MDAwMS0wMS0wMVQwMDowMDowMCsyMzowMHwx"])
def test_a_cursor_of_someone_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        page(AuditFilter(), cursor)


@pytest.mark.usefixtures("events")
def test_a_person_is_found_under_every_number_it_ever_had() -> None:
    record(entry_of(1, subject_id="E1", related=()))
    record(entry_of(2, subject_id="E2", related=()))
    record(entry_of(3, action=Action.GOLDEN_MERGED, subject_id="E1", related=(("golden_record", "E2"),)))
    record(entry_of(4, subject_id="E3", related=()))
    assert numbers(subjects=(("golden_record", "E2"),)) == [3, 2]
    assert numbers(subjects=(("golden_record", "E1"), ("golden_record", "E2"))) == [3, 2, 1]
    assert len(for_subject("golden_record", ("E1", "E2")).events) == 3
    assert numbers(subjects=(("source_record", "E2"),)) == []


@pytest.mark.usefixtures("events")
def test_every_filter_narrows() -> None:
    act = uuid.uuid4()
    record(entry_of(1, actor_id="user:7", recorded_at=NOON))
    record(entry_of(2, action=Action.PERSON_READ, recorded_at=NOON + timedelta(hours=1)))
    record(entry_of(3, action=Action.ACCESS_REFUSED, outcome="refused", recorded_at=NOON + timedelta(hours=2)))
    record(entry_of(4, correlation_id=act, recorded_at=NOON + timedelta(hours=3)))
    assert numbers(actor_id="user:7") == [1]
    assert numbers(action="person.read") == [2]
    assert numbers(category=Category.READ) == [2]
    assert numbers(outcome="refused") == [3]
    assert numbers(correlation_id=act) == [4]
    assert numbers(message_id=3) == [3]
    assert numbers(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3)) == [3, 2]
    assert numbers(actor_id="user:7", action="person.read") == []
    assert numbers(message_id=2**80) == numbers(action="a\x00b") == numbers(actor_id="\x00") == []


@pytest.mark.usefixtures("events")
def test_a_page_takes_two_queries(django_assert_num_queries) -> None:
    record_many(entry_of(number) for number in range(30))
    with django_assert_num_queries(2):
        page(AuditFilter(), size=20)


@pytest.mark.usefixtures("events")
def test_the_search_by_person_uses_its_index() -> None:
    record_many(entry_of(number) for number in range(50))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM audit_event WHERE subjects && ARRAY['golden_record:E000007']")
        assert "audit_event_subjects" in str(cursor.fetchall())


def test_an_event_says_its_words_and_its_place_in_the_log(log) -> None:
    write(2)
    seal()
    (late,) = write(1, start=7)
    newest, *rest = page(AuditFilter()).events
    assert (newest.event.event_id, newest.seq, newest.words) == (late, None, "Source record linked")
    assert [logged.seq for logged in rest] == [1, 0]
    assert event_by_id(rest[0].event.event_id) == rest[0]
    assert event_by_id(uuid.uuid4()) is None


def test_the_state_of_the_log_is_told(log) -> None:
    assert (log_state().events, log_state().last_checkpoint) == (0, None)
    write(3)
    seal()
    write(2)
    state = log_state()
    assert (state.events, state.sealed, state.pending) == (5, 3, 2)
    assert 0 <= state.oldest_pending_age_s < 60
    assert state.last_checkpoint == last_checkpoint()
    assert state.last_checkpoint.size == 3
    assert (state.roles_enforced, state.triggers_enabled) == (True, True)
    with as_role(None):
        assert not log_state().roles_enforced


def test_a_guard_that_is_off_is_told(log) -> None:
    with as_role(None), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        assert not log_state().triggers_enabled
        cursor.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_append_only")
    assert log_state().triggers_enabled
