"""The doors' way in: stored before all else, answered once, applied in its turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from audit.models import AuditEvent
from matching.records import Identifier, Name, PatientRecord
from mpi import vault
from mpi.commands import Actor
from mpi.errors import IdempotencyConflict, InvalidInput, NotFound, TooLarge, UnknownSystem
from mpi.models import InboundMessage, SourceRecord
from mpi.services.delete import delete_record
from mpi.services.ingest import MOST_ATTEMPTS, ingest
from mpi.services.receive import Draft, receive
from mpi.services.replay import replay_message
from mpi.services.sweep import sweep_inbox
from mpi.services.upsert import UpsertResult, upsert_record
from tests.services.telling import KATHERINE, MARCUS, owner, record_of, store, tell


def told(mrn: str = "1", **changed: object) -> PatientRecord:
    said = {
        "names": (Name(family="Oyelaran", given="Katherine"),),
        "birth_date": "1971-03-09",
        "identifiers": (Identifier("SSA", "536-22-8145", "SS"),),
    }
    return PatientRecord("HIS", mrn, **(said | changed))  # type: ignore[arg-type]


def upsert(actor: Actor, record: PatientRecord | None = None, **how: object) -> UpsertResult:
    return upsert_record(record=record or told(), source_time=None, actor=actor, **how)  # type: ignore[arg-type]


def test_an_upsert_answers_the_decision_and_is_audited_under_the_clients_name(his_client: Actor) -> None:
    result = upsert(his_client)
    assert (result.state, result.outcome, result.created, result.replayed) == ("applied", "created", True, False)
    assert result.standing is not None
    assert result.standing.euid == owner("HIS", "1").euid
    assert result.decision is not None
    assert result.decision["outcome"] == "new"
    entry = AuditEvent.objects.get(action="message.received")
    assert (entry.actor_id, entry.actor_kind, entry.subject_id) == ("his", "client", str(result.message_uuid))
    assert entry.correlation_id == AuditEvent.objects.get(action="record.created").correlation_id


def test_the_same_key_and_payload_answers_as_the_first_time(his_client: Actor) -> None:
    first = upsert(his_client, idempotency_key="a")
    again = upsert(his_client, idempotency_key="a")
    assert (again.replayed, again.message_uuid, again.outcome) == (True, first.message_uuid, "created")
    assert again.decision == first.decision
    assert InboundMessage.objects.count() == 1


def test_the_same_key_with_another_payload_is_refused_and_changes_nothing(his_client: Actor) -> None:
    upsert(his_client, idempotency_key="a")
    with pytest.raises(IdempotencyConflict):
        upsert(his_client, told(birth_date="1971-03-10"), idempotency_key="a")
    assert InboundMessage.objects.count() == 1


def test_the_same_key_of_another_client_or_after_the_window_is_another_message(
    his_client: Actor, system: Actor
) -> None:
    upsert(his_client, idempotency_key="a")
    assert not upsert(system, idempotency_key="a").replayed
    past = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_WINDOW_HOURS, minutes=1)
    InboundMessage.objects.update(received_at=past)
    assert not upsert(his_client, told(birth_date="1971-03-10"), idempotency_key="a").replayed


def test_a_repeat_finishes_what_the_first_left_undone(his_client: Actor) -> None:
    """The first caller's server died between the storing and the applying."""
    stored = upsert(his_client, idempotency_key="a", respond_async=True)
    assert stored.state == "received"
    again = upsert(his_client, idempotency_key="a")
    assert (again.replayed, again.state, again.outcome) == (True, "applied", "created")


def test_a_record_with_an_earlier_message_waiting_is_applied_after_it(his_client: Actor) -> None:
    upsert(his_client, told(birth_date="1971-03-08"), respond_async=True)
    result = upsert(his_client)
    assert (result.state, result.outcome) == ("applied", "updated")
    assert [row.told["birth_date"] for row in record_of("HIS", "1").history.order_by("history_id")] == [
        "1971-03-08",
        "1971-03-09",
    ]


