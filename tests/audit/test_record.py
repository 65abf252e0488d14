"""Events are written with the act, as told, and never changed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import ProgrammingError, connection, transaction

from audit.actions import Action
from audit.models import AuditEvent, PendingEvent
from audit.record import COPY_STATEMENT, NotInTransaction, copy_row, entry_by, fitted, record, record_many
from audit.roles import APP_ROLE, SEALER_ROLE, apply_roles, roles_enforced
from audit.uuid7 import uuid7
from tests.audit.conftest import SEALED_TABLES, as_role, entry_of, write

WHO = SimpleNamespace(
    kind="user",
    id="user:7",
    name="Ada",
    source="web",
    purpose="TREAT",
    network_address=None,
    correlation_id=uuid.uuid4(),
)


@pytest.mark.usefixtures("events")
def test_an_event_holds_what_the_act_said() -> None:
    moment = datetime(2026, 1, 31, 8, 5, tzinfo=UTC)
    event_id = record(
        entry_by(
            WHO,
            Action.GOLDEN_MERGED,
            subject=("golden_record", "E1"),
            related=(("golden_record", "E2"), ("golden_record", "E1")),
            reason_code="same-person",
            reason_text="Same passport.",
            before={"status": "confirmed"},
            after={"status": "merged"},
            recorded_at=moment,
        )
    )
    event = AuditEvent.objects.get(event_id=event_id)
    assert (event.action, event.actor_id, event.source, event.purpose) == ("golden.merged", "user:7", "web", "TREAT")
    assert event.subjects == ["golden_record:E1", "golden_record:E2"]
    assert (event.before, event.after, event.detail) == ({"status": "confirmed"}, {"status": "merged"}, {})
    assert (event.recorded_at, event.correlation_id, len(event.salt)) == (moment, WHO.correlation_id, 32)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("many", [1, 3, 100])
def test_many_events_are_written_in_their_order_and_all_pending(many: int) -> None:
    ids = record_many(entry_of(number) for number in range(many))
    stored = AuditEvent.objects.filter(event_id__in=ids).order_by("id")
    assert [event.event_id for event in stored] == list(ids)
    assert set(PendingEvent.objects.values_list("event_uuid", flat=True)) >= set(ids)
    assert len({bytes(event.salt) for event in stored}) == many


@pytest.mark.usefixtures("events")
def test_the_time_not_told_is_the_time_of_the_transaction() -> None:
    record_many([entry_of(1), entry_of(2)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE recorded_at = now()")
        assert cursor.fetchone() == (2,)


@pytest.mark.usefixtures("events")
def test_rows_by_copy_are_the_same_and_are_noted_for_the_sealer() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    entry = entry_of(5, detail={"text": "a\x00b"}, actor_name="c\x00d")
    with connection.cursor() as cursor, cursor.copy(COPY_STATEMENT) as copy:
        copy.write_row(copy_row(entry, recorded_at=moment))
    event = AuditEvent.objects.get(event_id=entry.event_id)
    assert (event.after, event.detail, event.actor_name) == (entry.after, {"text": "a\ufffdb"}, "c\ufffdd")
    assert (event.subjects, event.recorded_at) == (["golden_record:E000005", "source_record:HOSP|5"], moment)
    assert PendingEvent.objects.filter(event=event.pk, event_uuid=entry.event_id).exists()


@pytest.mark.usefixtures("events")
def test_hostile_text_is_recorded_instead_of_failing() -> None:
    record(entry_of(1, subject_id="\ud800\x00" + "x" * 100_000, detail={"query\x00": ["\udfff", 2**90, float("nan")]}))
    event = AuditEvent.objects.get()
    assert len(event.subject_id) < 600
    assert event.detail == {"query\ufffd": ["?", str(2**90), None]}


def test_a_long_text_is_cut_but_still_told_from_others() -> None:
    assert fitted("x" * 500) == "x" * 500
    assert fitted("x" * 600) == fitted("x" * 600) != fitted("x" * 601)


def test_event_ids_are_uuid_version_7_and_ascend() -> None:
    first = uuid7()
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert uuid7().int >> 80 >= first.int >> 80


def test_an_event_outside_a_transaction_is_refused(log) -> None:
    with pytest.raises(NotInTransaction):
        record(entry_of(1))
    assert not AuditEvent.objects.exists()


def test_an_event_vanishes_with_the_act_it_speaks_of(log) -> None:
    with transaction.atomic():
        record(entry_of(1))
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
    assert not PendingEvent.objects.exists()


CHANGES = [
    *(f"DELETE FROM {table}" for table in SEALED_TABLES),
    *(f"TRUNCATE {table}" for table in SEALED_TABLES),
    "UPDATE audit_event SET actor_name = 'nobody'",
    "UPDATE audit_sealed_entry SET seq = seq + 1",
    "UPDATE audit_tree_node SET hash = ''",
    "UPDATE audit_checkpoint SET size = 0",
]


@pytest.mark.parametrize(("role", "words"), [(None, "append-only"), (APP_ROLE, "denied"), (SEALER_ROLE, "denied")])
def test_nobody_can_change_the_log(log, role: str | None, words: str) -> None:
    write(1)
    with as_role(role), connection.cursor() as cursor:
        for sql in CHANGES:
            with pytest.raises(ProgrammingError, match=words):
                cursor.execute(sql)
    assert AuditEvent.objects.count() == 1


def test_the_guards_fire_even_when_ordinary_triggers_are_switched_off(log) -> None:
    write(1)
    with as_role(None), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("only a superuser may set session_replication_role")
        cursor.execute("SET session_replication_role = replica")
        with pytest.raises(ProgrammingError, match="append-only"):
            cursor.execute("DELETE FROM audit_event")
        cursor.execute("SET session_replication_role = DEFAULT")


def test_the_application_cannot_do_the_sealers_work(log) -> None:
    write(1)
    with connection.cursor() as cursor:
        for sql in (
            "DELETE FROM audit_pending_event",
            "INSERT INTO audit_pending_event (event, event_uuid) VALUES (1, gen_random_uuid())",
            "INSERT INTO audit_sealed_entry (seq, event, event_uuid, leaf) VALUES (0, 1, gen_random_uuid(), '')",
            "INSERT INTO audit_checkpoint (size, root, signed_at, note) VALUES (1, '', now(), '')",
            "CREATE TEMP TABLE mine (id bigint, event_id uuid); CREATE TRIGGER forge AFTER INSERT ON mine "
            "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION audit_note_pending()",
        ):
            with pytest.raises(ProgrammingError, match="denied"):
                cursor.execute(sql)
    assert PendingEvent.objects.count() == 1


def test_roles_can_be_put_in_place_again_and_are_seen_to_be_enforced(log) -> None:
    assert roles_enforced()
    with as_role(None):
        apply_roles()
        assert not roles_enforced()
    assert roles_enforced()
