"""Rows written by COPY or in a pipeline equal the rows of the plain ORM path, column by column."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import DataError, IntegrityError, connection, models, transaction

from mpi.commands import Actor
from mpi.euid import new_euid
from mpi.models import GoldenRecord, InboundMessage, OutboxEvent, SourceRecord, SourceSystem
from mpi.services import rows
from mpi.services.history import write_history
from mpi.services.rows import insert_rows, update_rows
from mpi.services.sequences import reserve_ids

NOW = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ODD = {"text": 'a "quoted"\tline\nbreak \\ é 漢', "number": 1.5, "empty": "", "none": None, "list": [1, "two", None]}


def record(pk: int) -> SourceRecord:
    return SourceRecord(
        id=pk,
        uuid=uuid4(),
        source_system_id=SourceSystem.objects.get(code="HIS").pk,
        mrn=f"MRN-{pk}\\N",
        version=3,
        told=ODD,
        standard={},
        ssn_cipher=b"\x00\x01\xff\\\n",
        ssn_index=b"\x02" * 32,
        standardiser="1",
        payload_hash=b"\xff" * 32,
        settings_hash="h",
        effective_at=None,
        recorded_at=NOW,
    )


def golden(pk: int) -> GoldenRecord:
    return GoldenRecord(
        id=pk,
        euid=new_euid(),
        values=ODD,
        provenance={},
        family_name="",
        created_at=NOW,
        recorded_at=NOW,
        member_count=2,
    )


def message(pk: int) -> InboundMessage:
    return InboundMessage(
        id=pk,
        channel="rest",
        payload=b"\x00\\.\n",
        payload_hash=b"\x01",
        order_key=-(2**63),
        errors=None,
        received_at=NOW,
        correlation_id=uuid4(),
        actor_id="a",
    )


def stored(model: type[models.Model], pks: list[int]) -> list[dict[str, Any]]:
    """The rows as the database holds them, without key and what is unique to each."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t) FROM {model._meta.db_table} t WHERE id = ANY(%s) ORDER BY id", [pks])
        found = [row[0] for row in cursor.fetchall()]
    own = {"id", "uuid", "mrn", "euid", "correlation_id"}
    documents = [row if isinstance(row, dict) else json.loads(row) for row in found]
    return [{name: value for name, value in row.items() if name not in own} for row in documents]


@pytest.mark.parametrize("make", [record, golden, message])
@pytest.mark.parametrize("many", [1, rows._COPY_FROM - 1, rows._COPY_FROM, 50])
def test_rows_written_past_the_orm_equal_those_of_the_plain_path(make: Any, many: int) -> None:
    model = type(make(1))
    fast, plain = reserve_ids(model, many), reserve_ids(model, many)
    insert_rows([make(pk) for pk in fast])
    for pk in plain:
        make(pk).save(force_insert=True)
    assert stored(model, fast) == stored(model, plain)
    assert len(stored(model, fast)) == many


def test_keys_come_from_the_models_own_sequence() -> None:
    taken = reserve_ids(GoldenRecord, 3)
    assert len(set(taken)) == 3
    row = GoldenRecord.objects.create(euid=new_euid(), created_at=NOW, recorded_at=NOW)
    assert row.pk == taken[-1] + 1
    assert reserve_ids(GoldenRecord, 0) == []


def test_an_update_writes_the_named_fields_only() -> None:
    insert_rows([golden(1), golden(2)])
    first, second = GoldenRecord.objects.order_by("pk")
    for row in (first, second):
        row.values, row.family_name, row.status = {"family_name": "Ö"}, "O", "confirmed"
    update_rows([first, second], ["values", "status"])
    kept = GoldenRecord.objects.order_by("pk")
    assert [(row.values, row.status, row.family_name) for row in kept] == [({"family_name": "Ö"}, "confirmed", "")] * 2
    update_rows([], ["values"])


@pytest.mark.parametrize("many", [1, 50])
def test_history_rows_equal_those_of_simple_history(many: int, steward: Actor) -> None:
    keys = reserve_ids(GoldenRecord, many)
    made = [golden(pk) for pk in keys]
    insert_rows(made)
    write_history([(row, "+") for row in made], actor=steward, recorded_at=NOW, correlation_id=steward.correlation_id)
    plain = [golden(pk) for pk in reserve_ids(GoldenRecord, many)]
    for row in plain:
        row._history_date = NOW
        row.save(force_insert=True)
    own = {"history_id", "id", "euid", "history_user_id", "history_correlation_id"}

    def told(kept: list[GoldenRecord]) -> list[dict[str, Any]]:
        found = GoldenRecord.history.filter(id__in=[row.pk for row in kept]).order_by("id").values()
        return [{name: value for name, value in row.items() if name not in own} for row in found]

    assert told(made) == told(plain)
    row = GoldenRecord.history.filter(id=keys[0]).get()
    assert (row.history_user_id, row.history_correlation_id) == (steward.id, steward.correlation_id)


def test_a_broken_constraint_is_djangos_error_so_that_a_lost_race_is_known() -> None:
    insert_rows([golden(1)])
    for many in (1, 50):
        with pytest.raises(IntegrityError), transaction.atomic():
            insert_rows([golden(pk) for pk in range(1, many + 1)])
    broken = golden(1)
    broken.status = "unheard-of"
    with pytest.raises(IntegrityError), transaction.atomic():
        update_rows([broken], ["status"])


@pytest.mark.parametrize("many", [1, 5, 11, 15, 19, 20, 40])
def test_lists_are_written_whatever_the_number_of_rows(many: int) -> None:
    """An outbox event has eleven columns, two of them lists: some number of rows went another way."""
    keys = reserve_ids(OutboxEvent, many)
    lists = {key: (list(range(key % 3)), ["E"] * (key % 2)) for key in keys}
    insert_rows(
        [
            OutboxEvent(
                id=key,
                uuid=uuid4(),
                type="link.opened",
                golden_record_id=key,
                euid="E",
                version=1,
                source_record_ids=lists[key][0],
                related_euids=lists[key][1],
                correlation_id=uuid4(),
                recorded_at=NOW,
            )
            for key in keys
        ]
    )
    stored = OutboxEvent.objects.values_list("id", "source_record_ids", "related_euids")
    assert {key: (one, other) for key, one, other in stored} == lists


def test_a_copy_that_fails_is_djangos_error_and_leaves_the_connection_usable() -> None:
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([record(pk) for pk in range(1, 30)] + [nameless(30)])
    insert_rows([record(pk) for pk in range(1, 31)])
    assert SourceRecord.objects.count() == 30


def nameless(pk: int) -> SourceRecord:
    """A record with a number that PostgreSQL cannot hold."""
    told = record(pk)
    told.mrn = "a\0b"
    return told