def test_later_messages_of_a_record_never_overtake_an_earlier_one() -> None:
    first, second = store("HIS", "1", KATHERINE), store("HIS", "1", KATHERINE, phone="937-555-0199")
    assert ingest(message_ids=[second]) == {}
    assert not SourceRecord.objects.exists()
    assert ingest(message_ids=[first])[first].outcome == "created"
    assert ingest(message_ids=[second])[second].outcome == "updated"


@pytest.mark.parametrize("mrn", ["", "x" * 65])
def test_a_number_that_cannot_be_stored_is_rejected(his_client: Actor, mrn: str) -> None:
    with pytest.raises(InvalidInput):
        upsert(his_client, told(mrn))
    assert InboundMessage.objects.get().state == "rejected"
    assert not SourceRecord.objects.exists()


def test_an_unknown_system_and_too_many_bytes_are_refused_before_anything_is_stored(his_client: Actor) -> None:
    with pytest.raises(UnknownSystem):
        upsert_record(record=PatientRecord("NOWHERE", "1"), source_time=None, actor=his_client)
    with pytest.raises(TooLarge):
        receive(Draft("rest", b"x" * (settings.MESSAGE_MAX_BYTES + 1), "HIS", "1"), actor=his_client)
    assert not InboundMessage.objects.exists()


def test_deleting_keeps_the_reason_in_the_log(his_client: Actor) -> None:
    upsert(his_client)
    result = delete_record(system="HIS", mrn="1", reason="Registered by mistake", actor=his_client)
    assert result.outcome == "deleted"
    entry = AuditEvent.objects.filter(action="message.received").order_by("-id")[0]
    assert (entry.actor_id, entry.reason_text) == ("his", "Registered by mistake")
    with pytest.raises(NotFound):
        delete_record(system="HIS", mrn="2", reason="", actor=his_client)


def test_a_poison_message_stands_alone_and_is_dead_in_the_end() -> None:
    ids = [store("HIS", str(number), MARCUS, family_name=f"Name{number}") for number in range(5)]
    poison = InboundMessage.objects.get(pk=ids[2])
    InboundMessage.objects.filter(pk=poison.pk).update(payload=b"key\0not a ciphertext at all, certainly not")
    results = ingest(message_ids=ids)
    assert [results[pk].state for pk in ids] == ["applied", "applied", "received", "applied", "applied"]
    for _ in range(MOST_ATTEMPTS):
        ingest(message_ids=[poison.pk])
    poison.refresh_from_db()
    assert (poison.state, poison.attempts) == ("dead", MOST_ATTEMPTS)
    assert "operator" in poison.errors[0]["mend"]


def test_a_dead_letter_is_replayed_once_it_is_mended(steward: Actor) -> None:
    message_id = store("NOWHERE", "1", KATHERINE)
    ingest(message_ids=[message_id])
    message = InboundMessage.objects.get(pk=message_id)
    assert message.state == "rejected"
    payload = vault.encrypt(
        vault.decrypt(message.payload, field="message", record=str(message.uuid)).replace(b"NOWHERE", b"HIS"),
        field="message",
        record=str(message.uuid),
    )
    InboundMessage.objects.filter(pk=message_id).update(payload=payload)
    replay_message(uuid=message.uuid, actor=steward)
    assert sweep_inbox(older_than_s=-60) == 1
    assert record_of("HIS", "1").version == 1
    assert AuditEvent.objects.filter(action="message.replayed", actor_id=steward.id).count() == 1


def test_the_sweep_applies_what_no_worker_was_told_of() -> None:
    ids = [store("HIS", str(number), KATHERINE) for number in range(3)]
    assert sweep_inbox(older_than_s=3_600) == 0
    assert sweep_inbox(older_than_s=-60) == len(ids)
    assert sweep_inbox(older_than_s=-60) == 0
    assert tell("HIS", "0", KATHERINE).outcome == "unchanged"
